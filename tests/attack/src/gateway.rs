//! The gateway under attack, and what can be seen of it from outside.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use wahook_services::free_port;

use crate::{Failed, assault::Assault, good::SECRET};

/// What it is configured to bear.
pub(crate) struct Setting {
    pub(crate) connections: u32,
    pub(crate) room_mib: u64,
    /// Whether it is attacked in every way, or only by those who take all its connections.
    every_way: bool,
}

impl Setting {
    /// Everybody fits in; and the default, where they do not.
    pub(crate) const ALL: [Self; 2] = [
        Self {
            connections: 12_000,
            room_mib: 64,
            every_way: true,
        },
        Self {
            connections: 1_024,
            room_mib: 64,
            every_way: false,
        },
    ];

    pub(crate) fn is_for(&self, assault: &Assault) -> bool {
        self.every_way || assault.connections > usize::try_from(self.connections).unwrap_or(usize::MAX)
    }

    /// What the configuration allows: bodies on their way in buffers that grow, and for each connection a head of 32 KiB.
    pub(crate) fn budget_mib(&self) -> u64 {
        2 * self.room_mib + u64::from(self.connections) * 32 / 1024
    }
}

pub(crate) struct Gateway {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    admin: SocketAddr,
    held: AtomicU64,
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
            held: AtomicU64::new(0),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> Result<u64, Failed> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
    }

    /// Open sockets.
    pub(crate) fn sockets(&self) -> Result<usize, Failed> {
        let files = fs::read_dir(format!("/proc/{}/fd", self.child.id()))?;
        let is_socket = |file: &fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
        };
        Ok(files.filter_map(Result::ok).filter(is_socket).count())
    }

    /// The most memory it had meanwhile.
    pub(crate) fn while_watched<T>(&self, work: impl FnOnce() -> T) -> Result<(T, u64), Failed> {
        let (over, peak) = (AtomicBool::new(false), AtomicU64::new(self.memory_mib()?));
        self.held.store(0, Ordering::Relaxed);
        let done = thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    peak.fetch_max(self.memory_mib().unwrap_or(0), Ordering::Relaxed);
                    self.held
                        .fetch_max(self.sockets().unwrap_or(0) as u64, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(250));
                }
            });
            let done = work();
            over.store(true, Ordering::Relaxed);
            done
        });
        Ok((done, peak.into_inner()))
    }

    /// The most sockets it had when it was watched last.
    pub(crate) fn held(&self) -> usize {
        usize::try_from(self.held.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
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
