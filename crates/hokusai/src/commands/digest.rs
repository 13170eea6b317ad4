//! SHA-256 of bytes as they pass.

use sha2::{Digest as _, Sha256};

/// A digest in the making.
#[derive(Default)]
pub(in crate::commands) struct Running(Sha256);

impl Running {
    /// Takes more bytes in.
    pub(in crate::commands) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Lower-case hexadecimal.
    pub(in crate::commands) fn finish(self) -> String {
        let bytes = self.0.finalize();
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
            .collect()
    }
}
