//! The admin side: which tables are enforced, and changing that.
//!
//! HTTP/1.1 over a Unix socket of mode 0600, or over TCP on loopback with a key. [`protocol`] lists the requests and their
//! answers, [`client`] sends them: that is all that a migration needs.

pub mod client;
pub mod protocol;
pub mod server;
