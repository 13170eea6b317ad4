output "arn" {
  description = "ARN of the load balancer; the generated listeners attach to it."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "What CloudWatch calls the load balancer."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Name under which the load balancer is reached before DNS points at it: `hokusai verify --resolve HOST=ADDRESS`."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of `dns_name`, for alias records that others write."
  value       = aws_lb.this.zone_id
}

output "security_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.balancer.id
}

output "log_bucket" {
  description = "Bucket of the access and connection logs."
  value       = aws_s3_bucket.logs.id
}

output "records" {
  description = "The DNS records that Terraform manages, by host and type."
  value       = { for key, record in merge(aws_route53_record.simple, aws_route53_record.weighted) : key => record.name }
}
