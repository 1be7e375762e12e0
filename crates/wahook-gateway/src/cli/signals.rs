//! What the system asks of a gateway that runs.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::Failure;

/// SIGINT and SIGTERM, counted, and SIGHUP.
#[derive(Clone)]
pub(super) struct Signals {
    stop: watch::Receiver<u32>,
    reload: watch::Receiver<u32>,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Failure> {
        let cannot = |error| Failure::io(format!("cannot wait for signals: {error}"));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(cannot)?;
        let (tell_stop, stop) = watch::channel(0);
        let (tell_reload, reload) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                let tell = tokio::select! {
                    _ = interrupt.recv() => &tell_stop,
                    _ = terminate.recv() => &tell_stop,
                    _ = hang_up.recv() => &tell_reload,
                };
                tell.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { stop, reload })
    }

    /// Waits until it was asked to stop that many times.
    pub(super) async fn stop_asked(&self, times: u32) {
        let mut count = self.stop.clone();
        let _ = count.wait_for(|count| *count >= times).await;
    }

    /// Waits until it is asked to read its configuration again.
    pub(super) async fn reload_asked(&mut self) {
        let _ = self.reload.changed().await;
    }
}
