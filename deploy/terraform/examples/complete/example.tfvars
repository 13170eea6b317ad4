# Values for `terraform plan` without an account: the checks use them. Replace them all.
vpc_id            = "vpc-0123456789abcdef0"
public_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
client_cidrs      = ["0.0.0.0/0"]
zone_id           = "Z0123456789ABCDEFGHIJ"

service_security_group_ids = {
  auth     = "sg-0123456789abcdef0"
  registry = "sg-0123456789abcdef1"
}

certificate_arns = {
  auth     = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000001"
  registry = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-4000-8000-000000000002"
}
