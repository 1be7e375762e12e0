//! A gateway, and everything that comes to it and is asked of it.

use std::{
    fs,
    io::{BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::Instant,
};

use super::{
    Output,
    canary::{ADDRESS, ADMIN, DESK, NAME, PATH, PHONE, QUERY, SINK, TEXT},
    traffic::{Signatures, endpoints, traffic},
    without,
};
use crate::program::{DEADLINE, Gateway, folder, request, run};

pub(super) fn as_text() -> Vec<Output> {
    with_everything("text")
}

pub(super) fn as_json() -> Vec<Output> {
    with_everything("json")
}

#[cfg(feature = "otlp")]
pub(super) fn spans() -> Vec<Output> {
    let collector = crate::otlp::Collector::start();
    let log = format!(
        "[log]\nfilter = \"off\"\notlp = \"http://{}\"\n",
        collector.address()
    );
    let folder = folder("p1-spans");
    let mut gateway = Gateway::with_config(&folder, &(log + &endpoints()));
    let signatures = traffic(&gateway).signatures;
    gateway.event();
    gateway.signal("-TERM");
    gateway.wait();
    let mut outputs = vec![Output::new("log", gateway.log().join("\n"))];
    outputs.extend(collector.bodies().map(|body| Output::new("spans", body)));
    without(outputs, &signatures.into_canaries())
}

/// Sinks that fail in every way, and say what they were given.
fn with_everything(format: &str) -> Vec<Output> {
    let folder = folder(&format!("p1-{format}"));
    let echo = echo();
    fs::write(folder.join("admin"), ADMIN).unwrap();
    fs::create_dir(folder.join("files")).unwrap();
    let toml = format!(
        r#"
inbox = "sqlite:inbox.db"
[limits]
body_bytes = 20000
header_timeout = "300ms"
[log]
filter = "trace"
format = "{format}"
[admin]
listen = "127.0.0.1:0"
token_file = "admin"
{endpoints}
[[sink]]
name = "failing"
type = "http"
url = "http://{echo}/fail?token={ADDRESS}"
secret = "{SINK}"
attempts = 1
[[sink]]
name = "refusing"
type = "http"
url = "http://{echo}/refuse?token={ADDRESS}"
attempts = 1
[[sink]]
name = "gone"
type = "file"
path = "files/events.jsonl"
attempts = 1
first_retry = "10ms"
longest_retry = "10ms"
[[sink]]
name = "broken"
type = "sql"
address = "sqlite:table.db"
table = "events"
attempts = 1
first_retry = "10ms"
longest_retry = "10ms"
"#,
        endpoints = endpoints()
    );
    let mut gateway = start(&folder, &toml, format);
    fs::remove_dir_all(folder.join("files")).unwrap();
    fs::write(folder.join("files"), "no folder").unwrap();
    // What a database says of a row may quote it.
    let table = rusqlite::Connection::open(folder.join("table.db")).unwrap();
    let quotes = format!(
        "CREATE TRIGGER quotes BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, '{TEXT} of {PHONE}'); END"
    );
    table.execute_batch(&quotes).unwrap();
    let said = traffic(&gateway);
    let mut outputs = vec![Output::new("answers", said.answers)];
    let file = folder.join("wahook.toml");
    let url = format!("http://{}", admin(&gateway, format));
    let token = folder.join("admin");
    let wahook = |args: &[&str]| {
        let of_file = ["doctor", "config"].contains(&args[0]);
        let more = if of_file {
            ["--config", file.to_str().unwrap()].to_vec()
        } else {
            ["--admin", &url, "--token-file", token.to_str().unwrap()].to_vec()
        };
        let output = run(&[args, &more].concat(), b"");
        [output.stdout, output.stderr].concat()
    };
    let until = Instant::now() + DEADLINE;
    let dead = loop {
        let dead = wahook(&["dead", "list", "--json"]);
        let sinks = ["failing", "refusing", "broken"];
        let text = String::from_utf8_lossy(&dead);
        if sinks.iter().all(|sink| text.contains(&format!("\"{sink}\""))) {
            break dead;
        }
        assert!(
            Instant::now() < until,
            "no dead letters: {text} {}",
            String::from_utf8_lossy(&wahook(&["status"]))
        );
    };
    let first: serde_json::Value =
        serde_json::from_slice(dead.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let id = first["event"]
        .as_str()
        .or_else(|| first["id"].as_str())
        .unwrap_or_default()
        .to_owned();
    for args in [
        &["dead", "list", "--json"][..],
        &["dead", "list"],
        &["dead", "show", &id],
        &["dead", "show", &id, "--json"],
        &["dead", "retry", "--sink", "refusing"],
        &["events", "list", "--json"],
        &["events", "list"],
        &["events", "show", &id],
        &["events", "show", &id, "--json"],
        &["events", "list", "--chat", QUERY],
        &["events", "show", QUERY],
        &["replay", "--since", "1h", "--sink", "refusing"],
        &["replay", QUERY],
        &["status"],
        &["status", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["config", "check"],
        &["config", "print"],
    ] {
        // What was asked with is said back.
        let said = String::from_utf8(wahook(args)).unwrap();
        let said = if args.contains(&QUERY) {
            said.replacen(QUERY, "", 2)
        } else {
            said
        };
        outputs.push(Output::new(args.join(" "), said));
    }
    let no_token = run(
        &[
            "status",
            "--admin",
            &format!("http://{}", admin(&gateway, format)),
        ],
        b"",
    );
    outputs.push(Output::new("status without a token", no_token.stderr));
    outputs.extend(admin_answers(&admin(&gateway, format)));
    // A configuration that is wrong while it runs.
    fs::write(
        &file,
        toml.replace("attempts = 1", "attemps = 1")
            .replace(&format!("\"{DESK}\""), "17"),
    )
    .unwrap();
    gateway.signal("-HUP");
    let until = Instant::now() + DEADLINE;
    loop {
        let asked = admin(&gateway, format);
        let status = ask(
            &asked,
            &format!("GET /api/v1/status HTTP/1.1\r\nauthorization: Bearer {ADMIN}"),
            "",
        );
        if status.contains("wahook.toml") {
            outputs.push(Output::new("status after a reload that failed", status));
            break;
        }
        assert!(Instant::now() < until, "the reload is not told of: {status}");
    }
    outputs.push(Output::new("what it said", gateway.said.join("\n")));
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    assert!(log.contains("refused") && log.contains("stopping"), "{log}");
    outputs.push(Output::new("log", log));
    for file in ["inbox.db", "inbox.db-wal"] {
        if let Ok(bytes) = fs::read(folder.join(file)) {
            let mut output = Output::new(file, bytes);
            output.keeps_what_came = true;
            outputs.push(output);
        }
    }
    without(outputs, &said.signatures.into_canaries())
}

/// Standard output is a sink here, and not looked at.
pub(super) fn without_inbox() -> Vec<Output> {
    let folder = folder("p1-without");
    let log = "inbox = \"none\"\n[limits]\nbody_bytes = 20000\nheader_timeout = \"300ms\"\n[log]\nfilter = \"trace\"\n";
    let mut gateway = Gateway::with_config(&folder, &(log.to_owned() + &endpoints()));
    let said = traffic(&gateway);
    gateway.close_stdout();
    let more = traffic(&gateway);
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    let outputs = vec![
        Output::new("answers", said.answers + &more.answers),
        Output::new("log", log),
    ];
    let signatures = [said.signatures, more.signatures].map(Signatures::into_canaries);
    without(outputs, &signatures.concat())
}

fn start(folder: &Path, toml: &str, format: &str) -> Gateway {
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let args = ["serve", "--config", file.to_str().unwrap()];
    let is_json = format == "json";
    Gateway::start_as(&args, |line| {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(said) if is_json => Some(said["listening"].as_str()?.strip_prefix("http://")?.to_owned()),
            _ => line.strip_prefix("listening on http://").map(str::to_owned),
        }
    })
}

/// Where the admin listener is.
fn admin(gateway: &Gateway, format: &str) -> String {
    if format == "text" {
        return gateway.admin().to_owned();
    }
    let said = gateway.said.last().unwrap();
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    said["admin"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .to_owned()
}

/// What the admin listener says to questions that make no sense, with the token and without.
fn admin_answers(address: &str) -> Vec<Output> {
    let mut outputs = Vec::new();
    for token in ["", QUERY, ADMIN] {
        for head in [
            "GET /metrics HTTP/1.1".to_owned(),
            "GET /health HTTP/1.1".to_owned(),
            "GET /api/v1/status HTTP/1.1".to_owned(),
            "GET /api/v1/events HTTP/1.1".to_owned(),
            "GET /api/v1/dead HTTP/1.1".to_owned(),
            format!("GET /api/v1/events?since={QUERY}&chat={PHONE} HTTP/1.1"),
            format!("GET /api/v1/events?{QUERY}={PHONE} HTTP/1.1"),
            format!("GET /api/v1/events/{PATH}/{PHONE} HTTP/1.1"),
            format!("GET /{PATH} HTTP/1.1"),
            "POST /api/v1/replay HTTP/1.1\r\ncontent-type: application/json\r\nx-wahook: 1".to_owned(),
            "POST /api/v1/dead/retry HTTP/1.1\r\ncontent-type: application/json\r\nx-wahook: 1".to_owned(),
        ] {
            let head = if token.is_empty() {
                head.clone()
            } else {
                format!("{head}\r\nauthorization: Bearer {token}")
            };
            let body = if head.starts_with("POST") {
                format!("{{\"{TEXT}\": {PHONE}")
            } else {
                String::new()
            };
            let first = head.split(" HTTP").next().unwrap_or_default().to_owned();
            // What was asked with is said back to who asked.
            let said = ask(address, &head, &body).replacen(QUERY, "", 1);
            outputs.push(Output::new(format!("{first} with {token:?}"), said));
        }
    }
    outputs
}

fn ask(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let length = body.len();
    let request =
        format!("{head}\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

/// A receiver that fails, and repeats all it was given: in its status line, its headers and its body.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || repeat(stream));
        }
    });
    address
}

fn repeat(stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (head, body) = request(&mut stream)?;
        let status = if head.starts_with("POST /refuse") {
            400
        } else {
            500
        };
        let all = [head.as_bytes(), &body].concat();
        let answer = format!(
            "HTTP/1.1 {status} {TEXT} {ADDRESS}\r\nx-echo: {PHONE} {NAME}\r\nlocation: http://{PHONE}.example/{TEXT}\r\ncontent-length: {}\r\n\r\n",
            all.len()
        );
        stream
            .get_mut()
            .write_all(&[answer.as_bytes(), &all].concat())
            .ok()?;
    }
}
