//! The place: a folder of its own, and in it a gateway as `wahook serve` runs it.

use std::{
    fs::Permissions,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use wahook_core::Clock;

use super::{
    arrival::Arrival,
    ledger::Taking,
    receiver::{self, Receiver},
    sending::Book,
};
use crate::{
    Failure,
    cli::{
        gateway::{Boxed, Gateway, Way},
        serve::Plan,
    },
    config::{Config, Development},
    server::{Finished, Server},
};

/// The sinks, in their order in the ledger.
pub(super) const SINKS: [&str; 2] = ["file", "http"];
pub(super) const FILE: usize = 0;
pub(super) const HTTP: usize = 1;

/// The largest body: small, so that one that is too large costs little.
pub(super) const CAP: usize = 256 << 10;

/// The gateway's configuration. A body that stops is waited for a second and a half instead of five.
fn configuration(receiver: &Receiver) -> String {
    let (cap, address) = (CAP, receiver.address);
    let timeout = receiver::TIMEOUT.as_millis();
    format!(
        r#"listen = "127.0.0.1:0"
required_guarantee = "survives power loss"

[limits]
body_bytes = {cap}
idle = "1500ms"

[[sink]]
name = "file"
type = "file"
path = "events.jsonl"
rotate_bytes = 1099511627776 # one file, however long it plays

[[sink]]
name = "http"
type = "http"
url = "http://{address}/events"
timeout = "{timeout}ms"
attempts = 4
first_retry = "50ms"
longest_retry = "400ms"
"#
    )
}

/// A gateway that runs in a folder of its own.
pub(super) struct Stage {
    folder: PathBuf,
    gateway: Gateway,
    pub(super) receiver: Receiver,
    pub(super) endpoints: Vec<Development>,
    /// Where it listens, as the beginning of a URL.
    pub(super) base: String,
    stop: watch::Sender<bool>,
    server: JoinHandle<Finished>,
}

impl Stage {
    /// Opens everything in this folder.
    pub(super) async fn open(
        folder: &Path,
        book: &Arc<Book>,
        clock: &Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, Failure> {
        let receiver = Receiver::start(Arc::clone(book), HTTP, seed).await?;
        let text = configuration(&receiver);
        let config: Config = toml::from_str(&text)
            .map_err(|error| Failure::io(format!("the demo's configuration: {}", error.message())))?;
        let limits = config.limits.clone();
        let listen = config.listen;
        let plan = Plan::development(folder.to_path_buf(), config)?;
        let endpoints = plan.development.clone();
        let gateway = Gateway::open(plan, Arc::clone(clock)).await?;
        let cannot = |error| Failure::io(format!("cannot listen on this machine: {error}"));
        let server = Server::bind(listen, &limits).await.map_err(cannot)?;
        let address = server.address().map_err(cannot)?;
        let (stop, mut stopped) = watch::channel(false);
        let running = server.run(gateway.router.clone(), async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        Ok(Self {
            folder: folder.to_path_buf(),
            gateway,
            receiver,
            endpoints,
            base: format!("http://{address}"),
            stop,
            server: tokio::spawn(running),
        })
    }

    /// The inbox and those at work on it.
    pub(super) fn boxed(&self) -> Result<&Boxed, Failure> {
        match &self.gateway.way {
            Way::Inbox(boxed) => Ok(boxed),
            Way::HandOver(_) => Err(Failure::io("the demo's gateway has no inbox")),
        }
    }

    /// Stops everything, and reads what the file sink wrote.
    pub(super) async fn close(self, book: &Book) -> Result<(), Failure> {
        let _ = self.stop.send(true);
        let _ = self.server.await;
        self.gateway.close(PATIENCE).await;
        self.receiver.close().await;
        let file = self.folder.join("events.jsonl");
        tokio::task::block_in_place(|| read_file(&file, book))
            .map_err(|error| Failure::io(format!("cannot read what the file sink wrote: {error}")))
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// A folder that nobody else can look into: what is in it looks like messages.
pub(super) fn folder(keep: bool) -> Result<TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("wahook-demo-")
        .disable_cleanup(keep)
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
        .map_err(|error| {
            Failure::io(format!(
                "cannot make a folder in {}: {error}; name another with TMPDIR",
                std::env::temp_dir().display()
            ))
        })
}

fn read_file(file: &Path, book: &Book) -> std::io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(file)?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        book.ledger()
            .arrived(FILE, Arrival::read(&line), Taking::Taken, None);
        line.clear();
    }
    Ok(())
}
