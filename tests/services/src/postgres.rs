//! A PostgreSQL of one's own.

use std::{
    fmt::Write as _, io, ops::Deref, os::unix::process::CommandExt as _, path::PathBuf, process::Command,
};

use crate::{
    folder::Folder,
    kept::Kept,
    process::{Process, Signal},
    programs,
    server::{Kind, Server},
    template::{self, PASSWORD, ROLE},
};

/// A private PostgreSQL server. `postgres://wahook:PASSWORD@127.0.0.1:PORT/wahook`.
///
/// Role `wahook` owns the database `wahook`, may make others, is no superuser, and gives its password as SCRAM. All
/// settings are the server's own defaults, durability too.
#[derive(Debug)]
pub struct Postgres(pub(crate) Server);

#[derive(Debug)]
struct PostgresKind {
    programs: PathBuf,
}

impl Postgres {
    /// Starts one. `settings` are lines of `postgresql.conf`; they come after ours and so override them.
    ///
    /// # Errors
    ///
    /// When there is no PostgreSQL here, or it does not come up: then with the end of its log.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        Self::start_with(&[], settings)
    }

    /// The same, with files in [`data_dir`](Server::data_dir), which is the server's working directory. They belong to
    /// the server and can be read by it alone, as it wants it of keys. A file that is there already is replaced.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let programs = programs::postgres()?;
        let template = template::find_or_make(&programs)?;
        let server = Server::on_a_free_port(|port| {
            let folder = Folder::new("postgres", programs::postgres_owner()?)?;
            folder.copy(&template, &folder.data())?;
            let mut text = format!(
                "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
                 dynamic_shared_memory_type = mmap\n"
            );
            for line in settings {
                let _ = writeln!(text, "{line}");
            }
            folder.write(&folder.data().join("postgresql.conf"), text.as_bytes())?;
            folder.write_all(files)?;
            let programs = programs.clone();
            Ok((PostgresKind { programs }, folder))
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

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Kind for PostgresKind {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn last_signal(&self) -> Signal {
        Signal::Quit
    }

    fn command(&self, folder: &Folder) -> Command {
        let mut command = Command::new(self.programs.join("postgres"));
        command
            .arg("-D")
            .arg(folder.data())
            .current_dir("/")
            .env("LC_ALL", "C");
        // The tester's own settings for clients are not the server's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if let Some(owner) = folder.owner() {
            command.uid(owner.user).gid(owner.group);
        }
        command
    }

    /// What the server writes about itself: its process id in the first line, its state in the eighth.
    fn says_ready(&self, folder: &Folder, process: &Process) -> bool {
        let Ok(text) = std::fs::read_to_string(folder.data().join("postmaster.pid")) else {
            return false;
        };
        let mut lines = text.lines();
        let it_is = lines
            .next()
            .is_some_and(|line| line.trim().parse() == Ok(process.id()));
        it_is && lines.nth(6).is_some_and(|line| line.trim() == "ready")
    }

    fn url(&self, address: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{address}/{ROLE}")
    }

    fn end(&self, process: &mut Process) {
        process.end(Signal::Quit);
    }

    /// After a kill its segment of shared memory stays with the system, unless someone removes it.
    fn clear(&self, folder: &Folder) {
        template::remove_shared_memory(&folder.data());
    }
}
