//! Where a part of a table was written, so that a finding can show the very line.

/// One text a table was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Number that spans refer to it by.
    pub id: SourceId,
    /// Name shown to the reader, usually a path.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Number of a [`Source`] among the sources of one table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A piece of a [`Source`], in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place for people: line and column, both counted from 1, and the line's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Line number.
    pub line: usize,
    /// Column of the first character, in characters.
    pub column: usize,
    /// How many characters of this line belong to the span, at least 1.
    pub width: usize,
    /// How many characters of `text` come before the span.
    pub indent: usize,
    /// The line without its end; of a long line, as in a plan printed without breaks, the part around the span.
    pub text: &'a str,
}

impl Source {
    /// A source with its number, name and text.
    pub fn new(id: u32, name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            id: SourceId(id),
            name: name.into(),
            text: text.into(),
        }
    }

    /// A span of this source.
    pub fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        Span {
            source: self.id,
            start: bytes.start,
            end: bytes.end,
        }
    }

    /// The first line of `span`, `None` when it is not of this source.
    pub fn place(&self, span: Span) -> Option<Place<'_>> {
        let before = self
            .text
            .get(..span.start)
            .filter(|_| span.source == self.id)?;
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(line_start..)?;
        let line = rest.lines().next().unwrap_or_default();
        let line_end = line_start + line.len();
        let inside = self
            .text
            .get(span.start..span.end.clamp(span.start, line_end.max(span.start)));
        let lead = self.text.get(line_start..span.start)?;
        let shown_lead = last_chars(lead, MAX_LEAD);
        let shown = self.text.get(span.start - shown_lead.len()..line_end);
        let text = first_chars(shown.unwrap_or_default(), MAX_SHOWN);
        let indent = shown_lead.chars().count();
        let room = text.chars().count().saturating_sub(indent);
        Some(Place {
            line: before.matches('\n').count() + 1,
            column: lead.chars().count() + 1,
            width: inside
                .map_or(1, |inside| inside.chars().count())
                .min(room)
                .max(1),
            indent,
            text,
        })
    }
}

/// The last `most` characters.
fn last_chars(text: &str, most: usize) -> &str {
    let start = text.char_indices().rev().take(most).last();
    text.get(start.map_or(text.len(), |(at, _)| at)..)
        .unwrap_or_default()
}

/// The first `most` characters.
fn first_chars(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most);
    text.get(..end.map_or(text.len(), |(at, _)| at))
        .unwrap_or_default()
}

/// Most characters of a line that are shown: two lines of a narrow terminal.
const MAX_SHOWN: usize = 160;
/// Most of them before the span.
const MAX_LEAD: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source::new(0, "routes.toml", "a\n  bé = 'x'\n");
        let place = source.place(source.span(4..7)).unwrap();
        assert_eq!(
            (place.line, place.column, place.width, place.text),
            (2, 3, 2, "  bé = 'x'")
        );
    }

    #[test]
    fn of_a_long_line_only_the_part_around_the_span_is_shown() {
        let text = format!("{}é{}", "a".repeat(1000), "b".repeat(1000));
        let source = Source::new(0, "plan.json", text);
        let place = source.place(source.span(1000..2000)).unwrap();
        assert_eq!((place.line, place.column, place.indent), (1, 1001, 60));
        assert_eq!((place.width, place.text.chars().count()), (100, 160));
        assert!(place.text.starts_with("aaa") && place.text.ends_with("bbb"));
    }

    #[test]
    fn a_span_of_another_source_has_no_place() {
        let source = Source::new(0, "routes.toml", "a");
        let span = Span {
            source: SourceId(1),
            start: 0,
            end: 1,
        };
        assert_eq!(source.place(span), None);
    }

    #[test]
    fn a_span_beyond_the_text_has_no_place() {
        let source = Source::new(0, "routes.toml", "a");
        assert_eq!(source.place(source.span(7..9)), None);
    }
}
