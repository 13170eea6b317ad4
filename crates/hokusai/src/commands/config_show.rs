//! `hokusai config show`.

use crate::config::Settings;
use crate::exit::Exit;

/// Prints the settings as TOML or JSON; the database's URL is a secret and is only said to be there.
pub(super) fn run(settings: &Settings, json: bool) -> anyhow::Result<Exit> {
    settings.check()?;
    if json {
        let mut value = serde_json::to_value(settings)?;
        if let (Some(fields), Some(_)) = (value.as_object_mut(), &settings.database_url) {
            fields.insert("database-url".to_owned(), "(hidden)".into());
        }
        println!("{}", serde_json::to_string_pretty(&value)?);
        return Ok(Exit::Fine);
    }
    if settings.database_url.is_some() {
        println!("database-url = \"(hidden)\"");
    }
    print!("{}", toml::to_string(settings)?);
    Ok(Exit::Fine)
}
