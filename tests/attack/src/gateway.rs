//! The gateway under attack, and what can be seen of it from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use wahook_services::free_port;

use crate::{Failed, assault::Assault, good::SECRET};

/// What it is configured to bear.
pub(crate) struct Setting {
    pub(crate) connections: u32,
    pub(crate) room_mib: u64,
    /// Whether it is attacked in every way, or only by those who would take more connections than a gateway has by default.
    every_way: bool,
}

impl Setting {
    /// As many connections as nobody changes, where those who take thousands push each other out; and so many that they
    /// all fit in. The room for bodies is less than by default, so that it fills.
    pub(crate) const ALL: [Self; 2] = [
        Self {
            connections: BY_DEFAULT,
            room_mib: 64,
            every_way: true,
        },
        Self {
            connections: 12_000,
            room_mib: 64,
            every_way: false,
        },
    ];

    pub(crate) fn is_for(&self, assault: &Assault) -> bool {
        self.every_way || assault.connections > self.fit(usize::MAX).min(BY_DEFAULT as usize)
    }

    /// How many of these connections there can be at once.
    pub(crate) fn fit(&self, connections: usize) -> usize {
        connections.min(usize::try_from(self.connections).unwrap_or(usize::MAX))
    }

    /// What the configuration allows: bodies on their way in buffers that grow, and for each connection a head of 32 KiB.
    pub(crate) fn budget_mib(&self) -> u64 {
        2 * self.room_mib + u64::from(self.connections) * 32 / 1024
    }
}

/// `limits.connections` of a gateway that is told nothing of it.
const BY_DEFAULT: u32 = 1_024;

pub(crate) struct Gateway {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    admin: SocketAddr,
}

/// The most that was seen of it over a while.
pub(crate) struct Peak {
    pub(crate) memory_mib: u64,
    /// What it asked the system for, used or not.
    pub(crate) claimed_mib: u64,
    pub(crate) sockets: usize,
}

impl Gateway {
    pub(crate) fn start(program: &Path, folder: &Path, setting: &Setting) -> Result<Self, Failed> {
        let [address, admin] =
            [free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let toml = format!(
            "listen = \"{address}\"\ninbox = \"sqlite:inbox.db\"\n\
             [limits]\nconnections = {}\nbytes_in_flight = {}\n\
             [admin]\nlisten = \"{admin}\"\n\
             [log]\nfilter = \"error\"\n\
             [[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n\
             [[sink]]\nname = \"kept\"\ntype = \"file\"\npath = \"events.jsonl\"\nraw = false\n",
            setting.connections,
            setting.room_mib << 20,
        );
        let file = folder.join("wahook.toml");
        fs::write(&file, toml)?;
        let mut child = Command::new(program)
            .args(["serve", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let mut said = BufReader::new(child.stderr.take().ok_or("no stderr")?);
        let mut line = String::new();
        while !line.starts_with("listening on ") {
            line.clear();
            if said.read_line(&mut line)? == 0 {
                return Err("the gateway did not start".into());
            }
        }
        thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                eprintln!("gateway: {line}");
            }
        });
        Ok(Self {
            child,
            folder: folder.to_owned(),
            address,
            admin,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> Result<u64, Failed> {
        self.mib("VmRSS:")
    }

    /// What it asked the system for, used or not: a buffer that was reserved and never written to is seen here alone.
    pub(crate) fn claimed_mib(&self) -> Result<u64, Failed> {
        self.mib("VmData:")
    }

    fn mib(&self, name: &str) -> Result<u64, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .ok_or_else(|| format!("no {name}"))?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }

    /// What it took of the processor so far.
    pub(crate) fn processor_time(&self) -> Result<Duration, Failed> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, after_name) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|word| word.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(
            ticks * 1000 / rustix::param::clock_ticks_per_second(),
        ))
    }

    /// Open sockets.
    pub(crate) fn sockets(&self) -> Result<usize, Failed> {
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id()))?;
        let is_socket = |file: &fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
        };
        Ok(files.filter_map(Result::ok).filter(is_socket).count())
    }

    /// The most that was seen of it meanwhile.
    pub(crate) fn while_watched<T>(&self, work: impl FnOnce() -> T) -> (T, Peak) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut peak = Peak {
                    memory_mib: 0,
                    claimed_mib: 0,
                    sockets: 0,
                };
                while !over.load(Ordering::Relaxed) {
                    peak.memory_mib = peak.memory_mib.max(self.memory_mib().unwrap_or(u64::MAX));
                    peak.claimed_mib = peak.claimed_mib.max(self.claimed_mib().unwrap_or(u64::MAX));
                    peak.sockets = peak.sockets.max(self.sockets().unwrap_or(0));
                    thread::sleep(Duration::from_millis(250));
                }
                peak
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            let peak = watcher
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (done, peak)
        })
    }

    /// How long it takes until it has no more connections than before, and is ready; `None` if it never is.
    pub(crate) fn recovers(&self, sockets: usize) -> Result<Option<Duration>, Failed> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            // Connections of the good traffic come and go.
            if self.sockets()? <= sockets + 16 && self.is_ready() {
                return Ok(Some(began.elapsed()));
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(None)
    }

    fn is_ready(&self) -> bool {
        let ask = || -> Result<String, Failed> {
            let mut stream = TcpStream::connect(self.admin)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
            let mut said = String::new();
            stream.read_to_string(&mut said)?;
            Ok(said)
        };
        ask().is_ok_and(|said| said.starts_with("HTTP/1.1 200"))
    }

    /// How many different events came to the sink, once as many did as were sent, or nothing comes any more.
    pub(crate) fn handed_over(&self, sent: u64) -> Result<u64, Failed> {
        let mut before = None;
        loop {
            let text = fs::read_to_string(self.folder.join("events.jsonl"))?;
            let keys = text.lines().filter_map(|line| {
                let event: serde_json::Value = serde_json::from_str(line).ok()?;
                Some(event["key"].as_str()?.to_owned())
            });
            let count = keys.collect::<std::collections::HashSet<_>>().len() as u64;
            if count >= sent || before.replace(count) == Some(count) {
                return Ok(count);
            }
            thread::sleep(Duration::from_secs(2));
        }
    }

    /// Whether it ended as it should.
    pub(crate) fn stop(&mut self) -> Result<bool, Failed> {
        Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        Ok(self.child.wait()?.success())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
