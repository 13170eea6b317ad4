//! What a key may do: scopes, actions, and the decision between them.
//!
//! The scope names are those of the platform's older keys. `mlflow:access` reads and logs runs; it does not write models.

use std::fmt;
use std::str::FromStr;

/// A permission that a key carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reads models, runs and artifacts.
    ModelRead,
    /// Reads and writes all of the registry.
    ModelWrite,
    /// Reads, and logs runs and artifacts.
    MlflowAccess,
    /// Reads runs, models and artifacts.
    MlflowRead,
    /// Reads and writes all of the registry.
    MlflowWrite,
    /// Manages every key.
    KeysAdmin,
    /// Validates other people's keys: for services.
    KeysValidate,
    /// Reports usage: for services.
    UsageWrite,
    /// Reads the audit log.
    AuditRead,
    /// Everything.
    Admin,
}

/// Something that a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Reads experiments, runs, metrics and logged models.
    ReadTracking,
    /// Creates and changes experiments, runs, metrics and logged models.
    WriteTracking,
    /// Deletes and restores experiments, runs and logged models.
    DeleteTracking,
    /// Reads registered models and versions.
    ReadModels,
    /// Creates and changes registered models, versions and aliases.
    WriteModels,
    /// Deletes registered models, versions and aliases.
    DeleteModels,
    /// Lists and downloads artifacts.
    ReadArtifacts,
    /// Uploads artifacts.
    WriteArtifacts,
    /// Deletes artifacts.
    DeleteArtifacts,
    /// Manages the caller's own keys.
    ManageOwnKeys,
    /// Manages every key.
    ManageAllKeys,
    /// Validates a key on behalf of somebody else.
    ValidateKeys,
    /// Reports usage.
    WriteUsage,
    /// Reads the audit log.
    ReadAudit,
}

/// The key lacks a scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Permission denied: this key may not {} (it has {}); it needs the scope `{needed}`, for instance from \
     `hokusai keys create --name NAME --scope {needed}`",
    .action.describe(), list(.held)
)]
pub struct Denied {
    /// What was tried.
    pub action: Action,
    /// The least scope that would allow it.
    pub needed: Scope,
    /// What the key has.
    pub held: Vec<Scope>,
}

/// Decides whether a key with these scopes may do `action`.
pub fn may(held: &[Scope], action: Action) -> Result<(), Denied> {
    if held.iter().any(|scope| scope.allows(action)) {
        return Ok(());
    }
    Err(Denied {
        action,
        needed: action.least_scope(),
        held: held.to_vec(),
    })
}

/// Whether everything that `asked` allows is allowed by `held`: nobody hands out more than they have.
pub fn covers(held: &[Scope], asked: &[Scope]) -> bool {
    Action::ALL
        .iter()
        .filter(|action| asked.iter().any(|scope| scope.allows(**action)))
        .all(|action| may(held, *action).is_ok())
}

