//! A gateway, and everything that comes to it and is asked of it.

use std::{
    fs,
    io::{BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    thread,
    time::Instant,
};

use hmac::{Hmac, KeyInit, Mac};
use wahook_services::Frames;

use super::{
    Output,
    canary::{
        ADDRESS, ADMIN, DESK, FORGED, GROUP, HEADER, LID, LINE, NAME, PATH, PHONE, QUERY, SHOP, SINK, TEXT,
    },
};
use crate::program::{DEADLINE, Gateway, folder, now, request, run, signed};

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
    traffic(&gateway);
    gateway.event();
    gateway.signal("-TERM");
    gateway.wait();
    let mut outputs = vec![Output::new("log", gateway.log().join("\n"))];
    outputs.extend(collector.bodies().map(|body| Output::new("spans", body)));
    outputs
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
    let answers = traffic(&gateway);
    let mut outputs = vec![Output::new("answers", answers)];
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
    outputs
}

/// Standard output is a sink here, and not looked at.
pub(super) fn without_inbox() -> Vec<Output> {
    let folder = folder("p1-without");
    let log = "inbox = \"none\"\n[limits]\nbody_bytes = 20000\nheader_timeout = \"300ms\"\n[log]\nfilter = \"trace\"\n";
    let mut gateway = Gateway::with_config(&folder, &(log.to_owned() + &endpoints()));
    let answers = traffic(&gateway);
    gateway.close_stdout();
    let more = traffic(&gateway);
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    vec![Output::new("answers", answers + &more), Output::new("log", log)]
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

fn endpoints() -> String {
    format!(
        "[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SHOP}\"\n\
         [[endpoint]]\nname = \"desk\"\nprovider = \"waping\"\nsecret = \"{DESK}\"\n\
         [[endpoint]]\nname = \"line\"\nprovider = \"wawp\"\nsecret = \"{LINE}\"\n"
    )
}

/// Good, repeated, conflicting, forged, malformed, unknown, too large, and no delivery at all; what was answered.
fn traffic(gateway: &Gateway) -> String {
    let shop = format!(
        r#"{{"event_type":"message.new","organization_id":"o1","channel_id":"c1","data":{{"message_id":"m1","conversation_id":"v1","direction":"inbound","type":"text","text":"{TEXT}","body":"{TEXT}","from":"+{PHONE}","from_phone":"{PHONE}","contact":{{"name":"{NAME}"}}}}}}"#
    );
    let desk = format!(
        r#"{{"eventId":"evt_1","type":"message.received","timestamp":"2026-04-05T09:01:00Z","deviceId":"dev_1","message":{{"id":"msg_1","from":"+{PHONE}","body":"{TEXT}","name":"{NAME}"}}}}"#
    );
    let line = format!(
        r#"{{"id":"evt_2","timestamp":1767225601123,"event":"message","session":"S1","me":{{"id":"{PHONE}@c.us","pushName":"{NAME}"}},"payload":{{"id":"false_{PHONE}@c.us_3EB0","timestamp":1767225600,"from":"{PHONE}@c.us","fromMe":false,"to":"{GROUP}@g.us","participant":"{LID}@lid","body":"{TEXT}","_data":{{"notifyName":"{NAME}"}}}}}}"#
    );
    let unknown = shop.replace("message.new", TEXT);
    let other = shop.replace("sings", "is silent, and sings");
    let mut answers = String::new();
    let mut send = |head: &str, body: &str| {
        let head = format!("{head}\r\nuser-agent: {HEADER}\r\nx-forwarded-for: {HEADER}\r\ncookie: {HEADER}");
        let (status, said) = gateway.request(&head, body.as_bytes());
        answers += &format!("{status} {said}\n");
        status
    };
    let at_shop = |id: &str, body: &str| {
        let headers = signed(SHOP, id, now(), body.as_bytes());
        format!("POST /hooks/shop?q={QUERY} HTTP/1.1\r\n{headers}")
    };
    let malformed = format!("{{\"data\": {TEXT} {PHONE}");
    let wrong_types = format!(
        r#"{{"event_type":"message.new","data":{{"message_id":["{PHONE}"],"text":7,"from":{{"x":"{TEXT}"}}}}}}"#
    );
    for (id, body) in [
        ("msg_1", &shop),
        ("msg_1", &shop),
        ("msg_1", &other),
        ("msg_2", &malformed),
        ("msg_3", &unknown),
        ("msg_4", &wrong_types),
    ] {
        let _ = send(&at_shop(id, body), body);
    }
    let _ = send(&at_shop("msg_5", &shop), &other); // tampered with
    let _ = send(&at_shop(HEADER, &shop).replace("v1,", "v2,"), &shop);
    let _ = send(&at_shop("msg_6", &shop), &TEXT.repeat(2000));
    for headers in [
        String::new(),
        format!("svix-id: {HEADER}\r\nsvix-timestamp: {HEADER}\r\nsvix-signature: {HEADER}"),
        format!(
            "svix-id: {HEADER}\r\nsvix-timestamp: {}\r\nsvix-signature: v1,{FORGED}",
            now()
        ),
        format!("svix-id: {HEADER}\r\nsvix-timestamp: 1\r\nsvix-signature: v1,{FORGED}"),
    ] {
        let _ = send(
            &format!("POST /hooks/shop?q={QUERY} HTTP/1.1\r\n{headers}"),
            &shop,
        );
    }
    let mac = |secret: &str, body: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        mac.finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for (secret, body) in [(DESK, &desk), (DESK, &desk), (DESK, &malformed), (QUERY, &desk)] {
        let signature = mac(secret, body);
        let _ = send(
            &format!("POST /hooks/desk HTTP/1.1\r\nX-Wap-Signature: {signature}"),
            body,
        );
    }
    let _ = send(
        &format!("POST /hooks/desk HTTP/1.1\r\nX-Wap-Signature: {FORGED}"),
        &desk,
    );
    for (token, body) in [(LINE, &line), (LINE, &line), (LINE, &malformed), (QUERY, &line)] {
        let _ = send(&format!("POST /hooks/line?secret={token} HTTP/1.1"), body);
    }
    let _ = send(
        &format!("POST /hooks/line HTTP/1.1\r\nauthorization: Bearer {LINE}"),
        &line,
    );
    let _ = send(&format!("GET /hooks/line?secret={LINE} HTTP/1.1"), "");
    let _ = send(&format!("POST /hooks/{PATH}?secret={LINE} HTTP/1.1"), &line);
    let _ = send(&format!("PUT /{PATH} HTTP/1.1"), &shop);
    for broken in [
        format!("{TEXT}\r\n\r\n").into_bytes(),
        format!("POST /{PATH} HTTP/1.1\r\n{HEADER}\r\n\r\n").into_bytes(),
        Frames::opening()
            .post(1, &format!("/{PATH}"))
            .post_begun(3, PATH)
            .continuation(5, HEADER, PHONE)
            .bytes()
            .to_vec(),
    ] {
        let mut stream = gateway.connect();
        let _ = stream.write_all(&broken);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said);
        answers += &String::from_utf8_lossy(&said);
    }
    answers
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
