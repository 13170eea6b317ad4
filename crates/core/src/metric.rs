//! Points of metrics.

/// A value of a metric at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name of the metric.
    pub key: String,
    /// The value; NaN is allowed, infinities are clamped.
    pub value: f64,
    /// Milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Position in the training, in the user's own count.
    pub step: i64,
}

impl Metric {
    /// A point with its value as MLflow stores it: infinities become the largest doubles.
    pub const fn new(key: String, value: f64, timestamp_ms: i64, step: i64) -> Self {
        Self {
            key,
            value: clamp(value),
            timestamp_ms,
            step,
        }
    }
}

const fn clamp(value: f64) -> f64 {
    if value == f64::INFINITY {
        f64::MAX
    } else if value == f64::NEG_INFINITY {
        f64::MIN
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_become_the_largest_doubles_and_nan_stays() {
        let value = |value| Metric::new("m".to_owned(), value, 0, 0).value;
        assert!((value(f64::INFINITY) - f64::MAX).abs() < f64::EPSILON);
        assert!((value(f64::NEG_INFINITY) - f64::MIN).abs() < f64::EPSILON);
        assert!(value(f64::NAN).is_nan());
    }
}
