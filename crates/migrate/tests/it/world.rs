//! An installation in memory: two tables, weights, groups, and probes that see what traffic would see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hokusai_core::clock::Clock;
use hokusai_migrate::cloud::{
    Applied, Cloud, CloudError, GroupHealth, Identity, Settling, Traffic,
};
use hokusai_migrate::journal::Journal;
use hokusai_migrate::machine::{
    Ended, MigrateError, Migration, Operator, Prober, Proof, Question, Seams, Side,
};
use hokusai_migrate::plan::{Endpoints, FORMAT, Plan};
use hokusai_migrate::probes::{Budget, Light, Probes};
use hokusai_migrate::step::Step;
use hokusai_routes::diff::diff;
use hokusai_routes::model::Table;
use hokusai_routes::reader;
use hokusai_routes::source::Source;
use serde_json::json;

/// What a killed migrator panics with.
pub(crate) const KILLED: &str = "killed";
/// The probes of this installation.
pub(crate) const PROBES: [&str; 3] = ["auth.key-valid", "registry.health", "registry.register"];

/// A handle on the installation; clones share it.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<Inner>>);

/// The installation, and what is planted in it.
pub(crate) struct Inner {
    pub(crate) weight: u64,
    pub(crate) has_next: bool,
    pub(crate) is_attached: bool,
    pub(crate) has_old: bool,
    pub(crate) account: String,
    /// Probes that are red on the old side.
    pub(crate) red_before: BTreeSet<&'static str>,
    /// The step at which the new side breaks.
    pub(crate) fault: Option<Step>,
    /// Calls until the migrator is killed.
    pub(crate) fuse: Option<u32>,
    /// Questions that are answered with no.
    pub(crate) refuses: Option<Question>,
    now_ms: i64,
    step: String,
}

impl World {
    pub(crate) fn new(red_before: &[&'static str]) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            weight: 0,
            has_next: false,
            is_attached: false,
            has_old: true,
            account: "1".to_owned(),
            red_before: red_before.iter().copied().collect(),
            fault: None,
            fuse: None,
            refuses: Some(Question::RollBackToWorse),
            now_ms: 1_000_000,
            step: String::new(),
        })))
    }

    pub(crate) fn look(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// What an onlooker can compare: weight, new side, targets, old side.
    pub(crate) fn end(&self) -> (u64, bool, bool, bool) {
        let inner = self.look();
        (
            inner.weight,
            inner.has_next,
            inner.is_attached,
            inner.has_old,
        )
    }

    /// A call from the migrator, which may be its last.
    fn called(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.look();
        match inner.fuse {
            Some(0) => {
                inner.fuse = None;
                drop(inner);
                std::panic::panic_any(KILLED);
            }
            Some(left) => inner.fuse = Some(left - 1),
            None => {}
        }
        inner
    }

    pub(crate) fn begin(&self, directory: &Path) {
        drop(Journal::create(directory, &plan(), self).unwrap());
    }

    pub(crate) fn run(&self, directory: &Path) -> Result<Ended, MigrateError> {
        self.act(directory, |migration: &mut Migration<'_>| migration.run())
    }

    pub(crate) fn roll_back(&self, directory: &Path) -> Result<Ended, MigrateError> {
        self.act(directory, |migration| migration.roll_back("asked"))
    }

    fn act(
        &self,
        directory: &Path,
        act: impl FnOnce(&mut Migration<'_>) -> Result<Ended, MigrateError>,
    ) -> Result<Ended, MigrateError> {
        let (journal, plan) = Journal::open(directory)?;
        let [mut cloud, mut prober, mut proof, mut operator] =
            std::array::from_fn(|_| self.clone());
        let seams = Seams {
            cloud: &mut cloud,
            prober: &mut prober,
            proof: &mut proof,
            operator: &mut operator,
            clock: self,
        };
        act(&mut Migration::new(plan, journal, seams))
    }
}

impl Inner {
    fn is_broken(&self, step: Step) -> bool {
        self.fault == Some(step) && self.step == step.to_string()
    }

    fn fail_at(&self, step: Step) -> Result<(), CloudError> {
        if self.is_broken(step) {
            return Err(CloudError::Failed("a planted fault".to_owned()));
        }
        Ok(())
    }

    /// What the probes see on the old side or the new one.
    fn lights(&self, is_new: bool) -> Probes {
        let shift = (1..=100)
            .map(Step::Shift)
            .chain([Step::VerifyDirectly, Step::Hold]);
        let is_broken = is_new && shift.into_iter().any(|step| self.is_broken(step));
        let light = |id: &&'static str| match (is_new, is_broken) {
            (true, true) => Light::Red,
            (false, _) if self.red_before.contains(id) => Light::Red,
            (true | false, _) => Light::Green,
        };
        Probes(
            PROBES
                .iter()
                .map(|id| ((*id).to_owned(), light(id)))
                .collect(),
        )
    }
}

impl Clock for World {
    fn now_ms(&self) -> i64 {
        self.look().now_ms
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.look().now_ms).unwrap()
    }
}

