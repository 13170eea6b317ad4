//! Names that every form accepts: letters, digits and `_`.

use std::collections::BTreeMap;

/// Gives each thing one name, and no two the same.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// The name of what is called `original` in the table; the same for the same.
    pub(super) fn of(&mut self, original: &str) -> String {
        if let Some(known) = self.0.get(original) {
            return known.clone();
        }
        let plain: String = original
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let plain = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
            plain
        } else {
            format!("n_{plain}")
        };
        let is_free = |name: &String| !self.0.values().any(|taken| taken == name);
        let mut name = plain.clone();
        let mut number = 2;
        while !is_free(&name) {
            name = format!("{plain}_{number}");
            number += 1;
        }
        self.0.insert(original.to_owned(), name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_one_are_told_apart() {
        let mut names = Names::default();
        assert_eq!(names.of("a-b"), "a_b");
        assert_eq!(names.of("a.b"), "a_b_2");
        assert_eq!(names.of("a-b"), "a_b");
        assert_eq!(names.of("7"), "n_7");
    }
}
