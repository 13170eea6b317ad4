//! Header conditions. Envoy compares the values of a repeated header joined by commas; the rule wants any one of them to
//! match. So a filter in Lua looks at each occurrence and lists the conditions that hold in a header of its own, which
//! routes test, no client can set and no target sees.

use serde_json::{Value, json};

use super::typed;
use crate::model::{Condition, Glob, Listener, Pattern, Test};
use crate::questions::rule_name;
use crate::writer::Refusals;

/// The header conditions of a listener that can be written, each with its number.
pub(super) struct Headers(Vec<(String, Vec<Glob>)>);

impl Headers {
    pub(super) fn of(listener: &Listener, refusals: &mut Refusals) -> Self {
        let mut all: Vec<(String, Vec<Glob>)> = Vec::new();
        for rule in &listener.rules {
            for condition in &rule.conditions {
                let Test::Header { name, values } = &condition.test else {
                    continue;
                };
                let Some(globs) = globs(values) else {
                    let message = format!(
                        "{}: a regex for header `{name}` is not written as Envoy configuration",
                        rule_name(rule)
                    );
                    let help = "write its values with `*` and `?`";
                    refusals.refuse(condition.span, message, help);
                    continue;
                };
                let entry = (name.to_ascii_lowercase(), globs);
                if !all.contains(&entry) {
                    all.push(entry);
                }
            }
        }
        Self(all)
    }

    /// The test that a condition holds.
    pub(super) fn test(&self, condition: &Condition) -> Option<Value> {
        let Test::Header { name, values } = &condition.test else {
            return None;
        };
        let entry = (name.to_ascii_lowercase(), globs(values)?);
        let number = self.0.iter().position(|other| *other == entry)? + 1;
        Some(json!({ "name": HELD, "string_match": { "contains": format!(",{number},") } }))
    }

    /// The header that the filter sets, when there is one.
    pub(super) fn own_header(&self) -> Option<&'static str> {
        (!self.0.is_empty()).then_some(HELD)
    }

    pub(super) fn filter(&self) -> Option<Value> {
        self.own_header()?;
        let conditions = self.0.iter().map(|(name, globs)| {
            let globs: Vec<String> = globs
                .iter()
                .map(|glob| lua(&glob.text().to_ascii_lowercase()))
                .collect();
            format!(
                "  {{ name = {}, globs = {{ {} }} }},\n",
                lua(name),
                globs.join(", ")
            )
        });
        let conditions: String = conditions.collect();
        let code = format!("local conditions = {{\n{conditions}}}\n{LOOK}");
        let code = code.replace("HELD", &lua(HELD));
        Some(json!({
            "name": "envoy.filters.http.lua",
            "typed_config": typed(
                "envoy.extensions.filters.http.lua.v3.Lua",
                json!({ "default_source_code": { "inline_string": code } }),
            ),
        }))
    }
}

/// The globs of a condition; `None` when one of its values is a regex.
fn globs(values: &[Pattern]) -> Option<Vec<Glob>> {
    let glob = |value: &Pattern| match value {
        Pattern::Glob(glob) => Some(glob.clone()),
        Pattern::Regex(_) => None,
    };
    values.iter().map(glob).collect()
}

/// A string of Lua.
fn lua(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'*' | b'?' | b'/' => {
            char::from(byte).to_string()
        }
        _ => format!("\\{byte:03}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Name of the header that lists the conditions that hold.
const HELD: &str = "x-frontdoor-held-conditions";

/// Only the last `*` is ever retried, as in the matcher.
const LOOK: &str = r#"
local function matches(glob, text)
  local at, token, star, mark = 1, 1, nil, nil
  while at <= #text do
    local want = glob:sub(token, token)
    if want == "*" then
      star, mark = token, at
      token = token + 1
    elseif want == "?" or (want ~= "" and want == text:sub(at, at)) then
      at, token = at + 1, token + 1
    elseif star then
      mark = mark + 1
      at, token = mark, star + 1
    else
      return false
    end
  end
  while glob:sub(token, token) == "*" do
    token = token + 1
  end
  return token > #glob
end

local function holds(headers, condition)
  for index = 0, headers:getNumValues(condition.name) - 1 do
    local value = headers:getAtIndex(condition.name, index):lower()
    for _, glob in ipairs(condition.globs) do
      if matches(glob, value) then
        return true
      end
    end
  end
  return false
end

function envoy_on_request(handle)
  local headers, held = handle:headers(), ","
  for number, condition in ipairs(conditions) do
    if holds(headers, condition) then
      held = held .. number .. ","
    end
  end
  headers:replace(HELD, held)
  handle:clearRouteCache()
end
"#;
