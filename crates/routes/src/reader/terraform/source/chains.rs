//! How often the HCL parser would do its work twice.
//!
//! When an operand can't be read, the parser reads the chain of operators that it ends once more. An operand that holds a chain of
//! its own thus takes twice as long for each level: hours for a line that somebody fuzzed. Nobody writes such lines, so a text
//! with many levels is refused before the parser sees it.

/// Brackets and templates as operands of chains of operators, inside of one another. 2^12 times the work of a line is still little.
const MAX_CHAINS: usize = 12;

/// Where chains of operators are nested too deeply; `None` when they aren't.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        open: vec![Level::new(Kind::Code, 0)],
    };
    while scan.at < scan.bytes.len() {
        let before = scan.at;
        scan.step();
        if scan
            .open
            .last()
            .is_some_and(|level| level.chains > MAX_CHAINS)
        {
            return Some(before);
        }
    }
    None
}

/// What the scan is in.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Quote,
    /// A heredoc; its delimiter is these bytes of the text.
    Heredoc(usize, usize),
}

#[derive(Clone, Copy)]
struct Level {
    kind: Kind,
    /// How many of the levels around it, itself included, are operands of a chain.
    chains: usize,
    /// Operators since the expression began.
    operators: usize,
}

impl Level {
    const fn new(kind: Kind, chains: usize) -> Self {
        Self {
            kind,
            chains,
            operators: 0,
        }
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Vec<Level>,
}

impl Scan<'_> {
    fn step(&mut self) {
        let Some(&byte) = self.bytes.get(self.at) else {
            return;
        };
        match self.open.last().map_or(Kind::Code, |level| level.kind) {
            Kind::Code => self.in_code(byte),
            Kind::Quote => self.in_text(byte, true),
            Kind::Heredoc(start, end) => {
                if byte == b'\n' && self.ends_heredoc(start, end) {
                    self.close();
                }
                self.in_text(byte, false);
            }
        }
    }

    /// A byte of a string or heredoc.
    fn in_text(&mut self, byte: u8, is_quoted: bool) {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        match byte {
            b'\\' if is_quoted => self.at += 2,
            b'"' if is_quoted => {
                self.close();
                self.at += 1;
            }
            // `$${` and `%%{` stand for themselves.
            b'$' | b'%' if rest.starts_with(&[byte, b'{']) => self.at += 3,
            b'$' | b'%' if rest.first() == Some(&b'{') => self.begin(Kind::Code, 2),
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
            b'"' => self.begin(Kind::Quote, 1),
            b'{' | b'[' | b'(' => self.begin(Kind::Code, 1),
            b'}' | b']' | b')' => {
                self.close();
                self.at += 1;
            }
            b'=' | b'!' | b'<' | b'>' if rest.get(1) == Some(&b'=') => self.operator(2),
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'<' | b'>' | b'!' => self.operator(1),
            // What begins an expression anew.
            b',' | b':' | b'?' | b'=' => {
                if let Some(level) = self.open.last_mut() {
                    level.operators = 0;
                }
                self.at += 1;
            }
            _ => self.at += 1,
        }
    }

    fn operator(&mut self, width: usize) {
        if let Some(level) = self.open.last_mut() {
            level.operators += 1;
        }
        self.at += width;
    }

    fn begin(&mut self, kind: Kind, width: usize) {
        if let Some(around) = self.open.last() {
            // The first operator's operand is read once: nothing was read before that could stand without it.
            let chains = around.chains + usize::from(around.operators > 1);
            self.open.push(Level::new(kind, chains));
        }
        self.at += width;
    }

    /// Ends a level; the outermost never ends, whatever a text closes.
    fn close(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    fn skip_past(&mut self, end: &[u8]) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        self.at += found.map_or(rest.len(), |found| found + end.len());
    }

    /// `<<NAME` or `<<-NAME`; otherwise two signs.
    fn begin_heredoc(&mut self) {
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
            self.begin(Kind::Heredoc(start, self.at), 0);
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
    fn only_chains_inside_of_chains_count() {
        let fine = [
            "a = {b = [c(".repeat(40),
            "a + b + {c = d},".repeat(40),
            "a = \"x + y + ${b}\" # + + {\n/* + + { */".repeat(40),
            "a = <<-EOT\n + + {\n EOT\n".repeat(40),
        ];
        for text in fine {
            assert_eq!(too_deep(&text), None, "{text}");
        }
        for lead in ["a + b + {c = ", "a == b && c(", "a+b+\"${", "a && b || !c["] {
            assert!(too_deep(&lead.repeat(MAX_CHAINS)).is_none(), "{lead}");
            assert!(too_deep(&lead.repeat(MAX_CHAINS + 1)).is_some(), "{lead}");
        }
    }
}
