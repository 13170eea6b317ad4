//! Repairs: edits of a table that were proven to remove a finding.

mod narrow;
mod propose;

pub(crate) use propose::propose;

use crate::model::{Condition, Rule, Table, Test};

/// A repair, as edits that are applied in order.
#[derive(Clone, Debug)]
pub struct Fix {
    /// One sentence, as an order: "add the host ... to rule ...".
    pub summary: String,
    /// What is changed.
    pub edits: Vec<Edit>,
}

/// One change of a table. Listeners and rules are named; an edit of something that is not there changes nothing.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Adds a condition to a rule.
    AddCondition {
        /// Listener.
        listener: String,
        /// Rule.
        rule: String,
        /// What to require.
        test: Test,
    },
    /// Adds a rule.
    AddRule {
        /// Listener.
        listener: String,
        /// The rule.
        rule: Box<Rule>,
    },
    /// Removes a rule.
    RemoveRule {
        /// Listener.
        listener: String,
        /// Rule.
        rule: String,
    },
    /// Gives a rule another priority.
    SetPriority {
        /// Listener.
        listener: String,
        /// Rule.
        rule: String,
        /// The new priority.
        priority: u32,
    },
}

impl Fix {
    /// The table with all edits made.
    pub fn apply(&self, table: &Table) -> Table {
        let mut fixed = table.clone();
        for edit in &self.edits {
            edit.apply(&mut fixed);
        }
        fixed
    }
}

impl Edit {
    fn apply(&self, table: &mut Table) {
        let Some(listener) = table
            .listeners
            .iter_mut()
            .find(|l| l.name == self.listener())
        else {
            return;
        };
        let rules = &mut listener.rules;
        match self {
            Self::AddRule { rule, .. } => rules.push(Rule::clone(rule)),
            Self::RemoveRule { rule, .. } => rules.retain(|r| r.name != *rule),
            Self::AddCondition { rule, test, .. } => {
                let rules = rules.iter_mut().filter(|r| r.name == *rule);
                rules.for_each(|r| r.conditions.push(Condition::new(test.clone())));
            }
            Self::SetPriority { rule, priority, .. } => {
                let rules = rules.iter_mut().filter(|r| r.name == *rule);
                rules.for_each(|r| r.priority = *priority);
            }
        }
    }

    fn listener(&self) -> &str {
        match self {
            Self::AddCondition { listener, .. }
            | Self::AddRule { listener, .. }
            | Self::RemoveRule { listener, .. }
            | Self::SetPriority { listener, .. } => listener,
        }
    }
}
