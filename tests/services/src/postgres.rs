//! A PostgreSQL of one's own.

use std::{
    fmt::Write as _,
    io,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    folder::Folder,
    guard::Guard,
    kept::Kept,
    ports::free_port,
    process::{Process, Signal},
    programs,
    template::{self, PASSWORD, ROLE},
};

/// A private PostgreSQL server on 127.0.0.1.
///
/// Role `wahook` owns the database `wahook`, may make others, is no superuser, and gives its password as SCRAM. All
/// settings are the server's own defaults, durability too. It ends when the value is dropped, and its data with it.
#[derive(Debug)]
pub struct Postgres {
    process: Mutex<Option<Process>>,
    guard: Option<Guard>,
    folder: Folder,
    programs: PathBuf,
    port: u16,
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

    /// The same, with files in [`data_dir`](Self::data_dir), which is the server's working directory. They belong to
    /// the server and can be read by it alone, as it wants it of keys. A file that is there already is replaced.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let programs = programs::postgres()?;
        let template = template::find_or_make(&programs)?;
        let mut last = None;
        for _ in 0..5 {
            match Self::start_on(free_port()?, programs.clone(), &template, files, settings) {
                // Between our look at a port and the server's, another took it.
                Err(error) if error.to_string().contains("Address already in use") => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no free port")))
    }

    fn start_on(
        port: u16,
        programs: PathBuf,
        template: &std::path::Path,
        files: &[(&str, &[u8])],
        settings: &[&str],
    ) -> io::Result<Self> {
        let folder = Folder::new("postgres", programs::postgres_owner()?)?;
        folder.copy(template, &folder.data())?;
        let mut text = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
             dynamic_shared_memory_type = mmap\n"
        );
        for line in settings {
            let _ = writeln!(text, "{line}");
        }
        folder.write(&folder.data().join("postgresql.conf"), text.as_bytes())?;
        folder.write_all(files)?;
        let guard = Guard::over(folder.path(), port, Signal::Quit)?;
        let server = Self {
            process: Mutex::new(None),
            guard: Some(guard),
            folder,
            programs,
            port,
        };
        let process = server.run()?;
        *server.process() = Some(process);
        Ok(server)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> io::Result<Process> {
        let mut command = Command::new(self.programs.join("postgres"));
        command
            .arg("-D")
            .arg(self.folder.data())
            .current_dir("/")
            .env("LC_ALL", "C");
        // The tester's own settings for clients are not the server's.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if let Some(owner) = self.folder.owner() {
            command.uid(owner.user).gid(owner.group);
        }
        let mut process = Process::spawn(&mut command, &self.folder.log())?;
        let written = self.folder.write(
            &self.folder.path().join("pid"),
            process.id().to_string().as_bytes(),
        );
        // Its own word, not an answer at the port: that could be another's.
        let ready = written.and_then(|()| {
            process.wait_until_ready(|process| self.says_ready(process.id()).unwrap_or(false))
        });
        if let Err(error) = ready {
            process.end(Signal::Quit);
            return Err(io::Error::new(error.kind(), format!("PostgreSQL: {error}")));
        }
        Ok(process)
    }

    /// What the server writes about itself: its process id in the first line, its state in the eighth.
    fn says_ready(&self, id: u32) -> io::Result<bool> {
        let text = std::fs::read_to_string(self.folder.data().join("postmaster.pid"))?;
        let mut lines = text.lines();
        let it_is = lines.next().is_some_and(|line| line.trim().parse() == Ok(id));
        Ok(it_is && lines.nth(6).is_some_and(|line| line.trim() == "ready"))
    }

    /// `postgres://wahook:PASSWORD@127.0.0.1:PORT/wahook`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.address())
    }

    /// The same for another way to it, such as a [`Proxy`](crate::Proxy)'s address.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{address}/{ROLE}")
    }

    /// The port. It stays the same over a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`, for a [`Proxy`](crate::Proxy).
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where the server works and keeps its data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.data()
    }

    /// What the server wrote into its log since its last start; empty while it is down.
    #[must_use]
    pub fn log(&self) -> String {
        self.process().as_ref().map(Process::said).unwrap_or_default()
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::id)
    }

    /// Ends it as a crash would (SIGKILL), and returns when it is gone. Twice is once.
    ///
    /// # Panics
    ///
    /// When it does not go.
    pub fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            must("kill", process.kill());
        }
    }

    /// Starts it again, with the same port and what is left of its data; kills it first when it runs.
    ///
    /// # Errors
    ///
    /// When it does not come up: with the end of its log.
    pub fn restart(&self) -> io::Result<()> {
        self.kill();
        let process = self.run()?;
        *self.process() = Some(process);
        Ok(())
    }

    /// Makes it hang (SIGSTOP): connections stay, nothing answers.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn freeze(&self) {
        must("freeze", self.running(Process::freeze));
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn thaw(&self) {
        must("thaw", self.running(Process::thaw));
    }

    fn running(&self, work: impl FnOnce(&Process) -> io::Result<()>) -> io::Result<()> {
        match &*self.process() {
            Some(process) => work(process),
            None => Err(io::Error::other("it does not run")),
        }
    }

    /// Lets it run on after us: what is returned can end it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    pub fn keep(mut self) -> io::Result<Kept> {
        let id = self
            .pid()
            .ok_or_else(|| io::Error::other("PostgreSQL does not run"))?;
        let kept = Kept::process(self.url(), id, self.folder.path().to_owned());
        *self.process() = None;
        self.folder.keep();
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
        Ok(kept)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match self.process().take() {
            Some(mut process) => process.end(Signal::Quit),
            // After a kill its segment of shared memory stays with the system, unless someone removes it.
            None => template::remove_shared_memory(&self.folder.data()),
        }
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
    }
}

fn must(what: &str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        panic!("PostgreSQL, {what}: {error}");
    }
}
