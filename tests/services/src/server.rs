//! The life of a private server: what it is of differs, how it is started, killed, frozen and ended does not.

use std::{
    fmt, io,
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
};

/// What tells one sort of server from another.
pub(crate) trait Kind: fmt::Debug + Send + Sync {
    /// Its name, for errors.
    fn name(&self) -> &'static str;

    /// What ends it when we die.
    fn last_signal(&self) -> Signal;

    /// How it is started.
    fn command(&self, folder: &Folder) -> Command;

    /// Its own word that it can be asked. Not an answer at the port: that could be another's.
    fn says_ready(&self, folder: &Folder, process: &Process) -> bool;

    /// How clients reach it there.
    fn url(&self, address: &str) -> String;

    /// Makes it hang.
    fn freeze(&self, process: &Process) -> io::Result<()> {
        process.freeze()
    }

    /// Ends it for good.
    fn end(&self, process: &mut Process);

    /// What a kill left outside its folder.
    fn clear(&self, _: &Folder) {}
}

/// A private server on 127.0.0.1. It ends when the value is dropped, and its data with it.
#[derive(Debug)]
pub struct Server {
    process: Mutex<Option<Process>>,
    guard: Option<Guard>,
    folder: Folder,
    port: u16,
    kind: Box<dyn Kind>,
}

impl Server {
    /// Starts one on a free port, in the folder that is made for it.
    pub(crate) fn on_a_free_port<K: Kind + 'static>(
        make: impl Fn(u16) -> io::Result<(K, Folder)>,
    ) -> io::Result<Self> {
        let mut last = None;
        for _ in 0..5 {
            let port = free_port()?;
            let (kind, folder) = make(port)?;
            match Self::start_in(folder, port, Box::new(kind)) {
                // Between our look at a port and the server's, another took it.
                Err(error) if is_of_a_port(&error) => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no free port")))
    }

    fn start_in(folder: Folder, port: u16, kind: Box<dyn Kind>) -> io::Result<Self> {
        let guard = Guard::over(folder.path(), port, kind.last_signal())?;
        let server = Self {
            process: Mutex::new(None),
            guard: Some(guard),
            folder,
            port,
            kind,
        };
        let process = server.run()?;
        *server.process() = Some(process);
        Ok(server)
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> io::Result<Process> {
        let mut process = Process::spawn(&mut self.kind.command(&self.folder), &self.folder.log())?;
        let written = self.folder.write(
            &self.folder.path().join("pid"),
            process.id().to_string().as_bytes(),
        );
        let ready = written
            .and_then(|()| process.wait_until_ready(|process| self.kind.says_ready(&self.folder, process)));
        if let Err(error) = ready {
            self.kind.end(&mut process);
            return Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", self.kind.name()),
            ));
        }
        Ok(process)
    }

    /// How clients reach it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(&self.address())
    }

    /// The same for another way to it, such as a [`Proxy`](crate::Proxy)'s address.
    #[must_use]
    pub fn url_at(&self, address: &str) -> String {
        self.kind.url(address)
    }

    /// The port, of Redis the one that is not TLS. It stays the same over a restart.
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
            self.must("kill", process.kill());
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
        self.must("freeze", self.running(|process| self.kind.freeze(process)));
    }

    /// Lets it go on.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn thaw(&self) {
        self.must("thaw", self.running(Process::thaw));
    }

    fn must(&self, what: &str, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            panic!("{}, {what}: {error}", self.kind.name());
        }
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
    pub(crate) fn keep(mut self) -> io::Result<Kept> {
        let id = self
            .pid()
            .ok_or_else(|| io::Error::other(format!("{} does not run", self.kind.name())))?;
        let kept = Kept::process(self.url(), id, self.folder.path().to_owned());
        *self.process() = None;
        self.folder.keep();
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
        Ok(kept)
    }
}

/// Each sort has words of its own for a port that is taken; those of Erlang are two.
fn is_of_a_port(error: &io::Error) -> bool {
    let text = error.to_string().to_lowercase();
    ["address already in use", "eaddrinuse"]
        .iter()
        .any(|words| text.contains(words))
}

impl Drop for Server {
    fn drop(&mut self) {
        match self.process().take() {
            Some(mut process) => self.kind.end(&mut process),
            None => self.kind.clear(&self.folder),
        }
        if let Some(guard) = self.guard.take() {
            guard.release();
        }
    }
}
