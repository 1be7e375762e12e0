//! A gateway with a durable inbox and a file sink, which may be killed at any time.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, PROVIDERS};
use wahook_services::{Disk, free_port};

use super::{ledger::Ledger, traffic::Hook};
use crate::program::{folder, program};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) struct Node {
    folder: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Node {
    /// With these settings in the head of the file; it listens on the same port each time.
    pub(super) fn new(name: &str, settings: &str) -> Self {
        let folder = folder(name);
        fs::create_dir(folder.join("data")).unwrap();
        let settings = settings.replace("sqlite:", "sqlite:data/");
        let toml = format!(
            r#"{settings}

[[endpoint]]
name = "shop"
provider = "wazapin"
secret = "{SECRET}"

[[sink]]
name = "log"
type = "file"
path = "data/events.jsonl"
"#
        );
        fs::write(folder.join("wahook.toml"), toml).unwrap();
        Self {
            folder,
            port: free_port().unwrap(),
            child: None,
        }
    }

    /// Where all that has to last is.
    pub(super) fn folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn hook(&self) -> Hook {
        let row = PROVIDERS.iter().find(|row| row.id == "wazapin").unwrap();
        let secrets = Secrets::try_from(SECRET).unwrap();
        Hook {
            endpoint: (row.build)("shop", secrets, &Options::default()).unwrap(),
            secret: Secret::new(SECRET).unwrap(),
        }
    }

    /// Starts it, waits until it listens, and tells the URL of its endpoint.
    pub(super) fn start(&mut self) -> String {
        let command = self.command();
        self.spawn(command)
    }

    /// The same, on a disk that is under control.
    pub(super) fn start_on(&mut self, disk: &Disk) -> String {
        let mut command = self.command();
        disk.on(&mut command);
        self.spawn(command)
    }

    fn command(&self) -> Command {
        let listen = format!("127.0.0.1:{}", self.port);
        let file = self.folder.join("wahook.toml");
        program(&["serve", "--listen", &listen, "--config", file.to_str().unwrap()])
    }

    fn spawn(&mut self, mut command: Command) -> String {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        self.child = Some(child);
        let mut said = String::new();
        while !said.lines().any(|line| line.starts_with("listening on ")) {
            assert!(
                stderr.read_line(&mut said).unwrap() > 0,
                "it did not start: {said}"
            );
        }
        // What else it says is read and thrown away, so that it never waits for us.
        thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        format!("http://127.0.0.1:{}/hooks/shop", self.port)
    }

    /// SIGKILL.
    pub(super) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits until all that was acknowledged is in the sink, or for as long as it may take, and tells what is there.
    pub(super) fn lines_until(&mut self, ledger: &Ledger) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let lines = lines(&self.folder());
            if ledger.is_covered_by(&lines) || Instant::now() > deadline {
                assert!(ledger.len() > 0, "nothing was acknowledged at all");
                return lines;
            }
            // What is lost does not come later: that the sink stands still is enough to know.
            thread::sleep(Duration::from_secs(2));
            if lines.len() == self::lines(&self.folder()).len() {
                return lines;
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The events of all files of the sink, the oldest first.
fn lines(folder: &Path) -> Vec<Value> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.to_string_lossy().contains("events"))
        .collect();
    files.sort();
    // The one that is written to has the shortest name and the newest events.
    if let Some(current) = files.iter().position(|path| path.ends_with("events.jsonl")) {
        let current = files.remove(current);
        files.push(current);
    }
    let text = files.iter().map(|path| fs::read_to_string(path).unwrap());
    let text: Vec<String> = text.collect();
    // The last line may be half written at this moment.
    let whole = text.iter().flat_map(|text| text.split_inclusive('\n'));
    whole
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
