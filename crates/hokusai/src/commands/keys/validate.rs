//! `hokusai keys validate`.

use clap::Args;
use serde_json::{Value, json};

use super::door::Door;
use super::table::{print_json, print_rows, text};
use crate::exit::{Exit, Failure};

/// For what.
#[derive(Args)]
pub(super) struct Validate {
    /// Also asks whether the key has this scope.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
}

/// Validates your own key: exit code 0 if it is good, 1 if it is not.
pub(super) async fn run(door: &Door, validate: &Validate, json: bool) -> anyhow::Result<Exit> {
    if matches!(door, Door::Local(_)) {
        return Err(Failure::usage(
            "`keys validate` asks a running auth service what it thinks of a key",
            "leave --local out; `hokusai keys list --local` shows what the database knows",
        ));
    }
    let body = validate
        .scope
        .as_ref()
        .map(|scope| json!({"required_scope": scope}));
    let answer = door
        .ask("POST", "/api/v1/keys/validate", body.as_ref())
        .await?;
    let is_valid = answer.get("is_valid").and_then(Value::as_bool) == Some(true);
    if json {
        print_json(&answer)?;
    } else if is_valid {
        let rows = [("key", "key_id"), ("user", "user_id"), ("scopes", "scopes")]
            .map(|(title, field)| vec![title.to_owned(), text(&answer, field)]);
        println!("the key is good");
        print_rows(&rows);
    } else {
        println!(
            "the key is refused ({}): {}",
            text(&answer, "code"),
            text(&answer, "error")
        );
    }
    Ok(if is_valid { Exit::Fine } else { Exit::Findings })
}
