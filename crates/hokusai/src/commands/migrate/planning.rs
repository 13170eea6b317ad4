//! `hokusai migrate plan`: reads what is there, and writes down exactly what will be done.

use hokusai_core::clock::Clock as _;
use hokusai_migrate::cloud::Cloud;
use hokusai_migrate::journal::Journal;
use hokusai_migrate::plan::{Endpoints, FORMAT, Plan};
use hokusai_migrate::probes::Budget;
use hokusai_migrate::record;
use hokusai_routes::diff::diff;
use hokusai_routes::model::Table;
use hokusai_routes::{findings, writer};

use super::arguments::{CloudKind, PlanArguments};
use super::{aws, door};
use crate::commands::routes;
use crate::exit::{Exit, Failure};
use crate::system::SystemClock;

/// Makes the plan; begins the migration unless it is a dry run.
pub(super) fn run(arguments: &PlanArguments) -> anyhow::Result<Exit> {
    let mut cloud: Box<dyn Cloud> = match arguments.cloud {
        CloudKind::FrontDoor => Box::new(door::Door::of_arguments(arguments)?),
        CloudKind::Aws => Box::new(aws::Aws::of_arguments(arguments)?),
    };
    let clock = SystemClock::start();
    let plan = plan(arguments, cloud.as_mut(), clock.now_ms())?;
    if arguments.json {
        println!(
            "{:#}",
            serde_json::json!({"hash": plan.hash(), "plan": plan})
        );
    } else {
        print!("{}", record::markdown(&plan, &[]));
    }
    if arguments.dry_run {
        return Ok(Exit::Fine);
    }
    Journal::create(&arguments.dir, &plan, &clock)
        .map_err(|error| Failure::usage(error.to_string(), "--dir names a new directory"))?;
    eprintln!(
        "hint: `hokusai migrate run --dir {}` does it",
        arguments.dir.display()
    );
    Ok(Exit::Fine)
}

fn plan(arguments: &PlanArguments, cloud: &mut dyn Cloud, now_ms: i64) -> anyhow::Result<Plan> {
    let next = routes::tables::read_file(&arguments.next)?;
    must_be_proven(&next)?;
    let current = cloud.current()?;
    let plan = Plan {
        format: FORMAT,
        made_at_ms: now_ms,
        identity: cloud.identity()?,
        moves: Plan::moves(&diff(&current, &next))?,
        cost: cost(arguments.cloud, &next),
        current: cloud
            .current_text()?
            .unwrap_or_else(|| writer::toml::write(&current)),
        next: writer::toml::write(&next),
        traffic_before: cloud.traffic()?,
        weights: arguments.weights.clone(),
        hold_s: arguments.hold_s,
        ttl_s: arguments.ttl_s,
        rounds: arguments.rounds,
        health_checks: arguments.health_checks,
        health_wait_s: arguments.health_wait_s,
        budget: Budget(arguments.budget),
        endpoints: Endpoints {
            auth: arguments.auth.to_string(),
            registry: arguments.registry.to_string(),
            direct: PlanArguments::map(&arguments.direct),
            resolve: PlanArguments::map(&arguments.resolve),
        },
        attach: PlanArguments::map(&arguments.attach),
    };
    plan.check()?;
    Ok(plan)
}

/// Nobody migrates to a table that is not proven.
fn must_be_proven(next: &Table) -> anyhow::Result<()> {
    let report = findings::check(next);
    if report.is_proven() {
        return Ok(());
    }
    let why = report
        .findings
        .iter()
        .find(|finding| finding.is_failure())
        .map_or_else(
            || "it says no intent that could be proven".to_owned(),
            |finding| finding.message.clone(),
        );
    Err(Failure::usage(
        format!("the table of the new side is not proven: {why}"),
        "`hokusai routes check` shows all, `hokusai routes fix` prints a repair",
    ))
}

fn cost(kind: CloudKind, next: &Table) -> String {
    match kind {
        CloudKind::FrontDoor => "none: the same process enforces both tables".to_owned(),
        CloudKind::Aws => format!(
            "while both sides stand, {} load balancers more are billed by the hour and by use (LCU) besides the shared one; health checks of the new groups reach the same targets a second time",
            next.listeners
                .iter()
                .filter(|listener| listener.port == 443)
                .count()
                .max(1)
        ),
    }
}
