//! A NATS of one's own.

use std::{io, ops::Deref, path::PathBuf, process::Command};

use crate::{
    folder::Folder,
    kept::Kept,
    process::{Process, Signal},
    programs,
    server::{Kind, Server},
};

/// A private NATS server with JetStream, which asks for no password unless told so. `nats://127.0.0.1:PORT`.
#[derive(Debug)]
pub struct Nats(pub(crate) Server);

#[derive(Debug)]
struct NatsKind {
    program: PathBuf,
    port: u16,
}

impl Nats {
    /// Starts one. `settings` are lines of its configuration. Address, port and the place of JetStream's store stay
    /// ours, also where they say something else of them: `jetstream { max_file_store: 1MB }` keeps the place.
    ///
    /// What a stream took is in the system's hands before it is confirmed, and so is there after a kill. How soon it is
    /// flushed to the disk says `jetstream { sync_interval: always }`, from NATS 2.10 on; older ones do not know the
    /// setting, and do not start with it.
    ///
    /// # Errors
    ///
    /// When there is no NATS here, or it does not come up: then with the end of its log.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::start_with(&[], settings)
    }

    /// The same, with files in [`data_dir`](Server::data_dir), which is the server's working directory, and where
    /// `include './FILE'` looks. They can be read by the server alone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let program = programs::nats()?;
        let server = Server::on_a_free_port(|port| {
            let folder = Folder::new("nats", None)?;
            folder.make_data()?;
            folder.write_all(files)?;
            let mut text = String::new();
            for line in settings {
                text.push_str(line);
                text.push('\n');
            }
            folder.write(&folder.data().join("nats.conf"), text.as_bytes())?;
            let program = program.clone();
            Ok((NatsKind { program, port }, folder))
        })?;
        Ok(Self(server))
    }

    /// Lets it run on after us: what is returned can end it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn keep(self) -> io::Result<Kept> {
        self.0.keep()
    }
}

impl Deref for Nats {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Kind for NatsKind {
    fn name(&self) -> &'static str {
        "NATS"
    }

    fn last_signal(&self) -> Signal {
        Signal::Kill
    }

    /// The command line overrides the file setting by setting. In the file, a block of the tester's would replace ours.
    fn command(&self, folder: &Folder) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg("--config")
            .arg(folder.data().join("nats.conf"))
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string()])
            .arg("--jetstream")
            .arg("--store_dir")
            .arg(folder.data())
            .current_dir(folder.data());
        command
    }

    fn says_ready(&self, _: &Folder, process: &Process) -> bool {
        process.said().contains("Server is ready")
    }

    fn url(&self, address: &str) -> String {
        format!("nats://{address}")
    }

    fn end(&self, process: &mut Process) {
        let _ = process.kill();
    }
}
