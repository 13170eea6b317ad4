# A listener per service: no rule of one can take a request of the other.
#
#     hokusai routes check examples/routes/hcl/dedicated --intent examples/routes/intent.toml

variable "vpc_id" {
  type    = string
  default = "vpc-0123456789abcdef0"
}

locals {
  services = {
    auth     = { port = 8000, balancer = "1a1b2c3d4e5f6071" }
    registry = { port = 5000, balancer = "2a1b2c3d4e5f6071" }
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
  for_each = local.services

  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/${each.key}/${each.value.balancer}"
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

resource "aws_lb_listener_rule" "service" {
  for_each = local.services

  listener_arn = aws_lb_listener.https[each.key].arn
  priority     = 10

  condition {
    host_header {
      values = ["${each.key}.example.com"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service[each.key].arn
  }
}
