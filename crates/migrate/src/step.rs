//! The steps of a migration, in order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One step. Each is idempotent: doing it again after a crash ends in the same state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", content = "percent", rename_all = "kebab-case")]
pub enum Step {
    /// Compares the live state with the plan, and records which probes are green now.
    PreCheck,
    /// The new side comes into being, by the operator's hand or ours, and is read back: it must equal the plan.
    #[serde(rename = "apply")]
    ApplyGate,
    /// Today's targets stand in the new target groups as well, and are healthy.
    Attach,
    /// The new side is asked directly, past the names that clients use: everything must be green there.
    VerifyDirectly,
    /// So many per cent of the traffic go to the new side.
    Shift(u8),
    /// All traffic stays on the new side for longer than clients keep connections alive.
    Hold,
    /// The stock MLflow client registers and loads a model through the new side.
    Proof,
    /// The old side goes.
    CleanUp,
}

impl Step {
    /// All steps for these weights in per cent; the last weight is 100.
    pub fn sequence(weights: &[u8]) -> Vec<Self> {
        let before = [
            Self::PreCheck,
            Self::ApplyGate,
            Self::Attach,
            Self::VerifyDirectly,
        ];
        let after = [Self::Hold, Self::Proof, Self::CleanUp];
        before
            .into_iter()
            .chain(weights.iter().map(|percent| Self::Shift(*percent)))
            .chain(after)
            .collect()
    }

    /// Whether clients' requests may take another way because of it.
    pub const fn moves_traffic(self) -> bool {
        matches!(self, Self::Shift(_))
    }

    /// What it does, for the checklist.
    pub fn purpose(self) -> String {
        match self {
            Self::PreCheck => {
                "the live state is the planned one; the baseline is recorded".to_owned()
            }
            Self::ApplyGate => "the new side stands, and equals the plan".to_owned(),
            Self::Attach => "today's targets stand in the new groups, all healthy".to_owned(),
            Self::VerifyDirectly => "the new side, asked directly, is green throughout".to_owned(),
            Self::Shift(percent) => {
                format!("{percent} % of the traffic on the new side, no green probe turned red")
            }
            Self::Hold => {
                "all traffic stayed on the new side longer than clients keep connections".to_owned()
            }
            Self::Proof => {
                "the stock MLflow client registered and loaded a model through the new side"
                    .to_owned()
            }
            Self::CleanUp => "the old side carries nothing and is gone".to_owned(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreCheck => f.write_str("pre-check"),
            Self::ApplyGate => f.write_str("apply"),
            Self::Attach => f.write_str("attach"),
            Self::VerifyDirectly => f.write_str("verify-directly"),
            Self::Shift(percent) => write!(f, "shift-{percent}"),
            Self::Hold => f.write_str("hold"),
            Self::Proof => f.write_str("proof"),
            Self::CleanUp => f.write_str("clean-up"),
        }
    }
}
