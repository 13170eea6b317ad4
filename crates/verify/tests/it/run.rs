//! One run against given endpoints.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use hokusai_core::clock::Clock;
use hokusai_core::key::{ApiKey, Environment};
use hokusai_core::random::Random;
use hokusai_verify::deployment::{Deployment, Keys, Options};
use hokusai_verify::diagnosis::{Cause, diagnose};
use hokusai_verify::facts::Facts;
use hokusai_verify::plan::plan;
use hokusai_verify::probing::{Prober, Tls};
use hokusai_verify::report::{Colour, Form, Report};
use hokusai_verify::verdict::{Verdict, judge};

/// What came of a run.
pub(crate) struct Run {
    pub(crate) deployment: Deployment,
    pub(crate) verdict: Verdict,
    pub(crate) causes: Vec<Cause>,
}

impl Run {
    /// The report in every form there is, with its name.
    pub(crate) fn reports(&self) -> Vec<(&'static str, String)> {
        let report = Report {
            date_ms: 0,
            deployment: &self.deployment,
            masked_key: Some("hk_live_(masked)".to_owned()),
            verdict: &self.verdict,
            causes: &self.causes,
        };
        vec![
            ("terminal", report.terminal(Colour::No)),
            ("markdown", report.write(Form::Markdown)),
            ("json", report.write(Form::Json)),
            ("junit", report.write(Form::Junit)),
            ("html", report.write(Form::Html)),
        ]
    }
}

/// A key that was minted, as far as anybody here knows.
pub(crate) fn real_key() -> ApiKey {
    ApiKey::generate(Environment::Live, &Counting(AtomicU8::new(77)))
}

/// Verifies with the real key.
pub(crate) async fn verify(auth: &str, registry: &str, tls: Option<Tls>) -> Run {
    let deployment = Deployment {
        auth: auth.parse().unwrap(),
        registry: registry.parse().unwrap(),
        direct: Vec::new(),
        options: Options {
            deadline_ms: 500,
            artifact_bytes: 1000,
            ..Options::default()
        },
    };
    let real = Some(real_key().reveal().to_owned());
    let prober = Prober {
        keys: Keys::new(real, None, &Counting(AtomicU8::new(0))),
        overrides: Vec::new(),
        tls,
        clock: Arc::new(Ticking(tokio::time::Instant::now())),
        deployment,
    };
    let questions = plan(&prober.deployment);
    let observations = prober.run(&questions, |_, _| {}).await;
    let verdict = judge(&prober.deployment, &questions, &observations);
    let causes = diagnose(&Facts {
        deployment: &prober.deployment,
        plan: &questions,
        observations: &observations,
        verdict: &verdict,
        rules: None,
    });
    Run {
        deployment: prober.deployment,
        verdict,
        causes,
    }
}

struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Ticking(tokio::time::Instant);

impl Clock for Ticking {
    fn now_ms(&self) -> i64 {
        0
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}
