//! A request with holes.

use std::io::Write as _;

/// A piece of a text.
enum Piece {
    Text(String),
    Number,
    Word,
}

/// A request whose target and body hold `@n@` and `@word@`.
pub(crate) struct Template {
    method: String,
    target: Vec<Piece>,
    headers: String,
    body: Vec<Piece>,
    words: Vec<String>,
}

impl Template {
    /// Cuts the texts at their holes. An empty token sends no `Authorization`.
    pub(crate) fn new(
        method: &str,
        target: &str,
        token: &str,
        address: &str,
        body: &str,
        words: Vec<String>,
    ) -> Self {
        let authorization = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        Self {
            method: method.to_owned(),
            target: pieces(target),
            headers: format!(
                "Host: {address}\r\n{authorization}Content-Type: application/json\r\n"
            ),
            body: pieces(body),
            words,
        }
    }

    /// Request number `n`, whole, into `out`.
    pub(crate) fn write(&self, n: u64, out: &mut Vec<u8>) {
        let body = self.fill(&self.body, n);
        let target = self.fill(&self.target, n);
        out.clear();
        // Writing to memory does not fail.
        let _ = write!(
            out,
            "{} {target} HTTP/1.1\r\n{}Content-Length: {}\r\n\r\n{body}",
            self.method,
            self.headers,
            body.len()
        );
    }

    fn fill(&self, pieces: &[Piece], n: u64) -> String {
        let mut text = String::with_capacity(256);
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Number => text.push_str(&n.to_string()),
                Piece::Word => text.push_str(self.word(n)),
            }
        }
        text
    }

    fn word(&self, n: u64) -> &str {
        let count = self.words.len().max(1) as u64;
        usize::try_from(n % count)
            .ok()
            .and_then(|index| self.words.get(index))
            .map_or("", String::as_str)
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    text.trim_end()
        .split('@')
        .enumerate()
        .map(|(index, part)| match (index % 2, part) {
            (1, "n") => Piece::Number,
            (1, "word") => Piece::Word,
            _ => Piece::Text(part.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_with_number_and_word() {
        let template = Template::new(
            "POST",
            "/x?n=@n@",
            "t",
            "h:1",
            "{\"run\": \"@word@\"}",
            vec!["a".into(), "b".into()],
        );
        let mut out = Vec::new();
        template.write(3, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("POST /x?n=3 HTTP/1.1\r\n"), "{text}");
        assert!(text.contains("Content-Length: 12\r\n"), "{text}");
        assert!(text.ends_with("{\"run\": \"b\"}"), "{text}");
    }
}
