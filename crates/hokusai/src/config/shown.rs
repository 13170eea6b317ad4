//! A setting as `hokusai config show` prints it: name, value, source.

use serde_json::{Value, json};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The command line; the flag.
    Flag(String),
    /// The environment; the variable's name.
    Environment(String),
    /// The file; its path.
    File(String),
    /// Nobody said anything.
    Default,
}

/// One setting.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// As in the file; the flag is `--name`.
    pub name: String,
    /// As they were said; none if nothing was and there is no default.
    pub values: Vec<String>,
    /// Where they came from.
    pub source: Source,
    /// Never printed.
    pub is_secret: bool,
    /// May have several values.
    pub is_list: bool,
    /// Is on or off.
    pub is_switch: bool,
}

impl Source {
    fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "flag",
            Self::Environment(_) => "environment",
            Self::File(_) => "file",
            Self::Default => "default",
        }
    }

    fn place(&self) -> Option<&str> {
        match self {
            Self::Flag(place) | Self::Environment(place) | Self::File(place) => Some(place),
            Self::Default => None,
        }
    }
}

impl Setting {
    /// A line of TOML that ends with the source as a comment.
    pub(crate) fn line(&self) -> String {
        let source = match self.source.place() {
            None => "default".to_owned(),
            Some(place) => format!("{} {place}", self.source.kind()),
        };
        match self.value() {
            Value::Null => format!("# {} is not set", self.name),
            value => format!("{} = {value}  # {source}", self.name),
        }
    }

    /// Name and, as JSON, value and source.
    pub(crate) fn json(&self) -> (String, Value) {
        let source = json!({"kind": self.source.kind(), "name": self.source.place()});
        (
            self.name.clone(),
            json!({"value": self.value(), "source": source}),
        )
    }

    /// JSON's texts, numbers, lists and truths are also TOML's.
    fn value(&self) -> Value {
        if self.is_list {
            return self.values.iter().map(|value| self.scalar(value)).collect();
        }
        self.values
            .first()
            .map_or(Value::Null, |value| self.scalar(value))
    }

    fn scalar(&self, value: &str) -> Value {
        if self.is_secret {
            return "(hidden)".into();
        }
        if self.is_switch {
            return ON.contains(&value.to_ascii_lowercase().as_str()).into();
        }
        value
            .parse::<i64>()
            .map_or_else(|_| value.into(), Value::from)
    }
}

const ON: [&str; 6] = ["true", "yes", "on", "y", "t", "1"];
