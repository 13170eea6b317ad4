//! How the tables are written: a row a line, its columns between ` | `:
//!
//! `what is wrong | service METHOD target | headers | body | status | what the message must say`
//!
//! A target that begins with `~/` lies below MLflow's API. `-` stands for no headers or no body, `(none)` for a header that is left out. Headers stand between ` & `; a body is JSON unless a header says otherwise. `<run>`,
//! `<experiment>`, `<model>`, `<logged>` and `<key>` stand for things that are there, `<a*9>` for nine letters, `<deep*9>` for nine
//! arrays within each other, `<random*9>` for nine characters that cannot be compressed, `<n*9:text>` for nine times the text,
//! `<list*9:text>` for the same with commas between, `<byte:ff>` for a byte. Empty lines and lines that begin with `#` are left out.

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The table, and what is wrong.
    pub(super) name: String,
    pub(super) service: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    /// What it must get.
    pub(super) status: u16,
    /// What the message must hold.
    pub(super) says: String,
}

/// The rows of a table.
pub(super) fn rows(table: &str, text: &str) -> Vec<Row> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| row(table, line))
        .collect()
}

fn row(table: &str, line: &str) -> Row {
    let columns: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [name, request, headers, body, status, says] = columns[..] else {
        panic!("{table}: {} columns: {line}", columns.len());
    };
    let [service, method, target] = request.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{table}: {request}");
    };
    let given = |column: &str| (column != "-").then(|| column.to_owned());
    let mut headers: Vec<(String, String)> = given(headers)
        .iter()
        .flat_map(|headers| headers.split(" & "))
        .map(|header| {
            header
                .split_once(": ")
                .unwrap_or_else(|| panic!("{header}"))
        })
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = given(body);
    if body.is_some() && headers.iter().all(|(name, _)| name != "content-type") {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Row {
        name: format!("{table}: {name}"),
        service: service.to_owned(),
        method: method.to_owned(),
        target: target.strip_prefix("~/").map_or_else(
            || target.to_owned(),
            |rest| format!("/api/2.0/mlflow/{rest}"),
        ),
        headers,
        body: body.unwrap_or_default(),
        status: status.parse().unwrap_or_else(|_| panic!("{line}")),
        says: says.to_owned(),
    }
}

/// The bytes of a text with what its names in angles stand for; `known` knows those of things that are there.
pub(super) fn expand(text: &str, known: &dyn Fn(&str) -> Option<String>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('<') {
        bytes.extend_from_slice(before.as_bytes());
        let meant = tail
            .split_once('>')
            .and_then(|(name, after)| Some((meaning(name, known)?, after)));
        if let Some((meant, after)) = meant {
            bytes.extend(meant);
            rest = after;
        } else {
            bytes.push(b'<');
            rest = tail;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn meaning(name: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
    if let Some(hex) = name.strip_prefix("byte:") {
        return Some(vec![u8::from_str_radix(hex, 16).unwrap()]);
    }
    let Some((kind, count)) = name.split_once('*') else {
        return known(name).map(String::into_bytes);
    };
    let (count, repeated) = count.split_once(':').unwrap_or((count, ""));
    let count: usize = count.parse().ok()?;
    let text = match kind {
        "a" => "a".repeat(count),
        "deep" => format!("{}1{}", "[".repeat(count), "]".repeat(count)),
        "random" => random(count),
        "n" => repeated.repeat(count),
        "list" => vec![repeated; count].join(","),
        _ => return None,
    };
    Some(text.into_bytes())
}

/// The same characters in every run, from a generator of which nothing but disorder is asked.
pub(super) fn random(count: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(LETTERS[usize::try_from(state >> 58).unwrap()])
    };
    (0..count).map(letter).collect()
}
