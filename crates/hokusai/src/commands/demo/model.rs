//! A small real model: a straight line, fitted by least squares to how many cups of tea a morning takes.

use serde_json::json;

/// The files of a fitted model, and how well it fits.
pub(super) struct FittedModel {
    /// Path and content of each file.
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
    /// The share of the variance that the line explains.
    pub(super) r2: f64,
}

/// Fits the line and writes it down.
pub(super) fn fit() -> FittedModel {
    let (slope, intercept) = line(&HOURS_AND_CUPS);
    let mean = HOURS_AND_CUPS.iter().map(|(_, cups)| cups).sum::<f64>() / COUNT;
    let total: f64 = HOURS_AND_CUPS
        .iter()
        .map(|(_, cups)| (cups - mean).powi(2))
        .sum();
    let rest: f64 = HOURS_AND_CUPS
        .iter()
        .map(|(hours, cups)| (cups - slope.mul_add(*hours, intercept)).powi(2))
        .sum();
    let coefficients = json!({"kind": "line", "slope": slope, "intercept": intercept});
    let mlmodel = "artifact_path: model\nflavors:\n  linear:\n    data: coefficients.json\n";
    FittedModel {
        files: vec![
            ("MLmodel", mlmodel.as_bytes().to_vec()),
            ("coefficients.json", coefficients.to_string().into_bytes()),
        ],
        r2: 1.0 - rest / total,
    }
}

fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let sum = |value: fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>();
    let (x, y) = (sum(|point| point.0), sum(|point| point.1));
    let (xx, xy) = (
        sum(|point| point.0 * point.0),
        sum(|point| point.0 * point.1),
    );
    let slope = COUNT.mul_add(xy, -x * y) / COUNT.mul_add(xx, -x * x);
    (slope, slope.mul_add(-x, y) / COUNT)
}

const HOURS_AND_CUPS: [(f64, f64); 6] = [
    (1.0, 0.9),
    (2.0, 2.1),
    (3.0, 2.8),
    (4.0, 4.2),
    (5.0, 4.9),
    (6.0, 6.1),
];
const COUNT: f64 = 6.0;

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_fits() {
        assert!(super::fit().r2 > 0.99);
    }
}
