//! What a writer wrote, its reader reads as the same table.

use std::sync::atomic::{AtomicUsize, Ordering};

use hokusai_routes::diff::diff;
use hokusai_routes::model::{
    Condition, HostIntent, HostPort, Listener, Pattern, Rule, Table, TargetGroup, Test,
};
use hokusai_routes::reader;
use hokusai_routes::source::Source;
use hokusai_routes::writer;
use proptest::prelude::*;

use crate::world::listener;

/// A listener with names and texts that must be escaped, and a table around it.
fn table() -> impl Strategy<Value = Table> {
    let odd = prop::sample::select(vec!["plain", "two words", "a\"b", "a\\b", "é\n'"]);
    (listener(), odd, any::<bool>(), 0..5u32).prop_map(|(listener, odd, flag, number)| {
        let mut listener = Listener {
            name: odd.to_owned(),
            ..listener
        };
        // The reader gives them in this order.
        listener.rules.sort_by_key(|rule| rule.priority);
        let groups = (0..3).map(|index| {
            let mut group = TargetGroup::new(format!("t{index}"));
            group.targets = vec![odd.to_owned()];
            group.fail_open = flag;
            group.max_in_flight = flag.then_some(number);
            group.health.path = format!("/{odd}");
            group.health.interval_s = 5 + number;
            group
        });
        let mut table = Table {
            listeners: vec![listener],
            target_groups: groups.collect(),
            ..Table::default()
        };
        table.intent.hosts.push(HostIntent {
            host: "a.b".to_owned(),
            may: vec![odd.to_owned()],
            must: Vec::new(),
            listeners: vec![odd.to_owned()],
            span: None,
        });
        table
    })
}

/// Conditions as they are compared: their order means nothing.
fn conditions(rule: &Rule) -> Vec<String> {
    let text = |condition: &Condition| {
        let regexes = match &condition.test {
            Test::Host(values) | Test::Path(values) | Test::Header { values, .. } => values
                .iter()
                .map(|value| matches!(value, Pattern::Regex(_)))
                .collect(),
            _ => Vec::new(),
        };
        format!(
            "{} {:?} {regexes:?}",
            condition.test.field(),
            condition.test.values()
        )
    };
    let mut all: Vec<String> = rule.conditions.iter().map(text).collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn our_own_form_keeps_everything(table in table()) {
        let text = writer::toml::write(&table);
        let reading = reader::toml::read(&Source::new(0, "routes.toml", text.clone()));
        prop_assert!(reading.findings.is_empty(), "{:?}\n{text}", reading.findings);
        let again = reading.table;
        let bare = |group: &TargetGroup| TargetGroup { span: None, ..group.clone() };
        let groups = |table: &Table| table.target_groups.iter().map(bare).collect::<Vec<_>>();
        prop_assert_eq!(groups(&again), groups(&table));
        prop_assert_eq!(&again.intent.hosts[0].listeners, &table.intent.hosts[0].listeners);
        for (old, new) in table.listeners[0].rules.iter().zip(&again.listeners[0].rules) {
            prop_assert_eq!((&old.name, old.priority, &old.action), (&new.name, new.priority, &new.action));
            prop_assert_eq!(conditions(old), conditions(new));
        }
        prop_assert!(diff(&table, &again).is_empty());
    }
}

/// A listener that can be a load balancer's, with its groups.
fn balancer_table() -> impl Strategy<Value = Table> {
    listener().prop_map(|listener| Table {
        listeners: vec![Listener {
            name: "https".to_owned(),
            host_port: HostPort::Compared,
            ..listener
        }],
        target_groups: (0..3)
            .map(|index| TargetGroup::new(format!("t{index}")))
            .collect(),
        ..Table::default()
    })
}

/// Of random tables many hold what Terraform can't express or its reader refuses; so many at least must come back.
const READ_BACK_AT_LEAST: usize = 100;

#[test]
fn terraform_decides_every_request_as_the_table_it_was_made_of() {
    let read_back = AtomicUsize::new(0);
    let config = ProptestConfig {
        cases: 1_000,
        ..ProptestConfig::default()
    };
    proptest!(config, |(table in balancer_table())| {
        let writing = writer::terraform::write(&table);
        let source = Source::new(0, "main.tf.json", writing.text.clone());
        let reading = reader::read(&[source], Some(reader::Form::Terraform));
        prop_assume!(writing.is_complete() && reading.is_complete());
        read_back.fetch_add(1, Ordering::Relaxed);
        let differences = diff(&table, &reading.table);
        prop_assert!(differences.is_empty(), "{differences:#?}\n{}", writing.text);
    });
    let read_back = read_back.into_inner();
    assert!(
        read_back >= READ_BACK_AT_LEAST,
        "only {read_back} tables came back"
    );
}
