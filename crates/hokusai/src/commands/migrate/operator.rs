//! Whoever runs the migration: a person at a terminal, or a script that said yes.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use hokusai_migrate::machine::{Operator, Question};
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::RunArguments;

/// Asks on the terminal; without one, every answer that was not given before is no.
pub(super) struct Terminal {
    says_yes: bool,
    accepts_worse: bool,
}

impl Terminal {
    pub(super) const fn new(arguments: &RunArguments) -> Self {
        Self {
            says_yes: arguments.yes,
            accepts_worse: arguments.accepts_worse,
        }
    }
}

impl Operator for Terminal {
    fn may(&mut self, question: Question, what: &str) -> bool {
        let is_said = match question {
            Question::RollBackToWorse => self.accepts_worse,
            _ => self.says_yes,
        };
        if is_said {
            self.say(&format!("yes: {what}"));
            return true;
        }
        if !std::io::stdin().is_terminal() {
            self.say(&format!("no terminal to ask, so no: {what}"));
            return false;
        }
        eprint!("{what}? [y/N] ");
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        let is_read = std::io::stdin().lock().read_line(&mut answer).is_ok();
        is_read && matches!(answer.trim(), "y" | "Y" | "yes")
    }

    fn wait(&mut self, time: Duration, why: &str) {
        if time < SHOWN_FROM || !std::io::stderr().is_terminal() {
            std::thread::sleep(time);
            return;
        }
        let bar = ProgressBar::new(time.as_secs());
        if let Ok(style) = ProgressStyle::with_template("waiting {msg}: {bar:24} {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(why.to_owned());
        for _ in 0..time.as_secs() {
            std::thread::sleep(Duration::from_secs(1));
            bar.inc(1);
        }
        bar.finish_and_clear();
    }

    fn say(&mut self, what: &str) {
        eprintln!("{what}");
    }
}

/// A shorter wait is not worth a bar.
const SHOWN_FROM: Duration = Duration::from_secs(3);
