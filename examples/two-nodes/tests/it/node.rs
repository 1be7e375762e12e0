//! One node: a process of the example. Every wait has a deadline.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

pub(crate) const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const DEADLINE: Duration = Duration::from_secs(30);

/// What a node writes for each event that it handled.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) node: u16,
    pub(crate) key: String,
}

/// A node that runs until it is killed or dropped.
pub(crate) struct Node {
    child: Child,
    stdout: Receiver<String>,
    pub(crate) port: u16,
}

impl Node {
    pub(crate) fn start(store: &str, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_two-nodes"))
            .args(["--port", "0"])
            .args(options)
            .env_clear()
            .env("WAZAPIN_SECRET", SECRET)
            .env("GUARD_STORE", store)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let mut said = Vec::new();
        let port = loop {
            let line = stderr
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("it did not start: {said:?}"));
            if let Some(port) = line.strip_prefix("listening on http://127.0.0.1:") {
                break port.parse().unwrap();
            }
            said.push(line);
        };
        Self { child, stdout, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks/shop", self.port)
    }

    /// Ends it at once, without a word (SIGKILL), and gives all that it wrote.
    pub(crate) fn kill(mut self) -> Vec<Line> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.stdout.iter().map(|line| read(&line)).collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> Line {
    let value: Value = serde_json::from_str(line).unwrap();
    Line {
        node: value["node"].as_u64().unwrap().try_into().unwrap(),
        key: value["key"].as_str().unwrap().to_owned(),
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            // What nobody waits for is read and thrown away, so that the node never waits for us.
            let _ = sender.send(line);
        }
    });
    receiver
}
