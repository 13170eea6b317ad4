//! Which metrics are better when lower, so that a baseline can be judged.

/// What a better value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Accuracy and its like.
    HigherIsBetter,
    /// Errors, losses, times.
    LowerIsBetter,
}

impl Direction {
    /// The direction of a metric, judged by its name: the last path segment is split into words, and one word that
    /// stands for an error, a loss or a cost decides.
    pub fn of(metric: &str) -> Self {
        let name = metric
            .rsplit('/')
            .next()
            .unwrap_or(metric)
            .to_ascii_lowercase();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        if words.any(|word| LOWER_IS_BETTER.contains(&word)) {
            Self::LowerIsBetter
        } else {
            Self::HigherIsBetter
        }
    }

    /// Whether `value` is at least as good as `baseline`. NaN reaches nothing.
    pub fn reaches(self, value: f64, baseline: f64) -> bool {
        match self {
            Self::HigherIsBetter => value >= baseline,
            Self::LowerIsBetter => value <= baseline,
        }
    }

    /// `at least` or `at most`, for messages.
    pub fn bound(self) -> &'static str {
        match self {
            Self::HigherIsBetter => "at least",
            Self::LowerIsBetter => "at most",
        }
    }
}

/// Words that mark a metric as better when lower.
const LOWER_IS_BETTER: &[&str] = &[
    "bpb",
    "brier",
    "cer",
    "cost",
    "deviance",
    "distance",
    "divergence",
    "duration",
    "error",
    "errors",
    "fid",
    "fnr",
    "fpr",
    "hamming",
    "hinge",
    "kl",
    "latency",
    "logloss",
    "loss",
    "mae",
    "mape",
    "mase",
    "mse",
    "msle",
    "nll",
    "perplexity",
    "pinball",
    "ppl",
    "residual",
    "rmse",
    "rmsle",
    "rmspe",
    "smape",
    "time",
    "wape",
    "wer",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_losses_are_better_when_lower() {
        for metric in [
            "mse",
            "RMSE",
            "val_loss",
            "test/mae",
            "log_loss",
            "latency_ms",
            "mean_squared_error",
        ] {
            assert_eq!(Direction::of(metric), Direction::LowerIsBetter, "{metric}");
        }
        for metric in [
            "accuracy",
            "auroc",
            "f1",
            "r2",
            "reply_rate",
            "conversion_rate",
            "lossless_ratio",
        ] {
            assert_eq!(Direction::of(metric), Direction::HigherIsBetter, "{metric}");
        }
    }

    #[test]
    fn a_baseline_is_reached_from_the_right_side() {
        assert!(Direction::HigherIsBetter.reaches(0.87, 0.82));
        assert!(!Direction::LowerIsBetter.reaches(0.87, 0.82));
        assert!(Direction::LowerIsBetter.reaches(0.82, 0.82));
        assert!(!Direction::HigherIsBetter.reaches(f64::NAN, 0.0));
        assert!(!Direction::LowerIsBetter.reaches(f64::NAN, 0.0));
    }
}
