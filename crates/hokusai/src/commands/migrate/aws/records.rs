//! Records as data: which ones say "so many per cent", and the batch that leads from one set to another. Pure.

use std::collections::BTreeMap;

use hokusai_migrate::cloud::{CloudError, Traffic};
use serde_json::{Value, json};

use super::at;

/// Traffic as these records say it.
pub(super) fn traffic(records: Vec<Value>) -> Traffic {
    Traffic {
        percent_next: percent(&records),
        exact: sorted(records),
    }
}

/// The same traffic with two weighted records in place of each simple one.
pub(super) fn weighted(
    before: &Traffic,
    dedicated: &BTreeMap<String, String>,
    new: &Value,
    percent: u8,
) -> Result<Traffic, CloudError> {
    let mut records = Vec::new();
    for record in list(before) {
        must_be_simple(record)?;
        let own = |set: &str, weight: u8, alias: &Value| json!({"Name": at(record, "/Name"), "Type": at(record, "/Type"), "SetIdentifier": set, "Weight": weight, "AliasTarget": alias});
        let mut shared = record.clone();
        if let Some(fields) = shared.as_object_mut() {
            fields.insert("SetIdentifier".to_owned(), json!(SHARED));
            fields.insert("Weight".to_owned(), json!(100 - percent));
        }
        records.push(shared);
        records.push(own(DEDICATED, percent, &alias(record, dedicated, new)?));
    }
    Ok(traffic(records))
}

/// Simple records that point at the dedicated load balancers.
pub(super) fn simple(
    before: &Traffic,
    dedicated: &BTreeMap<String, String>,
    new: &Value,
) -> Result<Traffic, CloudError> {
    let mut records = Vec::new();
    for record in list(before) {
        records.push(json!({"Name": at(record, "/Name"), "Type": at(record, "/Type"), "AliasTarget": alias(record, dedicated, new)?}));
    }
    Ok(traffic(records))
}

/// The one batch that leads from `from` to `to`. A record of the same name, type and set is overwritten; a simple record and
/// weighted ones of the same name exclude each other, so those go and come in the same batch, deletions first.
pub(super) fn batch(from: &Traffic, to: &Traffic) -> Value {
    let change =
        |action: &str, record: &Value| json!({"Action": action, "ResourceRecordSet": record});
    let id = |record: &Value| {
        (
            at(record, "/Name").clone(),
            at(record, "/Type").clone(),
            at(record, "/SetIdentifier").clone(),
        )
    };
    let (from, to) = (list(from), list(to));
    let gone = from
        .iter()
        .filter(|old| to.iter().all(|new| id(new) != id(old)));
    let deletions = gone.map(|old| change("DELETE", old));
    let others = to
        .iter()
        .filter_map(|new| match from.iter().find(|old| id(old) == id(new)) {
            Some(old) if old == new => None,
            Some(_) => Some(change("UPSERT", new)),
            // A simple record comes back: UPSERT does what CREATE does, and again when the answer to the first was lost.
            None if at(new, "/SetIdentifier").is_null() => Some(change("UPSERT", new)),
            None => Some(change("CREATE", new)),
        });
    json!({"Changes": deletions.chain(others).collect::<Vec<_>>()})
}

/// A load balancer by name.
pub(super) fn balancer<'v>(described: &'v Value, name: &str) -> Result<&'v Value, CloudError> {
    let mut balancers = at(described, "/LoadBalancers")
        .as_array()
        .into_iter()
        .flatten();
    balancers
        .find(|found| {
            at(found, "/LoadBalancerName") == name || at(found, "/LoadBalancerArn") == name
        })
        .ok_or_else(|| CloudError::Failed(format!("there is no load balancer `{name}`")))
}

fn alias(
    record: &Value,
    dedicated: &BTreeMap<String, String>,
    new: &Value,
) -> Result<Value, CloudError> {
    let host = at(record, "/Name")
        .as_str()
        .unwrap_or_default()
        .trim_end_matches('.');
    let name = dedicated.get(host).ok_or_else(|| {
        CloudError::Failed(format!(
            "the plan names no dedicated load balancer of `{host}`"
        ))
    })?;
    let found = balancer(new, name)?;
    let dns = at(found, "/DNSName").as_str().unwrap_or_default();
    Ok(json!({
        "HostedZoneId": at(found, "/CanonicalHostedZoneId"),
        "DNSName": format!("{}.", dns.trim_end_matches('.')),
        "EvaluateTargetHealth": true,
    }))
}

