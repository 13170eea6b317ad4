//! AWS as a cloud: load balancers and weighted records, through `hokusai-aws`.
//!
//! Traffic is moved by weighted alias records. The names' simple records become weighted ones in one change batch (DELETE
//! and CREATE: Route 53 refuses the two side by side), and the other way round on the way back.

mod records;

use std::collections::BTreeMap;
use std::time::Duration;

use hokusai_core::clock::Clock as _;
use hokusai_migrate::cloud::{
    Applied, Cloud, CloudError, GroupHealth, Identity, Settling, Traffic,
};
use hokusai_migrate::plan::Plan;
use hokusai_routes::model::Table;
use hokusai_routes::reader;
use hokusai_routes::source::Source;
use serde_json::{Value, json};

use super::arguments::PlanArguments;
use crate::commands::aws::Program;
use crate::exit::Failure;
use crate::system::SystemClock;

/// Name of this cloud in a plan.
pub(super) const KIND: &str = "aws";

/// An account's load balancers and zone.
pub(super) struct Aws {
    program: Program,
    balancer: String,
    zone: String,
    /// Dedicated load balancer by host.
    dedicated: BTreeMap<String, String>,
    ttl: Duration,
    clock: SystemClock,
    /// The last change of records, and until when answers of before it may be kept.
    change: Option<String>,
    settled_at_ms: Option<u64>,
}

impl Aws {
    /// As the command line of `plan` says.
    pub(super) fn of_arguments(arguments: &PlanArguments) -> anyhow::Result<Self> {
        let missing = |flag: &str| {
            Failure::usage(
                format!("--cloud aws needs {flag}"),
                "see `hokusai migrate plan --help`",
            )
        };
        Ok(Self {
            program: Program::new(arguments.region.clone(), arguments.endpoint_url.clone())?,
            balancer: arguments
                .load_balancer
                .clone()
                .ok_or_else(|| missing("--load-balancer"))?,
            zone: arguments.zone.clone().ok_or_else(|| missing("--zone"))?,
            dedicated: PlanArguments::map(&arguments.new_load_balancer),
            ttl: Duration::from_secs(arguments.ttl_s),
            clock: SystemClock::start(),
            change: None,
            settled_at_ms: None,
        })
    }

