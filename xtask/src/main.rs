//! Tasks of this repository: `cargo xtask <task>`.

mod findings;
mod generate;
mod layers;
mod limits;
mod tests;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("check-layers") => layers::check(),
        Some("gen") => generate::run(),
        Some("test") => tests::run(&arguments.collect::<Vec<_>>()),
        Some(other) => {
            bail!("there is no task `{other}`; the tasks are check-layers, gen and test")
        }
        None => bail!("which task? check-layers, gen or test"),
    }
}
