# A dedicated load balancer for each of the two services. What they do with a request (listeners, rules, target groups)
# is in front-door/, which is generated from front-door.toml: edit the table, not the module.

locals {
  hosts = {
    auth     = "auth.example.com"
    registry = "registry.example.com"
  }
}

module "auth" {
  source = "../../modules/load-balancer"

  name         = "hokusai-auth"
  vpc_id       = var.vpc_id
  subnet_ids   = var.public_subnet_ids
  client_cidrs = var.client_cidrs
  hosts        = [local.hosts.auth]
  dns          = { zone_id = var.zone_id, records = var.dns_records }

  services = {
    auth = { security_group_id = var.service_security_group_ids.auth, port = 8000 }
  }

  alarms = {
    actions       = var.alarm_actions
    target_groups = { auth = module.front_door.target_group_arn_suffixes["auth"] }
    latency_p99_s = 1
  }
}

module "registry" {
  source = "../../modules/load-balancer"

  name         = "hokusai-registry"
  vpc_id       = var.vpc_id
  subnet_ids   = var.public_subnet_ids
  client_cidrs = var.client_cidrs
  hosts        = [local.hosts.registry]
  dns          = { zone_id = var.zone_id, records = var.dns_records }
  # A client that uploads a large file may pause to read its disk.
  idle_timeout_s = 300

  services = {
    registry = { security_group_id = var.service_security_group_ids.registry, port = 5000 }
  }

  alarms = {
    actions = var.alarm_actions
    target_groups = {
      registry-mlflow = module.front_door.target_group_arn_suffixes["registry-mlflow"]
      registry-api    = module.front_door.target_group_arn_suffixes["registry-api"]
    }
    # Uploads and downloads of models are answers too.
    latency_p99_s = 60
  }
}

module "front_door" {
  source = "./front-door"

  vpc_id     = var.vpc_id
  tls_policy = var.tls_policy

  listener_auth_http_load_balancer_arn  = module.auth.arn
  listener_auth_https_load_balancer_arn = module.auth.arn
  listener_auth_https_certificate_arn   = var.certificate_arns.auth

  listener_registry_http_load_balancer_arn  = module.registry.arn
  listener_registry_https_load_balancer_arn = module.registry.arn
  listener_registry_https_certificate_arn   = var.certificate_arns.registry
}
