# The load balancer of one service. Its listeners, rules and target groups are generated from the rule table and stand
# in the calling module, so that a plan shows them one by one and `hokusai routes check` can prove them.

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  internal           = var.internal
  ip_address_type    = var.ip_address_type
  subnets            = var.subnet_ids
  security_groups    = [aws_security_group.balancer.id]

  enable_deletion_protection = var.deletion_protection
  enable_http2               = true
  idle_timeout               = var.idle_timeout_s
  client_keep_alive          = var.client_keep_alive_s

  # What two parsers could read in two ways is refused, never repaired and passed on.
  desync_mitigation_mode     = "strictest"
  drop_invalid_header_fields = true
  # The service's host check and the rules see the Host that the client sent.
  preserve_host_header = true
  # The services read X-Forwarded-For from the right and believe only the hop that the balancer itself appended.
  xff_header_processing_mode = "append"
  enable_xff_client_port     = false

  access_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = local.access_log_prefix
    enabled = true
  }

  connection_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = local.connection_log_prefix
    enabled = true
  }

  tags = var.tags

  # The balancer tries to write to the bucket when logging is switched on.
  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.web_acl_arn == null ? 0 : 1

  resource_arn = aws_lb.this.arn
  web_acl_arn  = var.web_acl_arn
}
