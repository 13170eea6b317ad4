//! Keys of metrics, params and tags: one rule for all of them, as MLflow has it.

use crate::python_text::{json_string, normpath, repr};

/// Longest key of a metric, param or tag, in characters (MLflow's limit).
pub const MAX_KEY_CHARS: usize = 250;

/// Why a key is refused. The texts are MLflow's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntityKey {
    /// A character that the rule doesn't list.
    #[error(
        "Invalid value {} for parameter '{path}' supplied: Names may only contain alphanumerics, underscores (_), \
         dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
        json_string(key)
    )]
    Character {
        /// Name of the request's field.
        path: String,
        /// What was given.
        key: String,
    },
    /// The key, read as a path, means another key.
    #[error(
        "Invalid value {} for parameter '{path}' supplied: Names may be treated as files in certain cases, and must \
         not resolve to other names when treated as such. This name would resolve to {}",
        json_string(key),
        repr(&normpath(key))
    )]
    NotUnique {
        /// Name of the request's field.
        path: String,
        /// What was given.
        key: String,
    },
}

/// Checks the characters and the path form of a key; its length has a message of its own per kind of key.
/// `path` is the field's name in the request, for the message.
pub fn check_key(key: &str, path: &str) -> Result<(), InvalidEntityKey> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | ' ' | ':');
    if !key.chars().all(allowed) {
        return Err(InvalidEntityKey::Character {
            path: path.to_owned(),
            key: key.to_owned(),
        });
    }
    if is_ambiguous_path(key) {
        return Err(InvalidEntityKey::NotUnique {
            path: path.to_owned(),
            key: key.to_owned(),
        });
    }
    Ok(())
}

/// Whether a name, read as a path, would be another name or leave its directory.
pub fn is_ambiguous_path(name: &str) -> bool {
    // What has neither slash nor leading dot is its own normal form; nearly every key is asked here, so the others may pay.
    if !name.is_empty() && !name.starts_with('.') && !name.contains('/') {
        return false;
    }
    let normal = normpath(name);
    normal != name || normal == "." || normal.starts_with("..") || normal.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_pass() {
        for key in [
            "loss",
            "val/loss",
            "mlflow.source.name",
            "a b:c-d_e",
            "größe",
        ] {
            assert_eq!(check_key(key, "key"), Ok(()), "{key}");
        }
    }

    #[test]
    fn a_strange_character_is_named_as_mlflow_does() {
        let error = check_key("a$b", "key").unwrap_err().to_string();
        assert!(
            error.starts_with("Invalid value \"a$b\" for parameter 'key' supplied: Names may only")
        );
    }

    #[test]
    fn a_key_that_is_another_path_is_refused() {
        for key in ["", "a/../b", "/a", "./a", "..", "a//b", "a/"] {
            assert!(
                matches!(
                    check_key(key, "key"),
                    Err(InvalidEntityKey::NotUnique { .. })
                ),
                "{key}"
            );
        }
    }
}
