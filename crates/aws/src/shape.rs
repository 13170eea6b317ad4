//! The SDK's types as the JSON that AWS's own command line prints: the readers know that form, and no other.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, Listener, LoadBalancer, RewriteConfig, Rule, RuleCondition, RuleTransform, TargetGroup,
};
use serde_json::{Map, Value, json};

pub(crate) fn balancer(balancer: &LoadBalancer) -> Value {
    object([
        (
            "LoadBalancerArn",
            balancer.load_balancer_arn().map(Value::from),
        ),
        (
            "LoadBalancerName",
            balancer.load_balancer_name().map(Value::from),
        ),
        ("DNSName", balancer.dns_name().map(Value::from)),
        (
            "CanonicalHostedZoneId",
            balancer.canonical_hosted_zone_id().map(Value::from),
        ),
    ])
}

pub(crate) fn listener(listener: &Listener) -> Value {
    let certificates = listener.certificates.as_ref().map(|certificates| {
        let one = |certificate: &aws_sdk_elasticloadbalancingv2::types::Certificate| {
            object([
                (
                    "CertificateArn",
                    certificate.certificate_arn().map(Value::from),
                ),
                ("IsDefault", certificate.is_default().map(Value::from)),
            ])
        };
        certificates.iter().map(one).collect()
    });
    object([
        ("ListenerArn", listener.listener_arn().map(Value::from)),
        (
            "LoadBalancerArn",
            listener.load_balancer_arn().map(Value::from),
        ),
        ("Port", listener.port().map(Value::from)),
        (
            "Protocol",
            listener.protocol().map(|protocol| protocol.as_str().into()),
        ),
        ("Certificates", certificates),
        (
            "DefaultActions",
            Some(listener.default_actions().iter().map(action).collect()),
        ),
    ])
}

pub(crate) fn rule(rule: &Rule) -> Value {
    let transforms = rule.transforms.as_ref();
    object([
        ("RuleArn", rule.rule_arn().map(Value::from)),
        ("Priority", rule.priority().map(Value::from)),
        (
            "Conditions",
            Some(rule.conditions().iter().map(condition).collect()),
        ),
        ("Actions", Some(rule.actions().iter().map(action).collect())),
        ("IsDefault", rule.is_default().map(Value::from)),
        (
            "Transforms",
            transforms.map(|transforms| transforms.iter().map(transform).collect()),
        ),
    ])
}

pub(crate) fn group(group: &TargetGroup) -> Value {
    let matcher = group.matcher().and_then(|matcher| matcher.http_code());
    object([
        ("TargetGroupArn", group.target_group_arn().map(Value::from)),
        (
            "TargetGroupName",
            group.target_group_name().map(Value::from),
        ),
        (
            "Protocol",
            group.protocol().map(|protocol| protocol.as_str().into()),
        ),
        ("Port", group.port().map(Value::from)),
        (
            "HealthCheckProtocol",
            group
                .health_check_protocol()
                .map(|protocol| protocol.as_str().into()),
        ),
        (
            "HealthCheckPort",
            group.health_check_port().map(Value::from),
        ),
        (
            "HealthCheckEnabled",
            group.health_check_enabled().map(Value::from),
        ),
        (
            "HealthCheckIntervalSeconds",
            group.health_check_interval_seconds().map(Value::from),
        ),
        (
            "HealthCheckTimeoutSeconds",
            group.health_check_timeout_seconds().map(Value::from),
        ),
        (
            "HealthyThresholdCount",
            group.healthy_threshold_count().map(Value::from),
        ),
        (
            "UnhealthyThresholdCount",
            group.unhealthy_threshold_count().map(Value::from),
        ),
        (
            "HealthCheckPath",
            group.health_check_path().map(Value::from),
        ),
        ("Matcher", matcher.map(|codes| json!({"HttpCode": codes}))),
        ("LoadBalancerArns", Some(group.load_balancer_arns().into())),
        (
            "TargetType",
            group.target_type().map(|kind| kind.as_str().into()),
        ),
        ("ProtocolVersion", group.protocol_version().map(Value::from)),
    ])
}

