//! What the services read of strangers and clients, without the services: keys, filters and orders, paths and URIs.

use hokusai_core::artifact_path::ArtifactPath;
use hokusai_core::artifact_uri::ArtifactUri;
use hokusai_core::key::ApiKey;
use hokusai_core::search::{Query, Target};

/// Reads the first line as a filter and the others as an order, of everything that can be searched for.
pub fn search(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut lines = text.split('\n').map(str::to_owned);
    let filter = lines.next().unwrap_or_default();
    let order: Vec<String> = lines.collect();
    for target in [
        Target::Runs,
        Target::Experiments,
        Target::Models,
        Target::Versions,
        Target::LoggedModels,
    ] {
        match Query::parse(target, &filter, &order) {
            Ok(query) => _ = query.wants_prompts(),
            Err(refused) => assert!(
                !refused.to_string().is_empty(),
                "a refusal without a message"
            ),
        }
    }
}

/// Reads a path of an artifact and a URI: neither may leave its root.
pub fn artifact(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(path) = text.parse::<ArtifactPath>() {
        stays_within(&path);
    }
    match text.parse::<ArtifactUri>() {
        Ok(ArtifactUri::Stored(path)) => stays_within(&path),
        Ok(ArtifactUri::Run { run_id, path }) => {
            assert!(
                !run_id.is_empty() && !run_id.contains(['/', '.']),
                "{run_id:?}"
            );
            path.iter().for_each(stays_within);
        }
        Ok(ArtifactUri::Foreign(uri)) => assert!(!uri.starts_with("file:"), "{uri:?}"),
        Ok(ArtifactUri::Model(_)) => {}
        Err(refused) => assert!(
            !refused.to_string().is_empty(),
            "a refusal without a message"
        ),
    }
}

fn stays_within(path: &ArtifactPath) {
    assert!(
        path.segments().all(|part| !matches!(part, "" | "." | "..")),
        "{path}"
    );
    assert!(!path.as_str().contains(['\\', '\0']), "{path:?}");
    let root: ArtifactPath = "0/run/artifacts".parse().expect("a path");
    assert!(root.join(path).is_within(&root), "{path}");
}

/// Reads a key; what is shown of it must not be the key.
pub fn key(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(key) = ApiKey::parse(text) else { return };
    // White space around it is what a shell or an editor left.
    let raw = text.trim();
    assert_eq!(key.reveal(), raw);
    assert!(key.shown().len() < raw.len(), "{}", key.shown());
    assert!(!format!("{key:?}").contains(raw), "a key in a log");
    let _ = (key.has_good_checksum(), key.hash());
}
