//! `hokusai config show`.

use serde_json::{Map, Value};

use crate::config::{Setting, Settings};
use crate::exit::Exit;

/// Prints every setting with its source, as TOML that --config takes or as JSON. Secrets are only said to be there.
pub(super) fn run(settings: &Settings, listing: &[Setting], json: bool) -> anyhow::Result<Exit> {
    settings.check()?;
    if json {
        let fields: Map<String, Value> = listing.iter().map(Setting::json).collect();
        println!("{}", serde_json::to_string_pretty(&fields)?);
    } else {
        for setting in listing {
            println!("{}", setting.line());
        }
    }
    Ok(Exit::Fine)
}