fn must_be_simple(record: &Value) -> Result<(), CloudError> {
    if at(record, "/SetIdentifier").is_null() && at(record, "/Weight").is_null() {
        return Ok(());
    }
    Err(CloudError::Failed(format!(
        "the record `{}` is weighted already: a migration starts from simple records",
        at(record, "/Name")
    )))
}

/// The common weight of the dedicated records, if all names have it; 0 when there are only simple ones.
fn percent(records: &[Value]) -> Option<u8> {
    let own = records
        .iter()
        .filter(|record| at(record, "/SetIdentifier") == DEDICATED);
    let weights: Vec<u64> = own
        .filter_map(|record| at(record, "/Weight").as_u64())
        .collect();
    match weights.split_first() {
        None => Some(0),
        Some((first, others)) if others.iter().all(|other| other == first) => {
            u8::try_from(*first).ok()
        }
        Some(_) => None,
    }
}

fn list(traffic: &Traffic) -> &[Value] {
    traffic.exact.as_array().map_or(&[], Vec::as_slice)
}

fn sorted(mut records: Vec<Value>) -> Value {
    records.sort_by_key(|record| {
        let text = |field: &str| record[field].as_str().unwrap_or_default().to_owned();
        (text("Name"), text("Type"), text("SetIdentifier"))
    });
    Value::Array(records)
}

/// Set identifiers of the records that the migration makes.
const SHARED: &str = "hokusai-shared";
const DEDICATED: &str = "hokusai-dedicated";

#[cfg(test)]
mod tests {
    use super::*;

    fn before() -> Traffic {
        traffic(vec![
            json!({"Name": "auth.example.com.", "Type": "A", "AliasTarget": {"HostedZoneId": "Z", "DNSName": "shared.", "EvaluateTargetHealth": false}}),
        ])
    }

    fn at(percent: u8) -> Traffic {
        let new = json!({"LoadBalancers": [{"LoadBalancerName": "auth", "DNSName": "auth-1.elb", "CanonicalHostedZoneId": "Z"}]});
        let dedicated = BTreeMap::from([("auth.example.com".to_owned(), "auth".to_owned())]);
        weighted(&before(), &dedicated, &new, percent).unwrap()
    }

    fn actions(batch: &Value) -> Vec<String> {
        let changes = batch["Changes"].as_array().unwrap();
        changes
            .iter()
            .map(|change| {
                format!(
                    "{} {}",
                    change["Action"].as_str().unwrap(),
                    change["ResourceRecordSet"]["SetIdentifier"]
                )
            })
            .collect()
    }

    #[test]
    fn a_simple_record_goes_in_the_batch_that_makes_the_weighted_ones() {
        let there = batch(&before(), &at(1));
        assert_eq!(
            actions(&there),
            [
                "DELETE null",
                "CREATE \"hokusai-dedicated\"",
                "CREATE \"hokusai-shared\""
            ]
        );
        let back = batch(&at(50), &before());
        assert_eq!(
            actions(&back),
            [
                "DELETE \"hokusai-dedicated\"",
                "DELETE \"hokusai-shared\"",
                "UPSERT null"
            ]
        );
        assert_eq!(
            back["Changes"][2]["ResourceRecordSet"],
            before().exact[0],
            "restored exactly"
        );
    }

    #[test]
    fn weights_change_in_place() {
        assert_eq!(
            actions(&batch(&at(1), &at(10))),
            ["UPSERT \"hokusai-dedicated\"", "UPSERT \"hokusai-shared\""]
        );
        assert!(actions(&batch(&at(10), &at(10))).is_empty());
        assert_eq!(
            [before().percent_next, at(10).percent_next],
            [Some(0), Some(10)]
        );
    }
}