impl Cloud for World {
    fn identity(&mut self) -> Result<Identity, CloudError> {
        Ok(identity(&self.called().account))
    }

    fn current(&mut self) -> Result<Table, CloudError> {
        drop(self.called());
        Ok(table(SHARED))
    }

    fn next(&mut self) -> Result<Option<Table>, CloudError> {
        Ok(self.called().has_next.then(|| table(DEDICATED)))
    }

    fn traffic(&mut self) -> Result<Traffic, CloudError> {
        Ok(traffic_of(self.called().weight))
    }

    fn traffic_at(&mut self, _plan: &Plan, percent: u8) -> Result<Traffic, CloudError> {
        Ok(traffic_of(percent.into()))
    }

    fn set_traffic(&mut self, expected: &Traffic, wanted: &Traffic) -> Result<(), CloudError> {
        let mut inner = self.called();
        assert_eq!(*expected, traffic_of(inner.weight), "compare and set");
        inner.weight = wanted
            .exact
            .get("next")
            .and_then(serde_json::Value::as_u64)
            .unwrap();
        drop(inner);
        drop(self.called());
        Ok(())
    }

    fn settling(&mut self) -> Result<Settling, CloudError> {
        drop(self.called());
        Ok(Settling::Settled)
    }

    fn apply(&mut self, _plan: &Plan) -> Result<Applied, CloudError> {
        let mut inner = self.called();
        inner.fail_at(Step::ApplyGate)?;
        inner.has_next = true;
        Ok(Applied::Stands(Vec::new()))
    }

    fn unapply(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        let mut inner = self.called();
        assert_eq!(inner.weight, 0, "the new side goes while traffic is on it");
        inner.has_next = false;
        Ok(vec!["the new side is gone".to_owned()])
    }

    fn attach(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        let mut inner = self.called();
        inner.fail_at(Step::Attach)?;
        inner.is_attached = true;
        Ok(Vec::new())
    }

    fn detach(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        let mut inner = self.called();
        assert_eq!(inner.weight, 0, "targets go while traffic is on them");
        inner.is_attached = false;
        Ok(Vec::new())
    }

    fn direct(&mut self, _plan: &Plan) -> Result<BTreeMap<String, String>, CloudError> {
        Ok(BTreeMap::from([(
            "auth.example.com".to_owned(),
            "127.0.0.1:1".to_owned(),
        )]))
    }

    fn lingers(&self) -> bool {
        true
    }

    fn health(&mut self, _plan: &Plan) -> Result<Vec<GroupHealth>, CloudError> {
        let healthy = u32::from(self.called().is_attached);
        Ok(vec![GroupHealth {
            group: "auth".to_owned(),
            healthy,
            targets: 1,
        }])
    }

    fn clean_up(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        let mut inner = self.called();
        inner.fail_at(Step::CleanUp)?;
        assert_eq!(
            inner.weight, 100,
            "the old side goes while traffic is on it"
        );
        inner.has_old = false;
        Ok(Vec::new())
    }
}