    /// As a plan pins it.
    pub(super) fn of_plan(plan: &Plan) -> anyhow::Result<Self> {
        let pinned = |name: &str| {
            plan.identity
                .pinned
                .iter()
                .find(|(pin, _)| pin == name)
                .map(|(_, value)| value.clone())
        };
        let need = |name: &str| {
            pinned(name).ok_or_else(|| {
                Failure::usage(
                    format!("the plan does not say its {name}"),
                    "make a new plan",
                )
            })
        };
        let hosts = plan.identity.pinned.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(DEDICATED)?.to_owned(), value.clone()))
        });
        Ok(Self {
            program: Program::new(pinned(REGION), pinned(ENDPOINT))?,
            balancer: need(BALANCER)?,
            zone: need(ZONE)?,
            dedicated: hosts.collect(),
            ttl: Duration::from_secs(plan.ttl_s),
            clock: SystemClock::start(),
            change: None,
            settled_at_ms: None,
        })
    }

    fn shared(&self) -> Result<Value, CloudError> {
        Ok(self.program.describe(&[&self.balancer])?)
    }

    /// The dedicated load balancers; `None` while not all of them stand.
    fn new_side(&self) -> Result<Option<Value>, CloudError> {
        let names: Vec<&str> = self.dedicated.values().map(String::as_str).collect();
        match self.program.describe(&names).map_err(CloudError::from) {
            Ok(found) => Ok(Some(found)),
            Err(CloudError::Failed(why))
                if why.contains("there is no load balancer")
                    || why.contains("LoadBalancerNotFound") =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn records(&self) -> Result<Vec<Value>, CloudError> {
        let mut arguments = vec!["records", "--zone", &self.zone];
        for host in self.dedicated.keys() {
            arguments.extend(["--name", host]);
        }
        let answer = self.program.ask(&arguments, None)?;
        Ok(at(&answer, "/ResourceRecordSets")
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    fn change(&mut self, batch: &Value) -> Result<(), CloudError> {
        let answer = self
            .program
            .ask(&["change", "--zone", &self.zone], Some(batch))?;
        self.change = at(&answer, "/Id").as_str().map(str::to_owned);
        self.settled_at_ms = None;
        Ok(())
    }

    /// ARN of a group by name.
    fn group<'v>(described: &'v Value, name: &str) -> Result<&'v str, CloudError> {
        let groups = at(described, "/TargetGroups")
            .as_array()
            .into_iter()
            .flatten();
        let mut named = groups.filter(|group| at(group, "/TargetGroupName") == name);
        named
            .find_map(|group| at(group, "/TargetGroupArn").as_str())
            .ok_or_else(|| CloudError::Failed(format!("there is no target group `{name}`")))
    }

    fn targets(&self, group: &str) -> Result<Vec<Value>, CloudError> {
        let answer = self.program.ask(&["targets", "--group", group], None)?;
        Ok(at(&answer, "/TargetHealthDescriptions")
            .as_array()
            .cloned()
            .unwrap_or_default())
    }

    /// New group to old group: as the plan says, and groups of one name.
    fn pairs(plan: &Plan, new: &Value, old: &Value) -> Vec<(String, String)> {
        let names = |described: &Value| -> Vec<String> {
            let groups = at(described, "/TargetGroups")
                .as_array()
                .into_iter()
                .flatten();
            groups
                .filter_map(|group| at(group, "/TargetGroupName").as_str().map(str::to_owned))
                .collect()
        };
        let old = names(old);
        let pair = |name: String| {
            let from = plan.attach.get(&name).cloned();
            let from = from.or_else(|| old.contains(&name).then(|| name.clone()))?;
            Some((name, from))
        };
        names(new).into_iter().filter_map(pair).collect()
    }

    fn both_sides(&self) -> Result<(Value, Value), CloudError> {
        let new = self.new_side()?.ok_or_else(|| {
            CloudError::Failed("the dedicated load balancers do not stand".to_owned())
        })?;
        Ok((new, self.shared()?))
    }
}

impl Cloud for Aws {
    fn identity(&mut self) -> Result<Identity, CloudError> {
        let described = self.shared()?;
        let arn = at(&described, "/LoadBalancers/0/LoadBalancerArn")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let parts: Vec<&str> = arn.split(':').collect();
        let part = |index: usize| (*parts.get(index).unwrap_or(&"")).to_owned();
        let mut pinned = vec![
            (BALANCER.to_owned(), arn.clone()),
            (ACCOUNT.to_owned(), part(4)),
            (REGION.to_owned(), part(3)),
            (ZONE.to_owned(), self.zone.clone()),
        ];
        pinned.extend(
            self.dedicated
                .iter()
                .map(|(host, name)| (format!("{DEDICATED}{host}"), name.clone())),
        );
        pinned.extend(
            self.program
                .endpoint()
                .map(|url| (ENDPOINT.to_owned(), url.to_owned())),
        );
        Ok(Identity {
            kind: KIND.to_owned(),
            pinned,
        })
    }

    fn current(&mut self) -> Result<Table, CloudError> {
        table("the shared load balancer", &self.shared()?)
    }

    fn next(&mut self) -> Result<Option<Table>, CloudError> {
        let side = self.new_side()?;
        side.map(|described| table("the dedicated load balancers", &described))
            .transpose()
    }

    fn traffic(&mut self) -> Result<Traffic, CloudError> {
        Ok(records::traffic(self.records()?))
    }

    fn traffic_at(&mut self, plan: &Plan, percent: u8) -> Result<Traffic, CloudError> {
        let new = self.new_side()?.ok_or_else(|| {
            CloudError::Failed("the dedicated load balancers do not stand".to_owned())
        })?;
        records::weighted(&plan.traffic_before, &self.dedicated, &new, percent)
    }

    fn set_traffic(&mut self, expected: &Traffic, wanted: &Traffic) -> Result<(), CloudError> {
        let live = self.traffic()?;
        if live == *wanted {
            return Ok(());
        }
        if live != *expected {
            return Err(CloudError::Changed {
                what: "the records".to_owned(),
                expected: expected.exact.to_string(),
                found: live.exact.to_string(),
            });
        }
        self.change(&records::batch(&live, wanted))
    }

    fn settling(&mut self) -> Result<Settling, CloudError> {
        if let Some(id) = &self.change {
            let answer = self.program.ask(&["change-status", id], None)?;
            if at(&answer, "/Status") != "INSYNC" {
                return Ok(Settling::Wait(
                    SYNC_INTERVAL,
                    "for the change to reach all name servers".to_owned(),
                ));
            }
            self.change = None;
        }
        // A migrator that was started again does not know when the change was made: it waits the whole time.
        let now_ms = self.clock.monotonic_ms();
        let ttl_ms = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        let until_ms = *self
            .settled_at_ms
            .get_or_insert(now_ms.saturating_add(ttl_ms));
        if now_ms >= until_ms {
            self.settled_at_ms = None;
            return Ok(Settling::Settled);
        }
        let left = Duration::from_millis(until_ms.saturating_sub(now_ms));
        Ok(Settling::Wait(
            left,
            "for answers that resolvers keep to end".to_owned(),
        ))
    }

    fn apply(&mut self, plan: &Plan) -> Result<Applied, CloudError> {
        let names: Vec<String> = self
            .dedicated
            .iter()
            .map(|(host, name)| format!("`{name}` for {host}"))
            .collect();
        Ok(Applied::Waiting(format!(
            "apply the Terraform of plan {} (load balancers {}), see deploy/terraform",
            plan.hash(),
            names.join(", ")
        )))
    }

    fn unapply(&mut self, _plan: &Plan) -> Result<Vec<String>, CloudError> {
        Ok(vec!["the dedicated load balancers carry nothing: `terraform destroy` of their module takes them away".to_owned()])
    }

    fn attach(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError> {
        let (new, old) = self.both_sides()?;
        let mut done = Vec::new();
        for (to, from) in Self::pairs(plan, &new, &old) {
            let targets: Vec<Value> = self
                .targets(Self::group(&old, &from)?)?
                .into_iter()
                .map(|found| at(&found, "/Target").clone())
                .collect();
            if targets.is_empty() {
                return Err(CloudError::Failed(format!(
                    "the target group `{from}` has no targets"
                )));
            }
            let input = json!({"Targets": targets});
            self.program.ask(
                &["register", "--group", Self::group(&new, &to)?],
                Some(&input),
            )?;
            done.push(format!(
                "registered the {} targets of `{from}` in `{to}` as well",
                targets.len()
            ));
        }
        if done.is_empty() {
            return Err(CloudError::Failed(
                "no new target group has targets to take: say --attach NEW=OLD in the plan"
                    .to_owned(),
            ));
        }
        Ok(done)
    }

    fn detach(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError> {
        let Some(new) = self.new_side()? else {
            return Ok(Vec::new());
        };
        let old = self.shared()?;
        let mut done = Vec::new();
        for (to, _) in Self::pairs(plan, &new, &old) {
            let group = Self::group(&new, &to)?;
            let targets: Vec<Value> = self
                .targets(group)?
                .into_iter()
                .map(|found| at(&found, "/Target").clone())
                .collect();
            if !targets.is_empty() {
                self.program.ask(
                    &["deregister", "--group", group],
                    Some(&json!({"Targets": targets})),
                )?;
                done.push(format!(
                    "deregistered {} targets from `{to}`",
                    targets.len()
                ));
            }
        }
        Ok(done)
    }

    fn direct(&mut self, _plan: &Plan) -> Result<BTreeMap<String, String>, CloudError> {
        let (new, _) = self.both_sides()?;
        let mut addresses = BTreeMap::new();
        for (host, name) in &self.dedicated {
            let dns = records::balancer(&new, name)?["DNSName"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            addresses.insert(host.clone(), resolve(&dns)?);
        }
        Ok(addresses)
    }

    fn lingers(&self) -> bool {
        true
    }

    fn health(&mut self, plan: &Plan) -> Result<Vec<GroupHealth>, CloudError> {
        let (new, old) = self.both_sides()?;
        let mut all = Vec::new();
        for (group, _) in Self::pairs(plan, &new, &old) {
            let targets = self.targets(Self::group(&new, &group)?)?;
            let healthy = targets
                .iter()
                .filter(|found| at(found, "/TargetHealth/State") == "healthy")
                .count();
            all.push(GroupHealth {
                group,
                healthy: u32::try_from(healthy).unwrap_or(u32::MAX),
                targets: u32::try_from(targets.len()).unwrap_or(u32::MAX),
            });
        }
        Ok(all)
    }

    fn clean_up(&mut self, plan: &Plan) -> Result<Vec<String>, CloudError> {
        let (new, _) = self.both_sides()?;
        let live = self.traffic()?;
        let simple = records::simple(&plan.traffic_before, &self.dedicated, &new)?;
        if live != simple {
            self.change(&records::batch(&live, &simple))?;
        }
        let imports = self.dedicated.keys().map(|host| {
            format!(
                "`terraform import` the record of {host} in zone {}",
                self.zone
            )
        });
        let mut done = vec![
            "the names point at the dedicated load balancers alone, by simple records".to_owned(),
        ];
        done.extend(imports);
        done.push(format!(
            "left to you: take `{}` with its listeners and groups out of Terraform and apply",
            self.balancer
        ));
        Ok(done)
    }
}

fn table(what: &str, described: &Value) -> Result<Table, CloudError> {
    let source = Source::new(0, what.to_owned(), format!("{described:#}"));
    let reading = reader::aws::read(&[source]);
    match reading.findings.iter().find(|finding| finding.is_failure()) {
        None => Ok(reading.table),
        Some(finding) => Err(CloudError::Failed(format!(
            "the rules of {what} are not understood: {}",
            finding.message
        ))),
    }
}

/// What stands at a JSON pointer; null when nothing does.
fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// An address of a load balancer's own name.
fn resolve(name: &str) -> Result<String, CloudError> {
    use std::net::ToSocketAddrs as _;
    if let Ok(address) = name.parse::<std::net::IpAddr>() {
        return Ok(address.to_string());
    }
    let failed = |why: String| {
        CloudError::Failed(format!(
            "the load balancer's name `{name}` has no address: {why}"
        ))
    };
    let mut found = (name, 443)
        .to_socket_addrs()
        .map_err(|error| failed(error.to_string()))?;
    let first = found
        .next()
        .ok_or_else(|| failed("an empty answer".to_owned()))?;
    Ok(first.ip().to_string())
}

const BALANCER: &str = "load balancer";
const ACCOUNT: &str = "account";
const REGION: &str = "region";
const ZONE: &str = "hosted zone";
const ENDPOINT: &str = "endpoint";
const DEDICATED: &str = "dedicated load balancer of ";
/// Between two looks at a change; Route 53 allows five requests a second for an account.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);
