//! Targets of a group.

use anyhow::Context as _;
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthStateEnum};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::shape::object;

/// The targets with their health, in a canonical order.
pub(crate) async fn list(connection: &Connection, group: &str) -> anyhow::Result<Value> {
    let answer = connection
        .balancers
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await
        .with_context(|| format!("the targets of `{group}` cannot be read"))?;
    let mut found: Vec<(String, Option<i32>, Value)> = Vec::new();
    for description in answer.target_health_descriptions() {
        let Some(target) = description.target() else {
            continue;
        };
        let health = description.target_health();
        let state = health
            .and_then(|health| health.state())
            .map(TargetHealthStateEnum::as_str);
        let shape = json!({
            "Target": object([
                ("Id", target.id().map(Value::from)),
                ("Port", target.port().map(Value::from)),
                ("AvailabilityZone", target.availability_zone().map(Value::from)),
            ]),
            "TargetHealth": {"State": state},
        });
        found.push((
            target.id().unwrap_or_default().to_owned(),
            target.port(),
            shape,
        ));
    }
    found.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let shapes: Vec<Value> = found.into_iter().map(|(_, _, shape)| shape).collect();
    Ok(json!({"TargetHealthDescriptions": shapes}))
}

/// Registers; a target that is there already stays.
pub(crate) async fn register(
    connection: &Connection,
    group: &str,
    input: &Value,
) -> anyhow::Result<Value> {
    connection
        .balancers
        .register_targets()
        .target_group_arn(group)
        .set_targets(Some(targets(input)?))
        .send()
        .await
        .with_context(|| format!("the targets were not registered in `{group}`"))?;
    Ok(json!({}))
}

/// Deregisters; one that is not there is no error.
pub(crate) async fn deregister(
    connection: &Connection,
    group: &str,
    input: &Value,
) -> anyhow::Result<Value> {
    connection
        .balancers
        .deregister_targets()
        .target_group_arn(group)
        .set_targets(Some(targets(input)?))
        .send()
        .await
        .with_context(|| format!("the targets were not deregistered from `{group}`"))?;
    Ok(json!({}))
}

fn targets(input: &Value) -> anyhow::Result<Vec<TargetDescription>> {
    let list = input["Targets"]
        .as_array()
        .context("the input has no `Targets`")?;
    let one = |target: &Value| -> anyhow::Result<TargetDescription> {
        let port = target["Port"]
            .as_i64()
            .map(i32::try_from)
            .transpose()
            .context("a port is out of range")?;
        Ok(TargetDescription::builder()
            .id(target["Id"].as_str().context("a target has no `Id`")?)
            .set_port(port)
            .set_availability_zone(target["AvailabilityZone"].as_str().map(str::to_owned))
            .build())
    };
    list.iter().map(one).collect()
}