impl Prober for World {
    fn probe(&mut self, side: &Side) -> Result<Probes, String> {
        let inner = self.called();
        let is_direct = matches!(side, Side::Direct(_));
        // Some requests take the new way and some the old: the worse of both is seen.
        let mut seen = inner.lights(is_direct || inner.weight == 100);
        if !is_direct && inner.weight > 0 && inner.weight < 100 {
            let new = inner.lights(true);
            for id in new.red() {
                seen.0.insert(id, Light::Red);
            }
        }
        Ok(seen)
    }
}

impl Proof for World {
    fn prove(&mut self, _plan: &Plan) -> Result<Vec<String>, String> {
        let inner = self.called();
        assert_eq!(inner.weight, 100);
        if inner.is_broken(Step::Proof) {
            return Err("the client could not load the model".to_owned());
        }
        Ok(vec!["the client loaded the model".to_owned()])
    }
}

impl Operator for World {
    fn may(&mut self, question: Question, _what: &str) -> bool {
        self.called().refuses != Some(question)
    }

    fn wait(&mut self, time: Duration, _why: &str) {
        self.called().now_ms += i64::try_from(time.as_millis()).unwrap();
    }

    fn say(&mut self, what: &str) {
        let mut inner = self.called();
        if let Some((step, _)) = what.split_once(": ") {
            step.clone_into(&mut inner.step);
        }
    }
}

/// The plan of this installation.
pub(crate) fn plan() -> Plan {
    let moves = Plan::moves(&diff(&table(SHARED), &table(DEDICATED))).unwrap();
    assert!(!moves.is_empty(), "the incident's requests move");
    Plan {
        format: FORMAT,
        made_at_ms: 0,
        identity: identity("1"),
        current: SHARED.to_owned(),
        next: DEDICATED.to_owned(),
        moves,
        traffic_before: traffic_of(0),
        weights: vec![1, 50, 100],
        hold_s: 90,
        ttl_s: 0,
        rounds: 2,
        health_checks: 2,
        health_wait_s: 10,
        budget: Budget(0),
        endpoints: Endpoints {
            auth: "https://auth.example.com".to_owned(),
            registry: "https://registry.example.com".to_owned(),
            direct: BTreeMap::new(),
            resolve: BTreeMap::new(),
        },
        attach: BTreeMap::new(),
        cost: "nothing".to_owned(),
    }
}

fn identity(account: &str) -> Identity {
    Identity {
        kind: "memory".to_owned(),
        pinned: vec![("account".to_owned(), account.to_owned())],
    }
}

fn traffic_of(weight: u64) -> Traffic {
    Traffic {
        percent_next: u8::try_from(weight).ok(),
        exact: json!({"next": weight}),
    }
}

fn table(text: &str) -> Table {
    let reading = reader::toml::read(&Source::new(0, "memory".to_owned(), text.to_owned()));
    assert!(reading.is_complete(), "{:?}", reading.findings);
    reading.table
}

const SHARED: &str = r#"
[[listener]]
name = "https"
protocol = "https"
port = 443
certificates = [{ names = ["auth.example.com", "registry.example.com"] }]
default = { respond = 404 }

[[listener.rule]]
name = "registry"
priority = 10
host = "registry.example.com"
forward = "registry"

[[listener.rule]]
name = "generic-api"
priority = 100
path = "/api*"
forward = "registry"

[target_group.registry]
targets = ["127.0.0.1:5000"]
"#;

const DEDICATED: &str = r#"
[[listener]]
name = "https"
protocol = "https"
port = 443
certificates = [{ names = ["auth.example.com", "registry.example.com"] }]
default = { respond = 404 }

[[listener.rule]]
name = "registry"
priority = 10
host = "registry.example.com"
forward = "registry"

[[listener.rule]]
name = "auth"
priority = 20
host = "auth.example.com"
forward = "auth"

[target_group.registry]
targets = ["127.0.0.1:5000"]

[target_group.auth]
targets = ["127.0.0.1:8000"]
"#;
