# Two services on one listener. Rules name only the registry's host; the generic rule for `/api*` takes the auth
# service's requests to the registry's API, which does not know them:
#
#     hokusai routes check examples/routes/hcl/shared --intent examples/routes/intent.toml

variable "vpc_id" {
  type    = string
  default = "vpc-0123456789abcdef0"
}

locals {
  domain = "example.com"
  services = {
    auth         = { port = 8000 }
    registry     = { port = 5000 }
    registry-api = { port = 5001 }
  }
}

resource "aws_lb_target_group" "service" {
  for_each = local.services

  name        = each.key
  port        = each.value.port
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = var.vpc_id

  health_check {
    path    = "/health"
    timeout = 5
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/shared/0a1b2c3d4e5f6071"
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:acm:eu-west-1:000000000000:certificate/00000000-0000-0000-0000-000000000001"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "no such host or path"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "registry" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    host_header {
      values = ["registry.${local.domain}"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service["registry"].arn
  }
}

resource "aws_lb_listener_rule" "generic_api" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 100

  condition {
    path_pattern {
      values = ["/api*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service["registry-api"].arn
  }
}
