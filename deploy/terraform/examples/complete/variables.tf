variable "region" {
  description = "AWS region of everything here."
  type        = string
  default     = "eu-central-1"
  nullable    = false
}

variable "vpc_id" {
  description = "The network in which the services run."
  type        = string
}

variable "public_subnet_ids" {
  description = "Public subnets in at least two availability zones."
  type        = set(string)
}

variable "client_cidrs" {
  description = "Who may connect. There is no default: open it to everyone only on purpose."
  type        = set(string)
}

variable "service_security_group_ids" {
  description = "Security groups of the running services; each is opened to its own load balancer only."
  type = object({
    auth     = string
    registry = string
  })
}

variable "certificate_arns" {
  description = "Certificates of the HTTPS listeners, one per service, in the region of the load balancers."
  type = object({
    auth     = string
    registry = string
  })

  validation {
    condition     = alltrue([for arn in values(var.certificate_arns) : can(regex("^arn:[a-z-]+:acm:", arn))])
    error_message = "A certificate must be given by its ARN, `arn:aws:acm:…`."
  }
}

variable "zone_id" {
  description = "Hosted zone of the two host names."
  type        = string
}

variable "dns_records" {
  description = "`none` before and during a migration, `weighted` to adopt what `hokusai migrate` wrote, `simple` without any migration."
  type        = string
  default     = "none"
  nullable    = false
}

variable "tls_policy" {
  description = "TLS policy of the HTTPS listeners: TLS 1.3, and TLS 1.2 with forward secrecy and authenticated encryption."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
  nullable    = false

  validation {
    condition     = can(regex("^ELBSecurityPolicy-TLS13-1-[23]-(Res-)?(FIPS-|PQ-)?[0-9]{4}-[0-9]{2}$", var.tls_policy)) || can(regex("^ELBSecurityPolicy-TLS13-1-2-Res-(FIPS-|PQ-)*[0-9]{4}-[0-9]{2}$", var.tls_policy))
    error_message = "The TLS policy must be one of `ELBSecurityPolicy-TLS13-1-2-…` or `ELBSecurityPolicy-TLS13-1-3-…`; older ones allow TLS 1.0 or 1.1."
  }
}

variable "alarm_actions" {
  description = "ARNs to notify when an alarm is raised or ends, e.g. of SNS topics."
  type        = list(string)
  default     = []
  nullable    = false
}
