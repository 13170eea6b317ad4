//! Load balancers as `aws elbv2 describe-*` prints them, all pages.

use anyhow::{Context as _, bail};
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TargetGroup};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::shape;

/// The load balancers of these names or ARNs, with all that hangs on them.
pub(crate) async fn describe(connection: &Connection, wanted: &[String]) -> anyhow::Result<Value> {
    let mut balancers = Vec::new();
    for name in wanted {
        balancers.push(balancer(connection, name).await?);
    }
    let mut listeners = Vec::new();
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    for balancer in &balancers {
        let arn = balancer.load_balancer_arn().unwrap_or_default();
        let found = listeners_of(connection, arn).await?;
        for listener in &found {
            rules.extend(rules_of(connection, listener.listener_arn().unwrap_or_default()).await?);
        }
        listeners.extend(found);
        groups.extend(groups_of(connection, arn).await?);
    }
    Ok(json!({
        "LoadBalancers": balancers.iter().map(shape::balancer).collect::<Vec<_>>(),
        "Listeners": listeners.iter().map(shape::listener).collect::<Vec<_>>(),
        "Rules": rules.iter().map(shape::rule).collect::<Vec<_>>(),
        "TargetGroups": groups.iter().map(shape::group).collect::<Vec<_>>(),
    }))
}

async fn balancer(connection: &Connection, wanted: &str) -> anyhow::Result<LoadBalancer> {
    let request = connection.balancers.describe_load_balancers();
    let request = if wanted.starts_with("arn:") {
        request.load_balancer_arns(wanted)
    } else {
        request.names(wanted)
    };
    let answer = request
        .send()
        .await
        .with_context(|| format!("the load balancer `{wanted}` cannot be read"))?;
    let mut found = answer.load_balancers.unwrap_or_default();
    match found.pop() {
        Some(balancer) if found.is_empty() => Ok(balancer),
        Some(_) => bail!("several load balancers are called `{wanted}`: give the ARN"),
        None => bail!("there is no load balancer `{wanted}`"),
    }
}

async fn listeners_of(connection: &Connection, balancer: &str) -> anyhow::Result<Vec<Listener>> {
    let pages = connection
        .balancers
        .describe_listeners()
        .load_balancer_arn(balancer)
        .into_paginator()
        .items()
        .send();
    pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .with_context(|| format!("the listeners of `{balancer}` cannot be read"))
}

async fn rules_of(connection: &Connection, listener: &str) -> anyhow::Result<Vec<Rule>> {
    let pages = connection
        .balancers
        .describe_rules()
        .listener_arn(listener)
        .into_paginator()
        .items()
        .send();
    pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .with_context(|| format!("the rules of `{listener}` cannot be read"))
}

async fn groups_of(connection: &Connection, balancer: &str) -> anyhow::Result<Vec<TargetGroup>> {
    let pages = connection
        .balancers
        .describe_target_groups()
        .load_balancer_arn(balancer)
        .into_paginator()
        .items()
        .send();
    pages
        .collect::<Result<Vec<_>, _>>()
        .await
        .with_context(|| format!("the target groups of `{balancer}` cannot be read"))
}
