# Alarms on what clients feel. A metric without data is no alarm for errors, but is one for healthy targets.

locals {
  alarm_dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_target" {
  for_each = var.alarms.target_groups

  alarm_name          = "${var.name}-${each.key}-no-healthy-target"
  alarm_description   = "Target group ${each.key} has no healthy target: the balancer now sends requests to all of them, healthy or not."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = merge(local.alarm_dimensions, { TargetGroup = each.value })
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_target" {
  for_each = var.alarms.target_groups

  alarm_name          = "${var.name}-${each.key}-unhealthy-target"
  alarm_description   = "A target of group ${each.key} fails its health check."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = merge(local.alarm_dimensions, { TargetGroup = each.value })
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  for_each = var.alarms.target_groups

  alarm_name          = "${var.name}-${each.key}-slow"
  alarm_description   = "The slowest hundredth of the answers of group ${each.key} takes more than ${var.alarms.latency_p99_s} s."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = merge(local.alarm_dimensions, { TargetGroup = each.value })
  extended_statistic  = "p99"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.latency_p99_s
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "target_errors" {
  for_each = var.alarms.target_groups

  alarm_name          = "${var.name}-${each.key}-5xx"
  alarm_description   = "The service of group ${each.key} answers with 5xx."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = merge(local.alarm_dimensions, { TargetGroup = each.value })
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.balancer_5xx_per_minute
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "balancer_errors" {
  alarm_name          = "${var.name}-balancer-5xx"
  alarm_description   = "The balancer itself answers with 502, 503 or 504: targets are away, refuse connections, or don't answer in time."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = local.alarm_dimensions
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarms.balancer_5xx_per_minute
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "rejected_connections" {
  alarm_name          = "${var.name}-rejected-connections"
  alarm_description   = "The balancer turned connections away because it had reached its limit."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "RejectedConnectionCount"
  dimensions          = local.alarm_dimensions
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.actions
  ok_actions          = var.alarms.actions
  tags                = var.tags
}
