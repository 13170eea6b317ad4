use proptest::prelude::*;

use super::*;

/// What attacks on artifact stores have used, and what their filters missed: each must be refused.
const TRAVERSALS: &[&str] = &[
    "",
    "/",
    "//",
    ".",
    "..",
    "../",
    "../x",
    "a/..",
    "a/../b",
    "a/./b",
    "./a",
    "a/.",
    "a//b",
    "a/",
    "/a",
    "//a",
    "/etc/passwd",
    "../../../../etc/passwd",
    "a/../../etc/passwd",
    "..\\x",
    "a\\..\\b",
    "a\\b",
    "\\\\host\\share",
    "C:\\x",
    "c:",
    "c:/x",
    "C:x",
    "file:",
    "file:/etc/passwd",
    "file:///etc/passwd",
    "FILE:/etc/passwd",
    "file:x",
    "http:",
    "http://h/x",
    "s3://b/k",
    "mlflow-artifacts:/x",
    "runs:/x/y",
    "models:/m/1",
    "a#b",
    "#",
    "a/#/b",
    "?#",
    "a\0b",
    "\0",
    "a/\0",
    "a\nb",
    "a\rb",
    "\u{7f}",
    "\u{1b}[0m",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{2029}b",
    "%2e%2e",
    "%2e%2e/x",
    "%2E%2E/x",
    ".%2e/x",
    "%2e./x",
    "..%2fx",
    "..%2Fx",
    "a%2f..%2fb",
    "%2fetc/passwd",
    "%2e",
    "a/%2e/b",
    "a/%2e%2e/b",
    "%252e%252e/x",
    "%252e%252e%252fx",
    "%25252e%25252e/x",
    "%255c",
    "%5c",
    "..%5cx",
    "%252f",
    "%25%32%65%25%32%65/x",
    "%%32%65%%32%65/x",
    "%25252525252525252e",
];

#[test]
fn every_known_traversal_is_refused() {
    for payload in TRAVERSALS {
        assert!(
            payload.parse::<ArtifactPath>().is_err(),
            "{payload:?} was let in"
        );
    }
}

#[test]
fn real_names_pass() {
    for path in [
        "1/abc/artifacts/model/MLmodel",
        "images/dog%step%0%timestamp%1700000000%uuid.png",
        "dog%step%23%x",
        "images/dog%step%0%timestamp%1700000000%2f5c00.png",
        "a%2fb",
        "a%5cb",
        "a%252fb",
        "100%",
        "a%2525b",
        "weird name (1).txt",
        "…/日本.txt",
        "ab:c/d",
        "...",
        "..a/b..",
        ".hidden",
        "a?b",
        "a+b&c=d",
        "a~b",
    ] {
        assert_eq!(
            path.parse::<ArtifactPath>().map(|p| p.to_string()),
            Ok(path.to_owned()),
            "{path}"
        );
    }
}

#[test]
fn a_path_is_within_itself_and_its_ancestors_only() {
    let path: ArtifactPath = "a/b/c".parse().unwrap();
    let within = |other: &str| path.is_within(&other.parse().unwrap());
    assert!(within("a/b/c") && within("a/b") && within("a"));
    assert!(!within("a/b/c/d") && !within("a/bb") && !within("b"));
    assert_eq!(path.ancestors().collect::<Vec<_>>(), ["a/b/c", "a/b", "a"]);
}

proptest! {
    /// Whatever parses stays below its root when joined and resolved by the rules of the file system.
    #[test]
    fn a_parsed_path_never_leaves_its_root(raw in r"([a-c.%25fe\\/:#\x00 ]|\.\.){0,24}") {
        if let Ok(path) = raw.parse::<ArtifactPath>() {
            let joined = std::path::Path::new("/base").join(path.as_str());
            for part in joined.components().skip(1) {
                prop_assert!(matches!(part, std::path::Component::Normal(_)));
            }
            prop_assert!(joined.starts_with("/base") && joined.as_os_str().len() > "/base/".len());
        }
    }

    /// Decoding a parsed path again, any number of times, yields no new separator and no dot segment.
    #[test]
    fn decoding_again_sets_nothing_free(raw in r"[a%25fe./]{1,20}") {
        if let Ok(path) = raw.parse::<ArtifactPath>() {
            let mut text = path.as_str().as_bytes().to_vec();
            for _ in 0..12 {
                text = percent_decode(&text).0;
                prop_assert!(!text.split(|b| *b == b'/').any(|s| s == b".." || s == b"."));
                prop_assert!(!text.starts_with(b"/"));
            }
        }
    }
}
