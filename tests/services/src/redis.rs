//! A Redis of one's own.

use std::{
    io,
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
};

/// A private Redis server on 127.0.0.1, without a password and without persistence unless told so.
///
/// It ends when the value is dropped, and its data with it.
#[derive(Debug)]
pub struct Redis {
    process: Mutex<Option<Process>>,
    guard: Option<Guard>,
    folder: Folder,
    program: PathBuf,
    port: u16,
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

    /// The same, with files in [`data_dir`](Self::data_dir), which is the server's working directory. They can be read
    /// by the server alone.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), and when a name is not the name of a file.
    pub fn start_with(files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
        let program = programs::redis()?;
        // Between our look at a port and the server's, another may take it.
        let mut last = None;
        for _ in 0..5 {
            match Self::start_on(free_port()?, program.clone(), files, settings) {
                Err(error) if error.to_string().contains("Address already in use") => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no free port")))
    }

    fn start_on(port: u16, program: PathBuf, files: &[(&str, &[u8])], settings: &[&str]) -> io::Result<Self> {
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
        let guard = Guard::over(folder.path(), port, Signal::Kill)?;
        let server = Self {
            process: Mutex::new(None),
            guard: Some(guard),
            folder,
            program,
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
        let mut command = Command::new(&self.program);
        command
            .arg(self.folder.path().join("redis.conf"))
            .current_dir("/");
        let mut process = Process::spawn(&mut command, &self.folder.log())?;
        let written = self.folder.write(
            &self.folder.path().join("pid"),
            process.id().to_string().as_bytes(),
        );
        // Its own word, not an answer at the port: that could be another's, and needs the right password and TLS.
        let ready = written.and_then(|()| {
            process.wait_until_ready(|process| process.said().contains("Ready to accept connections"))
        });
        if let Err(error) = ready {
            let _ = process.kill();
            return Err(io::Error::new(error.kind(), format!("Redis: {error}")));
        }
        Ok(process)
    }

    /// `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.address())
    }

    /// The same for another way to it, such as a [`Proxy`](crate::Proxy)'s address.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        format!("redis://{address}")
    }

    /// The port that is not TLS. It stays the same over a restart.
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
        let id = self.pid().ok_or_else(|| io::Error::other("Redis does not run"))?;
        let kept = Kept::process(self.url(), id, self.folder.path().to_owned());
        *self.process() = None;
        self.folder.keep();
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
        Ok(kept)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut process) = self.process().take() {
            let _ = process.kill();
        }
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
    }
}

fn must(what: &str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        panic!("Redis, {what}: {error}");
    }
}
