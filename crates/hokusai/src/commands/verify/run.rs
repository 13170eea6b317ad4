//! One run: plan, probes, verdict, diagnosis.

use std::io::IsTerminal as _;
use std::sync::Arc;

use hokusai_core::clock::Clock as _;
use hokusai_routes::model::Table;
use hokusai_verify::deployment::{Deployment, Keys};
use hokusai_verify::diagnosis::{Cause, diagnose};
use hokusai_verify::facts::Facts;
use hokusai_verify::plan::plan;
use hokusai_verify::probing::{Override, Prober, Tls};
use hokusai_verify::report::Report;
use hokusai_verify::verdict::{Verdict, judge};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::system::SystemClock;

/// What a run needs.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) deployment: Deployment,
    pub(crate) keys: Keys,
    pub(crate) overrides: Vec<Override>,
    pub(crate) tls: Option<Tls>,
    pub(crate) rules: Option<Table>,
}

/// What a run came to.
pub(crate) struct Outcome {
    deployment: Deployment,
    masked_key: Option<String>,
    date_ms: i64,
    pub(crate) verdict: Verdict,
    pub(crate) causes: Vec<Cause>,
}

impl Outcome {
    /// The report about it.
    pub(crate) fn report(&self) -> Report<'_> {
        Report {
            date_ms: self.date_ms,
            deployment: &self.deployment,
            masked_key: self.masked_key.clone(),
            verdict: &self.verdict,
            causes: &self.causes,
        }
    }
}

/// Runs with a bar on stderr while people watch.
pub(crate) async fn with_progress(setup: Setup, is_shown: bool) -> Outcome {
    let is_shown = is_shown && std::io::stderr().is_terminal();
    let target = if is_shown {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    let outcome = run(setup, |length, title| {
        bar.set_length(length);
        bar.inc(1);
        bar.set_message(title.to_owned());
    })
    .await;
    bar.finish_and_clear();
    outcome
}

/// Runs; `done` hears how many probes there are, and the title of each as it ends.
pub(crate) async fn run(setup: Setup, done: impl Fn(u64, &str)) -> Outcome {
    let clock = Arc::new(SystemClock::start());
    let questions = plan(&setup.deployment);
    let masked_key = setup.keys.masked();
    let prober = Prober {
        deployment: setup.deployment,
        keys: setup.keys,
        overrides: setup.overrides,
        tls: setup.tls,
        clock: clock.clone(),
    };
    let length = questions.len() as u64;
    let observations = prober
        .run(&questions, |probe, _| done(length, &probe.title))
        .await;
    let verdict = judge(&prober.deployment, &questions, &observations);
    let causes = diagnose(&Facts {
        deployment: &prober.deployment,
        plan: &questions,
        observations: &observations,
        verdict: &verdict,
        rules: setup.rules.as_ref(),
    });
    Outcome {
        deployment: prober.deployment,
        masked_key,
        date_ms: clock.now_ms(),
        verdict,
        causes,
    }
}
