# DNS records of the hosts: none while `hokusai migrate` owns them.

locals {
  record_types = var.ip_address_type == "dualstack" ? ["A", "AAAA"] : ["A"]

  records = {
    for pair in setproduct(var.hosts, local.record_types) :
    "${pair[0]} ${pair[1]}" => { host = pair[0], type = pair[1] }
  }
}

resource "aws_route53_record" "simple" {
  for_each = var.dns.records == "simple" ? local.records : {}

  zone_id = var.dns.zone_id
  name    = each.value.host
  type    = each.value.type

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "weighted" {
  for_each = var.dns.records == "weighted" ? local.records : {}

  zone_id        = var.dns.zone_id
  name           = each.value.host
  type           = each.value.type
  set_identifier = var.dns.set_identifier

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = false
  }

  weighted_routing_policy {
    weight = var.dns.initial_weight
  }

  lifecycle {
    # During a migration the migrator alone owns the weights: a plan between two of its steps shows no DNS change.
    ignore_changes = [weighted_routing_policy]
  }
}
