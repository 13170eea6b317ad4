//! Answers for people: values in words, rows in columns.

use std::io::Write as _;

use serde_json::Value;

/// A field in words; `-` when there is nothing.
pub(in crate::commands) fn text(object: &Value, field: &str) -> String {
    match object.get(field) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => printable(text),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Array(values)) if values.is_empty() => "-".to_owned(),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), printable))
            .collect::<Vec<_>>()
            .join(" "),
        Some(other) => other.to_string(),
    }
}

/// Prints the answer as it came, indented.
pub(in crate::commands) fn print_json(value: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Prints rows with their columns aligned.
pub(in crate::commands) fn print_rows(rows: &[Vec<String>]) {
    for line in aligned(rows) {
        println!("{line}");
    }
}

fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join("  ").trim_end().to_owned()
        })
        .collect()
}

/// Names come from other people: control characters could rewrite the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_aligned_and_lines_do_not_trail() {
        let rows = [["ID", "NAME"], ["abc", "x"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), ["ID   NAME", "abc  x"]);
    }

    #[test]
    fn values_read_as_words_and_never_steer_the_terminal() {
        let key =
            json!({"name": "a\u{1b}[2J", "is_active": true, "scopes": ["a", "b"], "none": null});
        assert_eq!(text(&key, "name"), "a\u{fffd}[2J");
        assert_eq!(text(&key, "is_active"), "yes");
        assert_eq!(text(&key, "scopes"), "a b");
        assert_eq!(text(&key, "none"), "-");
    }
}
