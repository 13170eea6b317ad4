//! A bar of bytes on standard error, where somebody watches.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar without a length; what is copied adds to length and position.
pub(in crate::commands) fn bar(is_quiet: bool) -> anyhow::Result<ProgressBar> {
    let bar = if is_quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    bar.set_style(ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}",
    )?);
    Ok(bar)
}
