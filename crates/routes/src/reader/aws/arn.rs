//! Names inside ARNs of load balancers: `arn:aws:elasticloadbalancing:REGION:ACCOUNT:` and then
//! `listener/app/BALANCER/ID/ID`, `listener-rule/app/BALANCER/ID/ID/ID` or `targetgroup/NAME/ID`.

/// The ARN of the listener that a rule belongs to.
pub(crate) fn listener_of_rule(rule: &str) -> Option<String> {
    let (before, after) = rule.split_once(":listener-rule/")?;
    let (listener, _) = after.rsplit_once('/')?;
    (listener.split('/').count() == 4).then(|| format!("{before}:listener/{listener}"))
}

/// The name of the load balancer that a listener belongs to.
pub(crate) fn balancer_of_listener(listener: &str) -> Option<&str> {
    let (_, after) = listener.split_once(":listener/")?;
    after.split('/').nth(1).filter(|name| !name.is_empty())
}

/// The name of a target group.
pub(crate) fn target_group(group: &str) -> Option<&str> {
    let (_, after) = group.split_once(":targetgroup/")?;
    after.split('/').next().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_arns_and_nowhere_else() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:000000000000";
        assert_eq!(
            listener_of_rule(&format!("{arn}:listener-rule/app/edge/1/2/3")),
            Some(format!("{arn}:listener/app/edge/1/2"))
        );
        assert_eq!(
            balancer_of_listener(&format!("{arn}:listener/app/edge/1/2")),
            Some("edge")
        );
        assert_eq!(
            target_group(&format!("{arn}:targetgroup/auth/4")),
            Some("auth")
        );
        for other in [
            "",
            "x",
            ":listener-rule/",
            ":listener-rule/app/edge/1/2",
            ":targetgroup//4",
        ] {
            assert_eq!(listener_of_rule(other), None);
            assert_eq!(target_group(other), None);
        }
    }
}
