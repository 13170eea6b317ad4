//! A body on its way to a store, watched: who sends next to nothing holds a connection and a place for nothing.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::{ArtifactError, Limits};

/// Chunks on their way from the connection to the store: enough to keep both busy, few enough for 10 MB of memory.
pub(crate) const CHUNKS_IN_FLIGHT: usize = 64;
/// A store that takes a chunk in less time than this costs the client's patience nothing worth counting.
const NOTICEABLE: Duration = Duration::from_millis(50);

/// Hands chunks to the writer. The end of the body is a message too, so that a broken body is never taken for a whole one.
pub(crate) async fn feed<S, E>(
    sender: mpsc::Sender<Option<Bytes>>,
    limits: Limits,
    body: S,
) -> Result<(), ArtifactError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::fmt::Display,
{
    let mut body = std::pin::pin!(body);
    let patience = Duration::from_secs(limits.stall_seconds);
    let mut watch = std::pin::pin!(tokio::time::sleep(patience));
    let mut brought = 0_u64;
    loop {
        let next = tokio::select! {
            biased;
            next = body.next() => next,
            () = watch.as_mut() => {
                if brought < limits.stall_bytes {
                    let (bytes, seconds) = (limits.stall_bytes, limits.stall_seconds);
                    return Err(ArtifactError::Stalled { bytes, seconds });
                }
                brought = 0;
                let next = watch.deadline() + patience;
                watch.as_mut().reset(next);
                continue;
            }
        };
        let message = next
            .transpose()
            .map_err(|error| ArtifactError::Body(error.to_string()))?;
        let is_end = message.is_none();
        brought += message
            .as_ref()
            .map_or(0, |chunk| u64::try_from(chunk.len()).unwrap_or(0));
        let offered = Instant::now();
        if sender.send(message).await.is_err() || is_end {
            return Ok(());
        }
        let waited = offered.elapsed();
        if waited > NOTICEABLE {
            // The time that the store takes is not the client's.
            let deadline = watch.deadline() + waited;
            watch.as_mut().reset(deadline);
        }
    }
}
