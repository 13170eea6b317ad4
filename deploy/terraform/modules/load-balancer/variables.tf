variable "name" {
  description = "Name of the load balancer and prefix of everything that belongs to it, e.g. `hokusai-auth`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,26}[a-z0-9]$", var.name)) && !startswith(var.name, "internal-")
    error_message = "The name must be 2 to 28 lower-case letters, digits and hyphens, begin with a letter, end with none of the hyphens, and not begin with `internal-`."
  }
}

variable "vpc_id" {
  description = "The network in which the services run."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The network must be given by its id, `vpc-…`."
  }
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in at least two availability zones; public ones unless it is internal."
  type        = set(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "A load balancer needs at least two subnets, in different availability zones."
  }
}

variable "internal" {
  description = "Whether only the network itself reaches the load balancer."
  type        = bool
  default     = false
  nullable    = false
}

variable "client_cidrs" {
  description = "Who may connect, as IPv4 or IPv6 ranges. There is no default: open it to everyone only on purpose."
  type        = set(string)

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for range in var.client_cidrs : can(cidrhost(range, 0))])
    error_message = "Each client range must be written as `203.0.113.0/24` or `2001:db8::/32`, and there must be at least one."
  }
}

variable "services" {
  description = <<-EOT
    The services behind the load balancer: for each the security group of its targets and the port on which they
    listen. The port is opened to this load balancer's security group and to nobody else.
  EOT
  type = map(object({
    security_group_id = string
    port              = number
  }))

  validation {
    condition     = length(var.services) > 0
    error_message = "A load balancer without a service has nothing to do."
  }

  validation {
    condition     = alltrue([for service in var.services : service.port >= 1 && service.port <= 65535 && floor(service.port) == service.port])
    error_message = "A port is a whole number from 1 to 65535."
  }

  validation {
    condition     = alltrue([for service in var.services : startswith(service.security_group_id, "sg-")])
    error_message = "A security group must be given by its id, `sg-…`."
  }
}

variable "hosts" {
  description = "The host names that clients use. They must be those of the rule table; an example root module takes both from one place."
  type        = set(string)

  validation {
    condition     = length(var.hosts) > 0 && alltrue([for host in var.hosts : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", host))])
    error_message = "A host must be a full domain name in lower case, such as `auth.example.com`, without a trailing dot."
  }
}

variable "dns" {
  description = <<-EOT
    The DNS records of the hosts.

    - `zone_id`: the hosted zone.
    - `records`: `none` before and during a migration (`hokusai migrate` writes the records); `weighted` to adopt the
      weighted records that it wrote, whose weights then stay its own; `simple` for plain alias records, when no
      migration is under way or planned.
    - `set_identifier`: the name of this load balancer's record among the weighted ones.
    - `initial_weight`: weight of a weighted record that Terraform creates; never changed afterwards.
  EOT
  type = object({
    zone_id        = string
    records        = optional(string, "none")
    set_identifier = optional(string, "dedicated")
    initial_weight = optional(number, 0)
  })

  validation {
    condition     = contains(["none", "weighted", "simple"], var.dns.records)
    error_message = "The records must be `none`, `weighted` or `simple`."
  }

  validation {
    condition     = var.dns.initial_weight >= 0 && var.dns.initial_weight <= 255 && floor(var.dns.initial_weight) == var.dns.initial_weight
    error_message = "A weight is a whole number from 0 to 255."
  }
}

variable "ip_address_type" {
  description = "`ipv4`, or `dualstack` for IPv6 as well (which adds AAAA records)."
  type        = string
  default     = "ipv4"
  nullable    = false

  validation {
    condition     = contains(["ipv4", "dualstack"], var.ip_address_type)
    error_message = "The address type must be `ipv4` or `dualstack`."
  }
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  default     = true
  nullable    = false
}

variable "idle_timeout_s" {
  description = "Seconds after which a connection without traffic is closed. An upload that stalls for longer is cut off."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.idle_timeout_s >= 1 && var.idle_timeout_s <= 4000
    error_message = "The idle timeout must be 1 to 4000 seconds."
  }
}

variable "client_keep_alive_s" {
  description = "Seconds for which a client may keep one connection. A migration holds for longer than this, since a kept connection stays with its old load balancer."
  type        = number
  default     = 3600
  nullable    = false

  validation {
    condition     = var.client_keep_alive_s >= 60 && var.client_keep_alive_s <= 604800
    error_message = "The client keep-alive must be 60 to 604800 seconds."
  }
}

variable "log_retention_days" {
  description = "Days for which access and connection logs are kept."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 1 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "Logs are kept for at least one day, in whole days."
  }
}

variable "web_acl_arn" {
  description = "A web application firewall's access list to put in front, if there is one."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null || can(regex("^arn:[a-z-]+:wafv2:", var.web_acl_arn))
    error_message = "The access list must be given by its ARN, `arn:aws:wafv2:…`."
  }
}

variable "alarms" {
  description = <<-EOT
    When to raise an alarm, and whom to tell.

    - `actions`: ARNs to notify, e.g. of SNS topics. Without any, the alarms only show in the console.
    - `target_groups`: the target groups to watch, by name, with their `arn_suffix`.
    - `latency_p99_s`: seconds that the slowest hundredth of the answers may take. Uploads count too.
    - `balancer_5xx_per_minute`: answers of the balancer's own (502, 503, 504) that are tolerated.
  EOT
  type = object({
    actions                 = optional(list(string), [])
    target_groups           = optional(map(string), {})
    latency_p99_s           = optional(number, 5)
    balancer_5xx_per_minute = optional(number, 5)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for action in var.alarms.actions : startswith(action, "arn:")])
    error_message = "An alarm action must be an ARN."
  }
}

variable "tags" {
  description = "Tags of everything that is created."
  type        = map(string)
  default     = {}
  nullable    = false
}
