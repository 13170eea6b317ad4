//! What every listener of ours shares: the front door's and both services'.
//!
//! It accepts connections, refuses what two parsers could read in two ways before any other parser sees it, bounds time
//! and memory per connection, and drains on shutdown. It must not know a route, a key or a rule.
//!
//! - [`serve::serve`] is the accept loop; [`limits::Limits`] names every bound with its reason.
//! - [`refusal::Refusal`] lists what is refused. To add a case: a variant there, the check in `gate/head.rs` (HTTP/1,
//!   bytes), `target.rs` (targets of both versions) or `inspect.rs` (HTTP/2), and a line in the ambiguity table
//!   of `tests/it`.
//! - [`tls`] shows each client the certificate that it asks for, and no other.
//! - [`client_addr`] decides whose request it is behind trusted proxies; [`browser`] refuses other sites' pages.

pub mod browser;
pub mod client_addr;
mod gate;
mod inspect;
pub mod limits;
pub mod refusal;
pub mod serve;
pub mod shutdown;
pub mod target;
pub mod tls;
