//! Two processes: the gateway, and whoever sends. Every wait has a deadline, and nothing sleeps.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use wahook_core::{Endpoint, Secret, Secrets};
use wahook_providers::{Options, PROVIDERS, ProviderRow};

const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wahook-under-test"));
    command.env_clear().args(args);
    command
}

/// One endpoint of the gateway under test.
pub(crate) struct Hook {
    pub(crate) row: &'static ProviderRow,
    pub(crate) name: String,
    /// Options as `send --option` takes them.
    pub(crate) options: Vec<String>,
    pub(crate) secret_file: PathBuf,
    secret: String,
}

impl Hook {
    /// The same endpoint, in this process.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let options = self.options.iter().map(|option| {
            let (name, value) = option.split_once('=').unwrap();
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            (name.to_owned(), value)
        });
        let secrets = Secrets::try_from(self.secret.as_str()).unwrap();
        (self.row.build)(&self.name, secrets, &Options::new(options.collect())).unwrap()
    }

    pub(crate) fn secret(&self) -> Secret {
        Secret::new(self.secret.as_str()).unwrap()
    }
}

/// A gateway that runs until it is dropped.
pub(crate) struct Gateway {
    child: Child,
    stdout: Receiver<String>,
    url: String,
    pub(crate) hooks: Vec<Hook>,
}

impl Gateway {
    /// One endpoint for each provider, with its defaults, and these settings in the head of the file.
    pub(crate) fn start(name: &str, settings: &str) -> Self {
        let hooks: Vec<_> = PROVIDERS
            .iter()
            .map(|row| (row, row.id.to_owned(), Vec::new()))
            .collect();
        Self::with_hooks(name, settings, hooks)
    }

    pub(crate) fn with_hooks(
        name: &str,
        settings: &str,
        hooks: Vec<(&'static ProviderRow, String, Vec<String>)>,
    ) -> Self {
        let folder = folder(name);
        let mut toml = format!("{settings}\n");
        let mut ready = Vec::new();
        for (index, (row, name, options)) in hooks.into_iter().enumerate() {
            let secret = (row.make_secret)([u8::try_from(index).unwrap() + 1; 32]);
            let secret_file = folder.join(&name);
            fs::write(&secret_file, format!("{secret}\n")).unwrap();
            toml += &format!(
                "[[endpoint]]\nname = \"{name}\"\nprovider = \"{}\"\nsecret_file = \"{name}\"\n",
                row.id
            );
            if !options.is_empty() {
                toml += "[endpoint.options]\n";
            }
            for option in &options {
                let (name, value) = option.split_once('=').unwrap();
                // A list is written the same in JSON and TOML.
                let quote = if value.starts_with('[') { "" } else { "\"" };
                toml += &format!("{name} = {quote}{value}{quote}\n");
            }
            ready.push(Hook {
                row,
                name,
                options,
                secret_file,
                secret,
            });
        }
        let file = folder.join("wahook.toml");
        fs::write(&file, toml).unwrap();
        let mut child = program(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--config",
            file.to_str().unwrap(),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let mut said = Vec::new();
        let url = loop {
            let line = stderr
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("it did not start: {said:?}"));
            if let Some(url) = line.strip_prefix("listening on ") {
                break url.to_owned();
            }
            said.push(line);
        };
        // What else it says is read and thrown away, so that it never waits for us.
        thread::spawn(move || stderr.iter().for_each(drop));
        Self {
            child,
            stdout,
            url,
            hooks: ready,
        }
    }

    pub(crate) fn url(&self, hook: &Hook) -> String {
        format!("{}/hooks/{}", self.url, hook.name)
    }

    /// Runs `wahook send` against an endpoint; its exit code and its report.
    pub(crate) fn send(&self, hook: &Hook, event: &str, more: &[&str]) -> (i32, Value) {
        let (url, file) = (self.url(hook), hook.secret_file.to_str().unwrap());
        let mut args = vec![
            "send",
            hook.row.id,
            event,
            "--json",
            "--to",
            &url,
            "--secret-file",
            file,
        ];
        for option in &hook.options {
            args.extend(["--option", option]);
        }
        args.extend(more);
        let output = program(&args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {said}"));
        (output.status.code().unwrap(), report)
    }

    /// The next so many events.
    pub(crate) fn events(&self, count: usize) -> Vec<Value> {
        let event = |_| {
            let line = self.stdout.recv_timeout(DEADLINE).expect("an event is missing");
            serde_json::from_str(&line).unwrap()
        };
        (0..count).map(event).collect()
    }

    /// Ends it, and returns what it printed beside the events that were taken.
    pub(crate) fn end(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let rest = self.stdout.iter().collect();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        rest
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty folder of this test.
pub(crate) fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

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
