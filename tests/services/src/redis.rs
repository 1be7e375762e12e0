//! A Redis of one's own.

use std::{io, ops::Deref, path::PathBuf, process::Command};

use crate::{
    folder::Folder,
    kept::Kept,
    process::{Process, Signal},
    programs,
    server::{Kind, Server},
};

/// A private Redis server, without a password and without persistence unless told so. `redis://127.0.0.1:PORT`.
#[derive(Debug)]
pub struct Redis(pub(crate) Server);

#[derive(Debug)]
struct RedisKind {
    program: PathBuf,
}

impl Redis {
    /// Starts one. `settings` are lines of `redis.conf`; they come after ours and so override them.
    ///
    /// # Errors
    ///
    /// When there is no Redis here, or it does not come up: then with the end of its log.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::start_with(&[], settings)
    }

    /// The same, with files in [`data_dir`](Server::data_dir), which is the server's working directory. They can be read
    /// by the server alone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let program = programs::redis()?;
        let server = Server::on_a_free_port(|port| {
            let folder = Folder::new("redis", None)?;
            folder.make_data()?;
            folder.write_all(files)?;
            let mut text = format!(
                "bind 127.0.0.1\nport {port}\ndir \"{}\"\ndaemonize no\nlogfile \"\"\nsave \"\"\nappendonly no\n",
                folder.data().display()
            );
            for line in settings {
                text.push_str(line);
                text.push('\n');
            }
            folder.write(&folder.path().join("redis.conf"), text.as_bytes())?;
            let program = program.clone();
            Ok((RedisKind { program }, folder))
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

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Kind for RedisKind {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn last_signal(&self) -> Signal {
        Signal::Kill
    }

    fn command(&self, folder: &Folder) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(folder.path().join("redis.conf")).current_dir("/");
        command
    }

    /// To ask it would need the right password and TLS.
    fn says_ready(&self, _: &Folder, process: &Process) -> bool {
        process.said().contains("Ready to accept connections")
    }

    fn url(&self, address: &str) -> String {
        format!("redis://{address}")
    }

    fn end(&self, process: &mut Process) {
        let _ = process.kill();
    }
}
