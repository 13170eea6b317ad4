//! Page tokens of the model searches: opaque to clients, MLflow's own form, so that its messages fit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::ApiError;

/// The token of the page that begins at `offset`.
pub fn encode(offset: i64) -> String {
    STANDARD.encode(format!("{{\"offset\": {offset}}}"))
}

/// Where the page begins; without a token at the start.
pub fn decode(token: Option<&str>) -> Result<i64, ApiError> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(0);
    };
    let bytes = STANDARD
        .decode(token)
        .map_err(|_| ApiError::invalid("Invalid page token, could not base64-decode"))?;
    let parsed: serde_json::Value = serde_json::from_slice(&bytes)
        .map_err(|_| ApiError::invalid(format!("Invalid page token, decoded value={token}")))?;
    parsed
        .get("offset")
        .and_then(serde_json::Value::as_i64)
        .filter(|offset| *offset >= 0)
        .ok_or_else(|| ApiError::invalid("Invalid page token, parsed value has no offset"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_its_offset() {
        assert_eq!(decode(Some(&encode(200))).unwrap(), 200);
        assert_eq!(decode(None).unwrap(), 0);
        assert!(
            decode(Some("%%%"))
                .unwrap_err()
                .message()
                .contains("could not base64-decode")
        );
    }
}
