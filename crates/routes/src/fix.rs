//! Repairs: edits of a table that were proven to remove a finding.

pub(crate) mod candidate;
mod narrow;
mod propose;

pub(crate) use propose::propose;

use crate::model::{Action, Condition, Rule, Table, Test};

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
    /// Gives a rule other values in place of those of one condition.
    ReplaceTest {
        /// Listener.
        listener: String,
        /// Rule.
        rule: String,
        /// What is required now.
        old: Test,
        /// What to require.
        new: Test,
    },
    /// Gives a listener another default action.
    SetDefault {
        /// Listener.
        listener: String,
        /// What to do.
        action: Action,
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
    /// A repair of one edit.
    pub(crate) fn one(summary: String, edit: Edit) -> Self {
        Self {
            summary,
            edits: vec![edit],
        }
    }

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
            Self::ReplaceTest { rule, old, new, .. } => {
                let rules = rules.iter_mut().filter(|r| r.name == *rule);
                let conditions = rules.flat_map(|r| &mut r.conditions);
                let same = conditions.filter(|condition| condition.test == *old);
                same.for_each(|condition| condition.test.clone_from(new));
            }
            Self::SetDefault { action, .. } => listener.default.clone_from(action),
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
            | Self::ReplaceTest { listener, .. }
            | Self::SetDefault { listener, .. }
            | Self::SetPriority { listener, .. } => listener,
        }
    }
}
