//! Runs the binary. Nothing sleeps: every wait is for a line, an answer or an end, with a deadline.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The program, in an empty environment.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wahook"));
    command.env_clear().args(args);
    command
}

/// Runs to the end, with this on stdin.
pub(crate) fn run(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its stdin may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let _ended = killed_late(child.id());
    child.wait_with_output().unwrap()
}

/// Kills the process after the deadline, unless what is returned is dropped before.
fn killed_late(id: u32) -> std::sync::mpsc::Sender<()> {
    let (tell, ended) = channel();
    thread::spawn(move || {
        if ended.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
    });
    tell
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An empty folder of this test.
pub(crate) fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
    pub(crate) said: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Gateway {
    /// Development mode with secrets in this folder.
    pub(crate) fn development(data: &Path) -> Self {
        Self::start(&["serve", "--data-dir", data.to_str().unwrap()])
    }

    /// With this configuration.
    pub(crate) fn with_config(folder: &Path, toml: &str) -> Self {
        let file = folder.join("wahook.toml");
        std::fs::write(&file, toml).unwrap();
        Self::start(&["serve", "--config", file.to_str().unwrap()])
    }

    fn start(args: &[&str]) -> Self {
        Self::start_as(args, |line| {
            line.strip_prefix("listening on http://").map(str::to_owned)
        })
    }

    /// With these arguments; the address is found in what it says.
    pub(crate) fn start_as(args: &[&str], address_in: impl Fn(&str) -> Option<String>) -> Self {
        Self::start_in(&[], args, address_in)
    }

    /// The same, in this environment.
    pub(crate) fn start_in(
        environment: &[(&str, &str)],
        args: &[&str],
        address_in: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut args = args.to_vec();
        if !args.contains(&"--listen") {
            args.extend(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command(&args)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let mut said = Vec::new();
        let address = loop {
            let line = stderr
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("it did not start: {said:?}"));
            let address = address_in(&line).map(|text| text.parse().unwrap());
            said.push(line);
            if let Some(address) = address {
                break address;
            }
        };
        Self {
            child,
            stdout,
            stderr,
            said,
            address,
        }
    }

    /// The next line on stdout.
    pub(crate) fn event(&self) -> serde_json::Value {
        let line = self
            .stdout
            .recv_timeout(DEADLINE)
            .expect("no event within the deadline");
        serde_json::from_str(&line).unwrap()
    }

    /// What is left on stdout after the program ended.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.stdout.iter().collect()
    }

    /// What is left on stderr after the program ended.
    pub(crate) fn log(&self) -> Vec<String> {
        self.stderr.iter().collect()
    }

    /// The next line on stderr that contains this.
    pub(crate) fn wait_for_log(&self, part: &str) -> String {
        loop {
            let line = self
                .stderr
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("no log line with {part:?}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// All lines until each of these parts was in one.
    #[cfg(all(feature = "nats", feature = "rabbitmq"))]
    pub(crate) fn log_until(&self, parts: &[&str]) -> Vec<String> {
        let mut missing = parts.to_vec();
        let mut lines = Vec::new();
        while !missing.is_empty() {
            let line = self.stderr.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("no log lines with {missing:?}"));
            missing.retain(|part| !line.contains(part));
            lines.push(line);
        }
        lines
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Closes our end of its stdout.
    pub(crate) fn close_stdout(&mut self) {
        // The reading thread ends when the channel does not take its line any more.
        self.stdout = channel().1;
    }

    /// Closes our end of its stderr.
    pub(crate) fn close_log(&mut self) {
        self.stderr = channel().1;
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let _ended = killed_late(self.child.id());
        self.child.wait().unwrap()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Where its admin listener is, without the scheme.
    pub(crate) fn admin(&self) -> &str {
        let mut said = self.said.iter();
        said.find_map(|line| line.strip_prefix("admin: http://")).unwrap()
    }

    /// What a collector reads.
    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.admin()).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut metrics = String::new();
        stream.read_to_string(&mut metrics).unwrap();
        metrics
    }

    /// Sends a request on a connection of its own and returns status and body.
    pub(crate) fn request(&self, head: &str, body: &[u8]) -> (u16, String) {
        let mut stream = self.connect();
        let head = format!(
            "{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        answer(stream)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of the one answer on a connection.
pub(crate) fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no answer: {text:?}"))
        .parse()
        .unwrap();
    (status, body.to_owned())
}

/// Reads to the end of the stream, whatever the receiver does: a pipe that is full would stop the program.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The headers of a Standard Webhooks delivery, written a second time: the test must not trust our own signer.
pub(crate) fn signed(secret: &str, id: &str, at: i64, body: &[u8]) -> String {
    let key = STANDARD
        .decode(secret.trim().trim_start_matches("whsec_"))
        .unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("svix-id: {id}\r\nsvix-timestamp: {at}\r\nsvix-signature: v1,{signature}")
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test runs on the machine's clock"
    )]
    jiff::Timestamp::now().as_second()
}

pub(crate) const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The next request of a connection, head and body; `None` at its end.
pub(crate) fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length?.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}
