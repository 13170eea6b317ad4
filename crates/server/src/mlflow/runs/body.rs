//! A run as clients read it. Written straight from the run: a search answers with thousands of points, params and tags.

use hokusai_core::metric::Metric;
use hokusai_core::run::RunInfo;
use hokusai_store::run_inputs::{DatasetInput, Direction};
use hokusai_store::runs::Run;
use serde::{Serialize, Serializer};

/// The run with what it logged, read and made; empty lists are left out, as protobuf does.
#[derive(Serialize)]
pub(in crate::mlflow) struct RunBody<'r> {
    info: InfoBody<'r>,
    data: DataBody<'r>,
    inputs: InputsBody<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outputs: Option<OutputsBody<'r>>,
}

impl<'r> RunBody<'r> {
    /// All of the run.
    pub(in crate::mlflow) fn new(run: &'r Run) -> Self {
        let of = |direction| {
            run.models
                .iter()
                .filter(move |model| model.direction == direction)
        };
        Self {
            info: InfoBody::new(&run.info),
            data: DataBody {
                metrics: run.metrics.iter().map(PointBody::new).collect(),
                params: pairs(&run.params),
                tags: pairs(&run.tags),
            },
            inputs: InputsBody {
                dataset_inputs: run.datasets.iter().map(DatasetInputBody::new).collect(),
                model_inputs: of(Direction::Input)
                    .map(|model| ModelInputBody {
                        model_id: &model.model_id,
                    })
                    .collect(),
            },
            outputs: Some(OutputsBody {
                model_outputs: of(Direction::Output)
                    .map(|model| ModelOutputBody {
                        model_id: &model.model_id,
                        step: model.step,
                    })
                    .collect(),
            }),
        }
    }

    /// As a search answers: the real server leaves out the models that the run read.
    pub(in crate::mlflow) fn found(run: &'r Run) -> Self {
        let mut body = Self::new(run);
        body.inputs.model_inputs.clear();
        body
    }

    /// As its creation answers: the real server leaves out what it made there, and only there.
    pub(in crate::mlflow) fn created(run: &'r Run) -> Self {
        Self {
            outputs: None,
            ..Self::new(run)
        }
    }
}

/// The run itself; an end that is not set is left out.
#[derive(Serialize)]
pub(in crate::mlflow) struct InfoBody<'r> {
    run_uuid: &'r str,
    #[serde(serialize_with = "as_text")]
    experiment_id: i64,
    run_name: &'r str,
    user_id: &'r str,
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    artifact_uri: &'r str,
    lifecycle_stage: &'static str,
    run_id: &'r str,
}

impl<'r> InfoBody<'r> {
    /// The run without what it logged.
    pub(in crate::mlflow) fn new(run: &'r RunInfo) -> Self {
        Self {
            run_uuid: &run.run_id,
            experiment_id: run.experiment_id,
            run_name: &run.name,
            user_id: &run.user_id,
            status: run.status.as_str(),
            start_time: run.start_ms,
            end_time: run.end_ms,
            artifact_uri: &run.artifact_uri,
            lifecycle_stage: run.lifecycle.as_str(),
            run_id: &run.run_id,
        }
    }
}

/// A point; NaN is a string in JSON.
#[derive(Serialize)]
pub(in crate::mlflow) struct PointBody<'r> {
    key: &'r str,
    #[serde(serialize_with = "number_or_nan")]
    value: f64,
    timestamp: i64,
    step: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<&'r str>,
}

impl<'r> PointBody<'r> {
    /// A point of a run that is known from elsewhere.
    pub(in crate::mlflow) fn new(metric: &'r Metric) -> Self {
        Self {
            key: &metric.key,
            value: metric.value,
            timestamp: metric.timestamp_ms,
            step: metric.step,
            run_id: None,
        }
    }

    /// A point among those of several runs.
    pub(in crate::mlflow) fn of_run(metric: &'r Metric, run_id: &'r str) -> Self {
        Self {
            run_id: Some(run_id),
            ..Self::new(metric)
        }
    }
}

#[derive(Serialize)]
struct DataBody<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<PointBody<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<PairBody<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<PairBody<'r>>,
}

#[derive(Serialize)]
struct PairBody<'r> {
    key: &'r str,
    value: &'r str,
}

#[derive(Serialize)]
struct InputsBody<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dataset_inputs: Vec<DatasetInputBody<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_inputs: Vec<ModelInputBody<'r>>,
}

#[derive(Serialize)]
struct OutputsBody<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    model_outputs: Vec<ModelOutputBody<'r>>,
}

#[derive(Serialize)]
struct ModelInputBody<'r> {
    model_id: &'r str,
}

#[derive(Serialize)]
struct ModelOutputBody<'r> {
    model_id: &'r str,
    step: i64,
}

#[derive(Serialize)]
struct DatasetInputBody<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<PairBody<'r>>,
    dataset: DatasetBody<'r>,
}

impl<'r> DatasetInputBody<'r> {
    fn new(input: &'r DatasetInput) -> Self {
        Self {
            tags: pairs(&input.tags),
            dataset: DatasetBody {
                name: &input.name,
                digest: &input.digest,
                source_type: &input.source_type,
                source: &input.source,
                schema: input.schema.as_deref(),
                profile: input.profile.as_deref(),
            },
        }
    }
}

#[derive(Serialize)]
struct DatasetBody<'r> {
    name: &'r str,
    digest: &'r str,
    source_type: &'r str,
    source: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'r str>,
}

fn pairs(pairs: &[(String, String)]) -> Vec<PairBody<'_>> {
    pairs
        .iter()
        .map(|(key, value)| PairBody { key, value })
        .collect()
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn as_text<S: Serializer>(number: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
fn number_or_nan<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    if value.is_nan() {
        to.serialize_str("NaN")
    } else {
        to.serialize_f64(*value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn nan_is_a_string_and_a_run_is_named_only_among_several() {
        let point = Metric::new("m".to_owned(), f64::NAN, 2, 1);
        let written = |body: &PointBody<'_>| -> Value { serde_json::to_value(body).unwrap() };
        let plain = json!({"key": "m", "value": "NaN", "timestamp": 2, "step": 1});
        assert_eq!(written(&PointBody::new(&point)), plain);
        assert_eq!(written(&PointBody::of_run(&point, "r"))["run_id"], "r");
    }
}
