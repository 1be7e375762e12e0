//! A gateway with a durable inbox, which may be killed at any time.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write, copy},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, PROVIDERS};
use wahook_services::{Disk, free_port};

use super::{
    ledger::{Line, lines},
    traffic::Hook,
};
use crate::program::{folder, program};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// An inbox in a file of the node's own.
pub(crate) const SQLITE: &str = "inbox = \"sqlite:inbox/inbox.db\"";

/// A sink that is a file of the node's own, and asks again soon when there is no room.
pub(crate) const FILE: &str = r#"
[[sink]]
name = "log"
type = "file"
path = "sink/events.jsonl"
first_retry = "100ms"
longest_retry = "500ms"
"#;

/// What an operator asks waits no longer than this.
const ANSWER: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct Node {
    folder: PathBuf,
    port: u16,
    admin: u16,
    child: Option<Child>,
    leaves: bool,
}

impl Node {
    /// With these settings in the head of the file and these sinks; it listens on the same port each time.
    pub(crate) fn new(name: &str, settings: &str, sinks: &str) -> Self {
        let admin = free_port().unwrap();
        let settings = format!(
            r#"{settings}

[admin]
listen = "127.0.0.1:{admin}"
token = "0123456789abcdef0123456789abcdef""#
        );
        let mut node = Self::bare(name, &settings, sinks);
        node.admin = admin;
        node
    }

    /// The same without an admin listener, which there is with an inbox only.
    pub(crate) fn bare(name: &str, settings: &str, sinks: &str) -> Self {
        let folder = folder(name);
        for part in ["inbox", "sink"] {
            fs::create_dir(folder.join(part)).unwrap();
        }
        let toml = format!(
            r#"{settings}

[[endpoint]]
name = "shop"
provider = "wazapin"
secret = "{SECRET}"

{sinks}"#
        );
        fs::write(folder.join("wahook.toml"), toml).unwrap();
        Self {
            folder,
            port: free_port().unwrap(),
            admin: 0,
            child: None,
            leaves: false,
        }
    }

    /// Where all of it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its own inbox is.
    pub(crate) fn inbox(&self) -> PathBuf {
        self.folder.join("inbox")
    }

    /// Where its own file sink is.
    pub(crate) fn sink(&self) -> PathBuf {
        self.folder.join("sink")
    }

    pub(crate) fn hook() -> Hook {
        let row = PROVIDERS.iter().find(|row| row.id == "wazapin").unwrap();
        let secrets = Secrets::try_from(SECRET).unwrap();
        Hook {
            endpoint: (row.build)("shop", secrets, &Options::default()).unwrap(),
            secret: Secret::new(SECRET).unwrap(),
            text: 500,
        }
    }

    /// Starts it, waits until it listens, and tells the URL of its endpoint.
    pub(crate) fn start(&mut self) -> String {
        let command = self.command();
        self.spawn(command)
    }

    /// The same, on a disk that is under control.
    pub(crate) fn start_on(&mut self, disk: &Disk) -> String {
        let mut command = self.command();
        disk.on(&mut command);
        self.spawn(command)
    }

    /// Runs it to its end, which must be an error; tells its exit code and what it said.
    pub(crate) fn start_in_vain(&self) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.command().output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    fn command(&self) -> Command {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.verb(&["serve", "--listen", &listen]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// A verb of the program about this gateway.
    pub(crate) fn verb(&self, args: &[&str]) -> Command {
        let file = self.folder.join("wahook.toml");
        let mut command = program(args);
        command.arg("--config").arg(file);
        command
    }

    fn spawn(&mut self, command: Command) -> String {
        self.try_spawn(command)
            .unwrap_or_else(|said| panic!("it did not start: {said}"))
    }

    /// Starts it once more with what is done to its command, and tells the URL of its endpoint; if it does not come up,
    /// what it said.
    pub(crate) fn try_start(&mut self, prepare: impl FnOnce(&mut Command)) -> Result<String, String> {
        let mut command = self.command();
        prepare(&mut command);
        self.try_spawn(command)
    }

    fn try_spawn(&mut self, mut command: Command) -> Result<String, String> {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with("listening on ")) {
            if stderr.read_line(&mut said).unwrap() == 0 {
                let status = child.wait().unwrap();
                return Err(format!("{} ({status})", said.trim_end()));
            }
        }
        self.child = Some(child);
        // What else it says is kept for whoever wants to know why a test failed.
        let log = self.folder.join("log");
        let mut log = File::options().create(true).append(true).open(log).unwrap();
        thread::spawn(move || copy(&mut stderr, &mut log));
        Ok(format!("http://127.0.0.1:{}/hooks/shop", self.port))
    }

    /// The process, while it runs.
    pub(crate) fn child(&mut self) -> Option<&mut Child> {
        self.child.as_mut()
    }

    /// Leaves its folder behind when it is dropped.
    pub(crate) fn leave_folder(&mut self) {
        self.leaves = true;
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What the admin listener answers: status and body.
    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.admin)).ok()?;
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut said = String::new();
        stream.read_to_string(&mut said).ok()?;
        let (head, body) = said.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// Whether it says that all is well.
    pub(crate) fn is_ready(&self) -> bool {
        self.get("/ready").is_some_and(|(status, _)| status == 200)
    }

    /// The sum of a metric over its labels; 0 while nobody counted it.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        self.try_metric(name).expect("the admin listener answers")
    }

    /// The same, if it answers.
    pub(crate) fn try_metric(&self, name: &str) -> Option<u64> {
        let (_, text) = self.get("/metrics").filter(|(status, _)| *status == 200)?;
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let of_name = samples.filter(|line| line.split(['{', ' ']).next() == Some(name));
        let values = of_name.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "they count"
        )]
        let sum = values.sum::<f64>() as u64;
        Some(sum)
    }

    /// What `wahook status` says.
    pub(crate) fn status(&self) -> Value {
        let output = self.verb(&["status", "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// How much memory it has, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        let id = self.child.as_ref().unwrap().id();
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes / 1024
    }

    /// What its own file sink has.
    pub(crate) fn lines(&self) -> Vec<Line> {
        lines(&self.sink().join("events.jsonl"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        // What a failed test left is looked at.
        if !thread::panicking() && !self.leaves {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