fn condition(condition: &RuleCondition) -> Value {
    let values = |values: &Option<Vec<String>>, regexes: &Option<Vec<String>>| {
        object([
            ("Values", values.clone().map(Value::from)),
            ("RegexValues", regexes.clone().map(Value::from)),
        ])
    };
    let query = condition.query_string_config().map(|config| {
        let pair = |pair: &aws_sdk_elasticloadbalancingv2::types::QueryStringKeyValuePair| {
            object([
                ("Key", pair.key().map(Value::from)),
                ("Value", pair.value().map(Value::from)),
            ])
        };
        json!({"Values": config.values().iter().map(pair).collect::<Vec<_>>()})
    });
    let header = condition.http_header_config().map(|config| {
        object([
            ("HttpHeaderName", config.http_header_name().map(Value::from)),
            ("Values", config.values.clone().map(Value::from)),
            ("RegexValues", config.regex_values.clone().map(Value::from)),
        ])
    });
    object([
        ("Field", condition.field().map(Value::from)),
        ("Values", condition.values.clone().map(Value::from)),
        (
            "RegexValues",
            condition.regex_values.clone().map(Value::from),
        ),
        (
            "HostHeaderConfig",
            condition
                .host_header_config()
                .map(|config| values(&config.values, &config.regex_values)),
        ),
        (
            "PathPatternConfig",
            condition
                .path_pattern_config()
                .map(|config| values(&config.values, &config.regex_values)),
        ),
        ("HttpHeaderConfig", header),
        ("QueryStringConfig", query),
        (
            "HttpRequestMethodConfig",
            condition
                .http_request_method_config()
                .map(|config| values(&config.values, &None)),
        ),
        (
            "SourceIpConfig",
            condition
                .source_ip_config()
                .map(|config| values(&config.values, &None)),
        ),
    ])
}

fn action(action: &Action) -> Value {
    let is_present = |is: bool| is.then(|| json!({}));
    object([
        ("Type", action.r#type().map(|kind| kind.as_str().into())),
        ("Order", action.order().map(Value::from)),
        ("TargetGroupArn", action.target_group_arn().map(Value::from)),
        ("ForwardConfig", action.forward_config().map(forward)),
        ("RedirectConfig", action.redirect_config().map(redirect)),
        (
            "FixedResponseConfig",
            action.fixed_response_config().map(fixed_response),
        ),
        // Only that they are there: what they hold may be secret, and no rule depends on it.
        (
            "AuthenticateOidcConfig",
            is_present(action.authenticate_oidc_config().is_some()),
        ),
        (
            "AuthenticateCognitoConfig",
            is_present(action.authenticate_cognito_config().is_some()),
        ),
        (
            "JwtValidationConfig",
            is_present(action.jwt_validation_config().is_some()),
        ),
    ])
}

fn forward(config: &aws_sdk_elasticloadbalancingv2::types::ForwardActionConfig) -> Value {
    let tuple = |tuple: &aws_sdk_elasticloadbalancingv2::types::TargetGroupTuple| {
        object([
            ("TargetGroupArn", tuple.target_group_arn().map(Value::from)),
            ("Weight", tuple.weight().map(Value::from)),
        ])
    };
    let stickiness = config.target_group_stickiness_config().map(|config| {
        object([
            ("Enabled", config.enabled().map(Value::from)),
            (
                "DurationSeconds",
                config.duration_seconds().map(Value::from),
            ),
        ])
    });
    object([
        (
            "TargetGroups",
            Some(config.target_groups().iter().map(tuple).collect()),
        ),
        ("TargetGroupStickinessConfig", stickiness),
    ])
}

fn redirect(config: &aws_sdk_elasticloadbalancingv2::types::RedirectActionConfig) -> Value {
    object([
        ("Protocol", config.protocol().map(Value::from)),
        ("Port", config.port().map(Value::from)),
        ("Host", config.host().map(Value::from)),
        ("Path", config.path().map(Value::from)),
        ("Query", config.query().map(Value::from)),
        (
            "StatusCode",
            config.status_code().map(|code| code.as_str().into()),
        ),
    ])
}

fn fixed_response(
    config: &aws_sdk_elasticloadbalancingv2::types::FixedResponseActionConfig,
) -> Value {
    object([
        ("StatusCode", config.status_code().map(Value::from)),
        ("ContentType", config.content_type().map(Value::from)),
        ("MessageBody", config.message_body().map(Value::from)),
    ])
}

fn transform(transform: &RuleTransform) -> Value {
    let rewrites = |rewrites: &[RewriteConfig]| {
        let one = |rewrite: &RewriteConfig| json!({"Regex": rewrite.regex(), "Replace": rewrite.replace()});
        json!({"Rewrites": rewrites.iter().map(one).collect::<Vec<_>>()})
    };
    object([
        ("Type", transform.r#type().map(|kind| kind.as_str().into())),
        (
            "HostHeaderRewriteConfig",
            transform
                .host_header_rewrite_config()
                .map(|config| rewrites(config.rewrites())),
        ),
        (
            "UrlRewriteConfig",
            transform
                .url_rewrite_config()
                .map(|config| rewrites(config.rewrites())),
        ),
    ])
}

/// An object of the fields that are there.
pub(crate) fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let present = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}
