//! Which fields a search knows: `entity.key`, or a bare attribute.

use super::value::bare;
use super::{Attribute, DatasetField, Field, InvalidSearch, Target, refuse};

/// Whether a field stands in a filter or in an order; the sets of names differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a comparison.
    Filter,
    /// In an order.
    Order,
}

/// Reads a field.
pub(super) fn read(target: Target, place: Place, raw: &str) -> Result<Field, InvalidSearch> {
    let (entity, key) = raw.split_once('.').unwrap_or(("attribute", raw));
    let key = bare(key);
    let entity = entity.trim_matches('`');
    match target {
        Target::Runs => of_runs(place, entity, key),
        Target::LoggedModels => of_logged_models(raw, key),
        Target::Experiments | Target::Models | Target::Versions => match entity {
            "tag" | "tags" => Ok(Field::Tag(key.to_owned())),
            "attribute" => attribute(target, place, key),
            other => refuse(format!(
                "Invalid entity type '{other}'. Valid entity types are ('attribute', 'tag', 'tags')"
            )),
        },
    }
}

fn of_runs(place: Place, entity: &str, key: &str) -> Result<Field, InvalidSearch> {
    Ok(match entity {
        "tag" | "tags" => Field::Tag(key.to_owned()),
        "attribute" | "attributes" | "attr" | "run" => {
            return attribute(Target::Runs, place, key);
        }
        "metric" | "metrics" => Field::Metric(key.to_owned()),
        "parameter" | "parameters" | "param" | "params" => Field::Param(key.to_owned()),
        "dataset" | "datasets" => Field::Dataset(dataset(key)?),
        other => {
            return refuse(format!(
                "Invalid entity type '{other}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"
            ));
        }
    })
}

/// The real server knows one spelling of each entity here.
fn of_logged_models(raw: &str, key: &str) -> Result<Field, InvalidSearch> {
    match raw.split_once('.').map(|(entity, _)| entity) {
        None | Some("attributes") => attribute(Target::LoggedModels, Place::Filter, key),
        Some("metrics") => Ok(Field::Metric(key.to_owned())),
        Some("params") => Ok(Field::Param(key.to_owned())),
        Some("tags") => Ok(Field::Tag(key.to_owned())),
        Some(other) => refuse(format!(
            "Invalid entity type: '{other}'. Expected one of ['attributes', 'metrics', 'params', 'tags']."
        )),
    }
}

fn attribute(target: Target, place: Place, key: &str) -> Result<Field, InvalidSearch> {
    use Attribute::{
        ArtifactUri, CreationTime, EndTime, ExperimentId, LastUpdateTime, ModelId, ModelType, Name,
        RunId, RunName, SourcePath, SourceRunId, StartTime, Status, StatusMessage, UserId,
        VersionNumber,
    };
    use Place::{Filter, Order};
    use Target::{Experiments, LoggedModels, Models, Runs, Versions};
    let known = match (target, place, key) {
        (Runs, _, "run_name") | (Runs, Filter, "run name" | "Run name" | "Run Name") => RunName,
        (Runs, _, "run_id") | (Versions, Filter, "run_id") => RunId,
        (Runs, _, "user_id") => UserId,
        (Runs | LoggedModels, _, "status") => Status,
        (Runs, _, "start_time" | "created" | "Created") => StartTime,
        (Runs, _, "end_time") => EndTime,
        (Runs, _, "artifact_uri") | (LoggedModels, _, "artifact_location") => ArtifactUri,
        (Experiments | Models | Versions | LoggedModels, _, "name") => Name,
        (Experiments | LoggedModels, _, "experiment_id") => ExperimentId,
        (Experiments, _, "creation_time")
        | (Versions, Order, "creation_timestamp")
        | (LoggedModels, _, "creation_time" | "creation_timestamp" | "creation_timestamp_ms") => {
            CreationTime
        }
        (Experiments, _, "last_update_time")
        | (Models | Versions, Order, "last_updated_timestamp")
        | (Models, Order, "timestamp")
        | (LoggedModels, _, "last_updated_timestamp" | "last_updated_timestamp_ms") => {
            LastUpdateTime
        }
        (Versions, _, "version_number") => VersionNumber,
        (Versions, Filter, "source_path") => SourcePath,
        (LoggedModels, _, "model_id") => ModelId,
        (LoggedModels, _, "model_type") => ModelType,
        (LoggedModels, _, "source_run_id") => SourceRunId,
        (LoggedModels, _, "status_message") => StatusMessage,
        _ => {
            return refuse(format!(
                "Invalid attribute key '{key}' specified. Valid keys are '{}'",
                keys(target, place)
            ));
        }
    };
    Ok(Field::Attribute(known))
}

/// For messages.
const fn keys(target: Target, place: Place) -> &'static str {
    match (target, place) {
        (Target::Runs, Place::Filter) => {
            "{'Created', 'Run Name', 'Run name', 'artifact_uri', 'created', 'end_time', 'run name', 'run_id', \
             'run_name', 'start_time', 'status', 'user_id'}"
        }
        (Target::Runs, Place::Order) => {
            "{'Created', 'artifact_uri', 'created', 'end_time', 'run_id', 'run_name', 'start_time', 'status', 'user_id'}"
        }
        (Target::Experiments, _) => {
            "{'creation_time', 'experiment_id', 'last_update_time', 'name'}"
        }
        (Target::Models, Place::Filter) => "{'name'}",
        (Target::Models, Place::Order) => "{'last_updated_timestamp', 'name'}",
        (Target::Versions, Place::Filter) => "{'name', 'run_id', 'source_path', 'version_number'}",
        (Target::Versions, Place::Order) => {
            "{'creation_timestamp', 'last_updated_timestamp', 'name', 'version_number'}"
        }
        (Target::LoggedModels, _) => {
            "{'artifact_location', 'creation_timestamp', 'experiment_id', 'last_updated_timestamp', 'model_id', \
             'model_type', 'name', 'source_run_id', 'status', 'status_message'}"
        }
    }
}

fn dataset(key: &str) -> Result<DatasetField, InvalidSearch> {
    match key {
        "name" => Ok(DatasetField::Name),
        "digest" => Ok(DatasetField::Digest),
        "context" => Ok(DatasetField::Context),
        other => refuse(format!(
            "Invalid dataset key '{other}' specified. Valid keys are '{{'context', 'digest', 'name'}}'"
        )),
    }
}
