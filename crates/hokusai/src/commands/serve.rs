//! `hokusai serve`: both services in one process, each on its own listener, with a front door before them or without; or one of
//! the three.

mod bootstrap;
mod front_door;
mod listening;
mod opening;
mod running;

use clap::{Args, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::exit::Exit;

pub(crate) use front_door::read_admin_key;
pub(crate) use running::{Running, start};

/// Runs the services.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(subcommand)]
    part: Option<Part>,
    /// Prints a JSON line per service on stdout once it answers, for scripts.
    #[arg(long, global = true)]
    announce: bool,
}

/// Which services run.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Part {
    /// Only the auth service.
    Auth,
    /// Only the registry; keys are judged by the auth service at --auth-url.
    Registry,
    /// Only the front door: the listeners of a rule table.
    FrontDoor(front_door::Arguments),
}

/// Serves until the process is told to stop.
pub(crate) fn run(serve: &Serve, config: &Config) -> anyhow::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        // First of all: a stop that comes right after the announcement finds somebody who listens.
        let stop = stop_signal()?;
        if let Some(Part::FrontDoor(arguments)) = &serve.part {
            return front_door::run(arguments, config, serve.announce, stop).await;
        }
        let running = start(config, serve.part.as_ref()).await?;
        if serve.announce {
            for (service, url) in running.urls() {
                println!("{}", serde_json::json!({"service": service, "url": url}));
            }
        }
        let door = match (&config.front_door.routes, &serve.part) {
            (Some(routes), None) => {
                Some(front_door::Door::start(routes, config, running.services(config)?).await?)
            }
            _ => None,
        };
        if let Some(door) = &door {
            door.announce(serve.announce);
        }
        stop.await;
        tracing::info!("stopping: no new connections, finishing what runs");
        if let Some(door) = door {
            door.stop().await;
        }
        running.stop().await;
        Ok(Exit::Fine)
    })
}

/// Ends when the process is told to stop; listens from the call on, not from the first poll.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
