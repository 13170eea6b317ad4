//! Listener rules.
