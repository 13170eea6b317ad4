//! Whether what is opened in a text is closed again.
//!
//! The parser tries an operand that ends too early twice, so that a text with many nested brackets of which one is not closed takes
//! it twice as long for each level: hours for a line. Such texts are recognized here, which also knows the bracket to show.

/// A bracket or string that is not closed.
pub(super) struct Unclosed {
    /// Where it was opened.
    pub(super) at: usize,
    /// How many others were open then.
    pub(super) depth: usize,
    /// What was opened.
    pub(super) what: &'static str,
}

/// What was opened last and is not closed where it must be; `None` when all is.
pub(super) fn unclosed(text: &str) -> Option<Unclosed> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        open: Vec::new(),
    };
    scan.run()
}

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Bracket(u8),
    Template,
    Quote,
    /// A heredoc; its delimiter is these bytes of the text.
    Heredoc(usize, usize),
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<(Open, usize)>,
}

impl Scan<'_> {
    fn run(&mut self) -> Option<Unclosed> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match self.open.last() {
                Some((Open::Quote, _)) => {
                    if byte == b'\n' {
                        return self.last();
                    }
                    self.in_text(byte, true);
                }
                Some(&(Open::Heredoc(start, end), _)) => {
                    if byte == b'\n' && self.ends_heredoc(start, end) {
                        self.open.pop();
                    }
                    self.in_text(byte, false);
                }
                _ => self.in_code(byte),
            }
        }
        self.last()
    }

    fn last(&self) -> Option<Unclosed> {
        let &(open, at) = self.open.last()?;
        let what = match open {
            Open::Bracket(b'{') => "`{`",
            Open::Bracket(b'[') => "`[`",
            Open::Bracket(_) => "`(`",
            Open::Template => "the template sequence",
            Open::Quote => "the string",
            Open::Heredoc(..) => "the heredoc",
        };
        let depth = self.open.len() - 1;
        Some(Unclosed { at, depth, what })
    }

    /// A byte of a string or heredoc.
    fn in_text(&mut self, byte: u8, is_quoted: bool) {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        match byte {
            b'\\' if is_quoted => self.at += 2,
            b'"' if is_quoted => {
                self.open.pop();
                self.at += 1;
            }
            // `$${` and `%%{` stand for themselves.
            b'$' | b'%' if rest.starts_with(&[byte, b'{']) => self.at += 3,
            b'$' | b'%' if rest.first() == Some(&b'{') => {
                self.open.push((Open::Template, self.at));
                self.at += 2;
            }
            _ => self.at += 1,
        }
    }

    fn in_code(&mut self, byte: u8) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match byte {
            b'#' => self.skip_past(b"\n"),
            b'/' if rest.starts_with(b"//") => self.skip_past(b"\n"),
            b'/' if rest.starts_with(b"/*") => self.skip_past(b"*/"),
            b'<' if rest.starts_with(b"<<") => self.begin_heredoc(),
            b'"' => self.push(Open::Quote),
            b'{' | b'[' | b'(' => self.push(Open::Bracket(byte)),
            b'}' | b']' | b')' => {
                // Of a wrong bracket the parser speaks at once.
                self.open.pop();
                self.at += 1;
            }
            _ => self.at += 1,
        }
    }

    fn push(&mut self, open: Open) {
        self.open.push((open, self.at));
        self.at += 1;
    }

    fn skip_past(&mut self, end: &[u8]) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        self.at += found.map_or(rest.len(), |found| found + end.len());
    }

    /// `<<NAME` or `<<-NAME` at the end of a line; otherwise two signs.
    fn begin_heredoc(&mut self) {
        let from = self.at;
        self.at += 2;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let start = self.at;
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        while self.bytes.get(self.at).is_some_and(is_name) {
            self.at += 1;
        }
        if self.at > start {
            self.open.push((Open::Heredoc(start, self.at), from));
        }
    }

    /// Whether the line that follows is the delimiter alone.
    fn ends_heredoc(&self, start: usize, end: usize) -> bool {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        Some(line.trim_ascii()) == self.bytes.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_is_closed_and_what_is_not_is_shown() {
        let closed = [
            "a = \"${f(\"}\")} %{ if x }{%{ endif } $${ \\\"{\" # {\n// [\n/* ( */",
            "a = <<-EOT\n { ${b({})} \"\n  EOT\nb = [1]",
            "a = 1 << 2",
        ];
        for text in closed {
            assert!(unclosed(text).is_none(), "{text}");
        }
        let open = [
            ("a = {\n  b = [1\n", "`[`", 12),
            ("a = f(\"x\ny\")", "the string", 6),
            ("a = \"${b\"", "the string", 8),
            ("a = <<EOT\nEOTX", "the heredoc", 4),
        ];
        for (text, what, at) in open {
            let found = unclosed(text).unwrap();
            assert_eq!((found.what, found.at), (what, at), "{text}");
        }
    }
}
