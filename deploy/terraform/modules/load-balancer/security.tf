# Clients reach ports 80 and 443 of the balancer; the balancer reaches the services' ports; nobody else does.

locals {
  listener_ports = {
    http  = 80
    https = 443
  }

  client_rules = {
    for pair in setproduct(keys(local.listener_ports), var.client_cidrs) :
    "${pair[0]} ${pair[1]}" => { port = local.listener_ports[pair[0]], range = pair[1] }
  }
}

resource "aws_security_group" "balancer" {
  name_prefix = "${var.name}-balancer-"
  description = "Load balancer ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-balancer" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = local.client_rules

  security_group_id = aws_security_group.balancer.id
  description       = "Clients to port ${each.value.port}"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = strcontains(each.value.range, ":") ? null : each.value.range
  cidr_ipv6         = strcontains(each.value.range, ":") ? each.value.range : null
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "services" {
  for_each = var.services

  security_group_id            = aws_security_group.balancer.id
  description                  = "Balancer to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.security_group_id
  tags                         = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "services" {
  for_each = var.services

  security_group_id            = each.value.security_group_id
  description                  = "Only the load balancer ${var.name} to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.balancer.id
  tags                         = var.tags
}
