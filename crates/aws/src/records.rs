//! Address records of Route 53.

use anyhow::{Context as _, bail};
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::shape::object;

/// The A and AAAA records of names, in a canonical order.
pub(crate) async fn list(
    connection: &Connection,
    zone: &str,
    names: &[String],
) -> anyhow::Result<Value> {
    let mut found = Vec::new();
    for name in names {
        found.extend(records_of(connection, zone, &absolute(name)).await?);
    }
    found.sort_by_key(|record| {
        let set = record.set_identifier.clone().unwrap_or_default();
        (record.name.clone(), record.r#type.as_str().to_owned(), set)
    });
    found.dedup();
    let shapes: Vec<Value> = found.iter().map(shape).collect::<Result<_, _>>()?;
    Ok(json!({"ResourceRecordSets": shapes}))
}

async fn records_of(
    connection: &Connection,
    zone: &str,
    name: &str,
) -> anyhow::Result<Vec<ResourceRecordSet>> {
    let mut found = Vec::new();
    let mut from = (Some(name.to_owned()), None, None);
    loop {
        let (start, kind, set) = from;
        let page = connection
            .names
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .set_start_record_name(start)
            .set_start_record_type(kind)
            .set_start_record_identifier(set)
            .send()
            .await
            .with_context(|| format!("the records of `{name}` in zone `{zone}` cannot be read"))?;
        let is_past = page
            .resource_record_sets
            .iter()
            .any(|record| record.name != name);
        let mine = page.resource_record_sets.into_iter().filter(|record| {
            record.name == name && matches!(record.r#type, RrType::A | RrType::Aaaa)
        });
        found.extend(mine);
        if is_past || !page.is_truncated {
            return Ok(found);
        }
        from = (
            page.next_record_name,
            page.next_record_type,
            page.next_record_identifier,
        );
    }
}

/// Applies one change batch: all of it or nothing.
pub(crate) async fn change(
    connection: &Connection,
    zone: &str,
    batch: &Value,
) -> anyhow::Result<Value> {
    let changes = batch["Changes"]
        .as_array()
        .context("the batch has no `Changes`")?;
    let changes: Vec<Change> = changes.iter().map(one_change).collect::<Result<_, _>>()?;
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build()?;
    let answer = connection
        .names
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await
        .with_context(|| format!("the records in zone `{zone}` were not changed"))?;
    let info = answer.change_info.context("the answer names no change")?;
    Ok(json!({"Id": info.id, "Status": info.status.as_str()}))
}

/// `PENDING` or `INSYNC`.
pub(crate) async fn status(connection: &Connection, id: &str) -> anyhow::Result<Value> {
    let answer = connection
        .names
        .get_change()
        .id(id)
        .send()
        .await
        .with_context(|| format!("the change `{id}` cannot be read"))?;
    let info = answer.change_info.context("the answer names no change")?;
    Ok(json!({"Id": info.id, "Status": info.status.as_str()}))
}

fn one_change(change: &Value) -> anyhow::Result<Change> {
    let action = match change["Action"].as_str() {
        Some("CREATE") => ChangeAction::Create,
        Some("DELETE") => ChangeAction::Delete,
        Some("UPSERT") => ChangeAction::Upsert,
        other => bail!(
            "`{}` is no action: CREATE, DELETE or UPSERT",
            other.unwrap_or_default()
        ),
    };
    Ok(Change::builder()
        .action(action)
        .resource_record_set(record(&change["ResourceRecordSet"])?)
        .build()?)
}

/// A record as JSON. One of a kind that a migration does not handle is an error: it could not be restored exactly.
fn shape(record: &ResourceRecordSet) -> anyhow::Result<Value> {
    let is_plain = record.region.is_none()
        && record.geo_location.is_none()
        && record.failover.is_none()
        && record.multi_value_answer.is_none()
        && record.traffic_policy_instance_id.is_none()
        && record.cidr_routing_config.is_none()
        && record.geo_proximity_location.is_none();
    if !is_plain {
        bail!(
            "the record `{}` is routed by more than a weight, which this program cannot restore",
            record.name
        );
    }
    let alias = record.alias_target().map(|alias| {
        json!({
            "HostedZoneId": alias.hosted_zone_id,
            "DNSName": alias.dns_name,
            "EvaluateTargetHealth": alias.evaluate_target_health,
        })
    });
    let values = record.resource_records.as_ref().map(|records| {
        records
            .iter()
            .map(|record| json!({"Value": record.value}))
            .collect()
    });
    Ok(object([
        ("Name", Some(record.name.clone().into())),
        ("Type", Some(record.r#type.as_str().into())),
        ("SetIdentifier", record.set_identifier().map(Value::from)),
        ("Weight", record.weight.map(Value::from)),
        ("TTL", record.ttl.map(Value::from)),
        ("ResourceRecords", values),
        ("AliasTarget", alias),
        ("HealthCheckId", record.health_check_id().map(Value::from)),
    ]))
}

fn record(shape: &Value) -> anyhow::Result<ResourceRecordSet> {
    let text = |field: &str| shape[field].as_str().map(str::to_owned);
    let mut record = ResourceRecordSet::builder()
        .name(text("Name").context("a record has no `Name`")?)
        .r#type(RrType::from(
            text("Type").context("a record has no `Type`")?.as_str(),
        ))
        .set_set_identifier(text("SetIdentifier"))
        .set_weight(shape["Weight"].as_i64())
        .set_ttl(shape["TTL"].as_i64())
        .set_health_check_id(text("HealthCheckId"));
    for value in shape["ResourceRecords"].as_array().into_iter().flatten() {
        let value = value["Value"]
            .as_str()
            .context("a record has a value that is no text")?;
        record = record.resource_records(ResourceRecord::builder().value(value).build()?);
    }
    if let Some(alias) = shape["AliasTarget"].as_object() {
        let text = |field: &str| alias.get(field).and_then(Value::as_str);
        let target = AliasTarget::builder()
            .hosted_zone_id(text("HostedZoneId").context("an alias has no `HostedZoneId`")?)
            .dns_name(text("DNSName").context("an alias has no `DNSName`")?)
            .evaluate_target_health(
                alias
                    .get("EvaluateTargetHealth")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
            );
        record = record.alias_target(target.build()?);
    }
    Ok(record.build()?)
}

/// Route 53 names end in a dot.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}
