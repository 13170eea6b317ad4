//! Asking every part of a process to stop, once.

use tokio::sync::watch;

/// Asks for the shutdown. Dropping it asks as well, so that a forgotten trigger can't keep a server alive.
#[derive(Debug)]
pub struct Trigger(watch::Sender<bool>);

/// Waits for the shutdown; cheap to clone, one per part.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<bool>);

/// A trigger and what it triggers.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    /// Asks all holders of the other half to stop.
    pub fn request(&self) {
        self.0.send_replace(true);
    }
}

impl From<watch::Receiver<bool>> for Shutdown {
    /// The shutdown of somebody who has a channel already: requested when it says `true` or its sender is gone.
    fn from(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }
}

impl Shutdown {
    /// Returns once the shutdown was requested, at once if it was before.
    pub async fn requested(&mut self) {
        // An error means that the trigger is gone, which is a request too.
        let _ = self.0.wait_for(|requested| *requested).await;
    }

    /// Whether it was requested already.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }
}
