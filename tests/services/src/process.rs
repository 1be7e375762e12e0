//! One process of a server: started, waited for, stopped, ended.

use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long a server may take to come up. A busy machine with two processors needs seconds, not one.
const START: Duration = Duration::from_secs(60);
/// How long it may take to go.
const END: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    /// PostgreSQL: end now, and give back the shared memory.
    Quit,
    Kill,
    Stop,
    Continue,
}

impl Signal {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// A child of ours.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it in a group of its own, with both of its channels in the log.
    pub(crate) fn spawn(command: &mut Command, log: &Path) -> io::Result<Self> {
        let file = File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("{}: {error}", command.get_program().display()),
                )
            })?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the server says so itself. A server that ends instead, or takes too long, is an error that shows
    /// the end of its log.
    pub(crate) fn wait_until_ready(&mut self, mut is_ready: impl FnMut(&Self) -> bool) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!(
                    "the server ended ({status}):\n{}",
                    tail(&self.log)
                )));
            }
            if is_ready(self) {
                return Ok(());
            }
            if begun.elapsed() > START {
                self.kill()?;
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the server was not ready after {START:?}:\n{}", tail(&self.log)),
                ));
            }
            pause();
        }
    }

    /// What the server wrote since it was started.
    pub(crate) fn said(&self) -> String {
        fs::read(&self.log).map_or_else(
            |_| String::new(),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Makes it and what it started hang. The parent first: it starts no more of them then.
    pub(crate) fn freeze(&self) -> io::Result<()> {
        self.freeze_alone()?;
        for child in descendants(self.id()) {
            // It may just have ended.
            let _ = signal(Signal::Stop, &[child]);
        }
        Ok(())
    }

    /// Makes it hang, and nothing of what it started.
    pub(crate) fn freeze_alone(&self) -> io::Result<()> {
        signal(Signal::Stop, &[self.id()])?;
        // On a busy machine its other threads go on for a moment, and might answer once more.
        wait_until(END, || is_still(self.id()));
        Ok(())
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) -> io::Result<()> {
        for child in descendants(self.id()) {
            let _ = signal(Signal::Continue, &[child]);
        }
        signal(Signal::Continue, &[self.id()])
    }

    /// Ends it and what it started as a crash of the machine would, and returns when they are gone.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        signal(Signal::Stop, &[self.id()])?;
        let helpers = descendants(self.id());
        self.child.kill()?;
        self.child.wait()?;
        for helper in &helpers {
            let _ = signal(Signal::Kill, &[*helper]);
        }
        wait_until_gone(&helpers)
    }

    /// Asks it to end, and ends it when it does not.
    pub(crate) fn end(&mut self, how: Signal) {
        if matches!(self.child.try_wait(), Ok(None)) && signal(how, &[self.id()]).is_ok() {
            let _ = self.thaw();
            wait_until(END, || !matches!(self.child.try_wait(), Ok(None)));
        }
        let _ = self.kill();
    }
}

/// Whether every thread of a process is stopped; where nobody can tell, it is taken to be.
fn is_still(id: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else {
        return true;
    };
    threads.flatten().all(|thread| {
        let text = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        // Behind the name, which may have any character in it.
        text.rsplit_once(") ")
            .is_none_or(|(_, rest)| rest.starts_with(['T', 't', 'Z', 'X']))
    })
}

/// Sends a signal. The shell has `kill` built in; as a program it is not everywhere.
pub(crate) fn signal(which: Signal, to: &[u32]) -> io::Result<()> {
    let output = Command::new("sh")
        .args([
            "-c",
            r#"signal=$1; shift; kill "-$signal" "$@""#,
            "sh",
            which.name(),
        ])
        .args(to.iter().map(u32::to_string))
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "kill -{}: {}",
            which.name(),
            String::from_utf8_lossy(&output.stderr).trim()
        )))
    }
}

/// The processes that this one started, and those that they started, as far as they still run.
pub(crate) fn descendants(of: u32) -> Vec<u32> {
    let all = parents();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(all.iter().filter(|(_, its)| *its == parent).map(|(id, _)| *id));
        next += 1;
    }
    found.remove(0);
    found
}

/// Every process that runs, and which one started it.
fn parents() -> Vec<(u32, u32)> {
    if Path::new("/proc/self/stat").exists() {
        let Ok(entries) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        return entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|id| Some((id, stat(id).filter(|(state, _)| *state != 'Z')?.1)))
            .collect();
    }
    let Ok(output) = Command::new("ps")
        .args(["-A", "-o", "pid=", "-o", "ppid="])
        .output()
    else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.trim().split_once(char::is_whitespace))
        .filter_map(|(id, parent)| Some((id.parse().ok()?, parent.trim().parse().ok()?)))
        .collect()
}

/// Whether a process with this id runs. One that ended and was not waited for does not.
pub(crate) fn is_alive(id: u32) -> bool {
    if Path::new("/proc/self/stat").exists() {
        return stat(id).is_some_and(|(state, _)| state != 'Z');
    }
    let output = Command::new("ps")
        .args(["-o", "state=", "-p", &id.to_string()])
        .output();
    output.is_ok_and(|output| {
        let state = output.stdout.trim_ascii();
        !state.is_empty() && state[0] != b'Z'
    })
}

/// How a process was started, words joined with spaces; empty when there is none.
pub(crate) fn command_line(id: u32) -> String {
    if let Ok(bytes) = fs::read(format!("/proc/{id}/cmdline")) {
        return String::from_utf8_lossy(&bytes).replace('\0', " ");
    }
    let output = Command::new("ps")
        .args(["-o", "args=", "-p", &id.to_string()])
        .output();
    output.map_or_else(
        |_| String::new(),
        |output| String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

/// State and parent, from Linux. The name of the program stands before them in brackets, and may hold brackets.
fn stat(id: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut words = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = words.next()?.chars().next()?;
    Some((state, words.next()?.parse().ok()?))
}

/// Waits until something is so; false when it is not in time.
pub(crate) fn wait_until(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > time {
            return false;
        }
        pause();
    }
    true
}

/// Waits until none of these processes runs.
pub(crate) fn wait_until_gone(ids: &[u32]) -> io::Result<()> {
    if wait_until(END, || !ids.iter().any(|id| is_alive(*id))) {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("processes do not end: {ids:?}"),
        ))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is polled; no clock of ours moves it"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

/// The last lines of a log. RabbitMQ says what is wrong in one, and dies in fifty more.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
