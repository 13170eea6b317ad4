//! The id that follows a request through front door, services and log.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header that carries it, in and out.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids that no other process makes.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            count: AtomicU64::new(0),
        }
    }

    /// The client's id if it is short and plain, else a new one.
    pub(crate) fn id_of(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(sent) = headers.get(HEADER).filter(|id| is_id(id.as_bytes())) {
            return sent.clone();
        }
        // SplitMix64: a bijection, so two numbers never meet.
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut id = self
            .seed
            .wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        id ^= id >> 31;
        HeaderValue::try_from(format!("{id:016x}")).unwrap_or(HeaderValue::from_static("-"))
    }
}

/// What the services take over, too: nothing that could break a log line or be a key.
fn is_id(id: &[u8]) -> bool {
    (8..=36).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ids_are_kept_and_others_replaced_by_new_ones() {
        let ids = RequestIds::new(7);
        let of = |id: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            if let Some(id) = id {
                headers.insert(HEADER, HeaderValue::from_static(id));
            }
            ids.id_of(&headers).to_str().unwrap().to_owned()
        };
        assert_eq!(of(Some("0123abcd-ef")), "0123abcd-ef");
        let (first, second, third) = (of(None), of(Some("x=1 y=2 z")), of(Some("short")));
        assert!(first != second && second != third);
        assert!(
            [first, second, third]
                .iter()
                .all(|id| id.len() == 16 && is_id(id.as_bytes()))
        );
    }
}
