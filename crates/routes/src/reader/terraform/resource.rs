//! A resource of Terraform, however it was written: in source, in a plan or in a state.

use crate::reader::node::{Kind, Node};
use crate::source::Span;

/// One instance of a resource.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    /// Where it is in the configuration, e.g. `module.edge.aws_lb_listener.this["auth"]`.
    pub(super) address: String,
    /// Its type without the provider's older spelling, e.g. `aws_lb_listener`.
    pub(super) kind: String,
    /// Its label with its key, e.g. `this["auth"]`.
    pub(super) label: String,
    /// Its arguments and attributes; blocks are lists of objects.
    pub(super) values: Node,
    /// Where it was written.
    pub(super) span: Span,
}

/// A listener.
pub(super) const LISTENER: &str = "aws_lb_listener";
/// A rule of a listener.
pub(super) const RULE: &str = "aws_lb_listener_rule";
/// A target group.
pub(super) const GROUP: &str = "aws_lb_target_group";
/// One more certificate of a listener.
pub(super) const CERTIFICATE: &str = "aws_lb_listener_certificate";

/// The type without the provider's older spelling; `None` when it has nothing to do with listener rules.
pub(super) fn canonical_kind(kind: &str) -> Option<&'static str> {
    let kind = match kind.strip_prefix("aws_alb_") {
        Some(rest) => format!("aws_lb_{rest}"),
        None => kind.to_owned(),
    };
    [LISTENER, RULE, GROUP, CERTIFICATE]
        .into_iter()
        .find(|known| *known == kind)
}

/// The key of an instance as addresses write it: `["auth"]` or `[0]`.
pub(super) fn key_suffix(key: &Node) -> Option<String> {
    match &key.kind {
        Kind::Text(text) => Some(text_key(text)),
        Kind::Number(number) => Some(format!("[{number}]")),
        _ => None,
    }
}

/// The key of an instance of `for_each`.
pub(super) fn text_key(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("[\"{escaped}\"]")
}
