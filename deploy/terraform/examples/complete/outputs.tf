output "load_balancers" {
  description = "Per service: the name under which it is reached before DNS points at it, and the zone of that name."
  value = {
    auth     = { dns_name = module.auth.dns_name, zone_id = module.auth.zone_id }
    registry = { dns_name = module.registry.dns_name, zone_id = module.registry.zone_id }
  }
}

output "target_group_arns" {
  description = "Target groups, by name, in which the services register their tasks or instances."
  value       = module.front_door.target_group_arns
}

output "log_buckets" {
  description = "Buckets of the load balancers' logs."
  value = {
    auth     = module.auth.log_bucket
    registry = module.registry.log_bucket
  }
}