impl Scope {
    /// Every scope, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::ModelRead,
        Self::ModelWrite,
        Self::MlflowAccess,
        Self::MlflowRead,
        Self::MlflowWrite,
        Self::KeysAdmin,
        Self::KeysValidate,
        Self::UsageWrite,
        Self::AuditRead,
        Self::Admin,
    ];

    /// The name in keys and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModelRead => "model:read",
            Self::ModelWrite => "model:write",
            Self::MlflowAccess => "mlflow:access",
            Self::MlflowRead => "mlflow:read",
            Self::MlflowWrite => "mlflow:write",
            Self::KeysAdmin => "keys:admin",
            Self::KeysValidate => "keys:validate",
            Self::UsageWrite => "usage:write",
            Self::AuditRead => "audit:read",
            Self::Admin => "admin",
        }
    }

    /// Whether this scope alone allows `action`.
    pub const fn allows(self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Admin => true,
            Self::ModelRead | Self::MlflowRead => {
                matches!(
                    action,
                    A::ReadTracking | A::ReadModels | A::ReadArtifacts | A::ManageOwnKeys
                )
            }
            Self::MlflowAccess => matches!(
                action,
                A::ReadTracking
                    | A::ReadModels
                    | A::ReadArtifacts
                    | A::WriteTracking
                    | A::WriteArtifacts
                    | A::ManageOwnKeys
            ),
            Self::ModelWrite | Self::MlflowWrite => matches!(
                action,
                A::ReadTracking
                    | A::WriteTracking
                    | A::DeleteTracking
                    | A::ReadModels
                    | A::WriteModels
                    | A::DeleteModels
                    | A::ReadArtifacts
                    | A::WriteArtifacts
                    | A::DeleteArtifacts
                    | A::ManageOwnKeys
            ),
            Self::KeysAdmin => matches!(action, A::ManageOwnKeys | A::ManageAllKeys | A::ReadAudit),
            Self::KeysValidate => matches!(action, A::ValidateKeys),
            Self::UsageWrite => matches!(action, A::WriteUsage),
            Self::AuditRead => matches!(action, A::ReadAudit),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A scope that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope `{0}`; the scopes are {names}", names = list(&Scope::ALL))]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == raw)
            .ok_or_else(|| UnknownScope(raw.to_owned()))
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 14] = [
        Self::ReadTracking,
        Self::WriteTracking,
        Self::DeleteTracking,
        Self::ReadModels,
        Self::WriteModels,
        Self::DeleteModels,
        Self::ReadArtifacts,
        Self::WriteArtifacts,
        Self::DeleteArtifacts,
        Self::ManageOwnKeys,
        Self::ManageAllKeys,
        Self::ValidateKeys,
        Self::WriteUsage,
        Self::ReadAudit,
    ];

    /// The weakest scope that allows it.
    pub const fn least_scope(self) -> Scope {
        match self {
            Self::ReadTracking | Self::ReadModels | Self::ReadArtifacts | Self::ManageOwnKeys => {
                Scope::ModelRead
            }
            Self::WriteTracking | Self::WriteArtifacts => Scope::MlflowAccess,
            Self::DeleteTracking
            | Self::WriteModels
            | Self::DeleteModels
            | Self::DeleteArtifacts => Scope::ModelWrite,
            Self::ManageAllKeys => Scope::KeysAdmin,
            Self::ValidateKeys => Scope::KeysValidate,
            Self::WriteUsage => Scope::UsageWrite,
            Self::ReadAudit => Scope::AuditRead,
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::ReadTracking => "read experiments and runs",
            Self::WriteTracking => "write experiments and runs",
            Self::DeleteTracking => "delete or restore experiments and runs",
            Self::ReadModels => "read models",
            Self::WriteModels => "write models",
            Self::DeleteModels => "delete models",
            Self::ReadArtifacts => "read artifacts",
            Self::WriteArtifacts => "write artifacts",
            Self::DeleteArtifacts => "delete artifacts",
            Self::ManageOwnKeys | Self::ManageAllKeys => "manage keys",
            Self::ValidateKeys => "validate keys for others",
            Self::WriteUsage => "report usage",
            Self::ReadAudit => "read the audit log",
        }
    }
}

fn list(scopes: &[Scope]) -> String {
    if scopes.is_empty() {
        return "no scope".to_owned();
    }
    scopes
        .iter()
        .map(|scope| format!("`{scope}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_allowed_by_its_least_scope_and_refused_without_one() {
        for action in Action::ALL {
            assert_eq!(may(&[action.least_scope()], action), Ok(()));
            assert!(may(&[], action).is_err());
        }
    }

    #[test]
    fn reading_scopes_write_nothing() {
        for action in [
            Action::WriteTracking,
            Action::WriteModels,
            Action::WriteArtifacts,
            Action::DeleteModels,
        ] {
            assert!(may(&[Scope::ModelRead, Scope::MlflowRead], action).is_err());
        }
    }

    #[test]
    fn mlflow_access_logs_runs_and_leaves_models_alone() {
        assert_eq!(may(&[Scope::MlflowAccess], Action::WriteTracking), Ok(()));
        assert!(may(&[Scope::MlflowAccess], Action::WriteModels).is_err());
    }

    #[test]
    fn nobody_covers_more_than_they_have() {
        assert!(covers(&[Scope::Admin], &Scope::ALL));
        assert!(covers(
            &[Scope::ModelWrite],
            &[Scope::ModelRead, Scope::MlflowAccess]
        ));
        assert!(!covers(&[Scope::ModelRead], &[Scope::ModelWrite]));
        assert!(!covers(&[Scope::KeysAdmin], &[Scope::Admin]));
    }

    #[test]
    fn a_refusal_names_the_missing_scope_and_the_command() {
        let denied = may(&[Scope::ModelRead], Action::WriteModels)
            .unwrap_err()
            .to_string();
        assert!(
            denied.contains("`model:write`") && denied.contains("hokusai keys create"),
            "{denied}"
        );
    }
}
