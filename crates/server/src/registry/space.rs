//! The registry's series at `/metrics` about space for uploads.

use std::fmt;
use std::sync::Arc;

use hokusai_artifacts::Artifacts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::RegistryState;
use super::uploads::Uploads;

/// What is free, what is kept, what was turned away.
#[derive(Debug)]
pub(super) struct SpaceSeries {
    artifacts: Artifacts,
    uploads: Arc<Uploads>,
}

impl SpaceSeries {
    pub(super) fn of(state: &RegistryState) -> Self {
        Self {
            artifacts: state.artifacts.clone(),
            uploads: Arc::clone(&state.uploads),
        }
    }
}

impl Collector for SpaceSeries {
    fn encode(&self, mut page: DescriptorEncoder) -> fmt::Result {
        if let Some(space) = self.artifacts.space() {
            gauge(&mut page, FREE, space.free_bytes)?;
            gauge(&mut page, FLOOR, space.floor_bytes)?;
        }
        if let Some((quota, stored)) = self.uploads.quota() {
            gauge(&mut page, QUOTA, quota)?;
            gauge(&mut page, STORED, stored)?;
        }
        let (name, help) = REFUSED;
        let refused = ConstCounter::new(self.uploads.refused());
        refused.encode(page.encode_descriptor(name, help, None, refused.metric_type())?)
    }
}

fn gauge(page: &mut DescriptorEncoder, (name, help): Series, value: u64) -> fmt::Result {
    let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    value.encode(page.encode_descriptor(name, help, None, value.metric_type())?)
}

type Series = (&'static str, &'static str);

const FREE: Series = (
    "artifacts_free_bytes",
    "Free space of the artifacts' file system",
);
const FLOOR: Series = (
    "artifacts_floor_bytes",
    "Uploads are refused before less than this is free",
);
const QUOTA: Series = ("upload_quota_bytes", "What all uploads together may take");
const STORED: Series = (
    "uploads_stored_bytes",
    "What they take, as of the last look",
);
const REFUSED: Series = (
    "uploads_refused",
    "Uploads that were refused for want of space",
);
