//! Traces of a gateway, as a collector gets them.

use std::{
    fs,
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{
    program::{Gateway, SECRET, folder, now, request, signed},
    serve::{BODY, post, shop, stop},
};

/// Takes what is sent to it, and says that all is well.
pub(crate) struct Collector {
    address: SocketAddr,
    exports: Receiver<Export>,
}

/// One request.
struct Export {
    head: String,
    body: Vec<u8>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, exports) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let tell = tell.clone();
                thread::spawn(move || receive(stream, &tell));
            }
        });
        Self { address, exports }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bodies of all that came, once the gateway has ended.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = Vec<u8>> {
        self.all().into_iter().map(|export| export.body)
    }

    /// All that came, once the gateway has ended.
    fn all(&self) -> Vec<Export> {
        self.exports.try_iter().collect()
    }
}

/// Requests on one connection, to its end.
fn receive(stream: TcpStream, tell: &Sender<Export>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (head, body) = request(&mut stream)?;
        tell.send(Export { head, body }).ok()?;
        stream
            .get_mut()
            .write_all(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n",
            )
            .ok()?;
    }
}

fn start(folder: &Path, environment: &[(&str, &str)], toml: &str) -> Gateway {
    let file = folder.join("wahook.toml");
    fs::write(&file, toml).unwrap();
    let args = ["serve", "--config", file.to_str().unwrap()];
    Gateway::start_in(environment, &args, |line| {
        line.strip_prefix("listening on http://").map(str::to_owned)
    })
}

fn log(otlp: &str, more: &str) -> String {
    shop(&format!("[log]\notlp = \"{otlp}\"\n{more}"))
}

fn log_of(listener: &TcpListener) -> String {
    log(&format!("http://{}", listener.local_addr().unwrap()), "")
}

/// Batches are sent at once.
const AT_ONCE: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "10");

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap()
}

/// An attribute in protobuf: a key, and a value in a message of its own.
fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let key = [&[0x0a, length(key.as_bytes())], key.as_bytes()].concat();
    [&key, &[0x12, length(value)][..], value].concat()
}

fn text(key: &str, value: &str) -> Vec<u8> {
    let value = [&[0x0a, length(value.as_bytes())], value.as_bytes()].concat();
    attribute(key, &value)
}

/// A number from 128 to 16383.
fn number(key: &str, value: u16) -> Vec<u8> {
    let [low, high] = [value & 0x7f | 0x80, value >> 7].map(|part| u8::try_from(part).unwrap());
    attribute(key, &[0x18, low, high])
}

/// The name of a span.
fn name(name: &str) -> Vec<u8> {
    [&[0x2a, length(name.as_bytes())], name.as_bytes()].concat()
}

const TOKEN: &str = "canary-of-a-token-in-a-query";
const MESSAGE: &[u8] = br#"{"event_type":"message.new","organization_id":"canary-org","channel_id":"canary-channel","data":{"message_id":"canary-mid","direction":"inbound","type":"text","text":"canary of a text","from":"+15550009999"}}"#;
const WAWP: &[u8] = br#"{"id":"canary-evt","timestamp":1767225601123,"event":"message","session":"CANARY1","payload":{"id":"false_15550009999@c.us_3EB0","timestamp":1767225600,"from":"15550009999@c.us","fromMe":false,"body":"canary of a text"}}"#;

#[test]
fn p_spans_come_to_the_collector_and_nothing_of_a_sender_does() {
    let collector = Collector::start();
    let folder = folder("otlp");
    // What is logged has no part in it.
    let toml = log(&format!("http://{}", collector.address), "filter = \"error\"")
        + &format!("[[endpoint]]\nname = \"line\"\nprovider = \"wawp\"\nsecret = \"{TOKEN}\"\n");
    let mut gateway = start(&folder, &[], &toml);
    let canaries =
        "user-agent: canary-agent\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let send = |head: &str, body: &[u8]| gateway.request(&format!("{head}\r\n{canaries}"), body).0;
    let signed = format!(
        "POST /hooks/shop HTTP/1.1\r\n{}",
        signed(SECRET, "canary-id", now(), MESSAGE)
    );
    assert_eq!(send(&signed, MESSAGE), 200);
    gateway.event();
    assert_eq!(send(&signed, MESSAGE), 200);
    assert_eq!(send("POST /hooks/shop HTTP/1.1", MESSAGE), 403);
    assert_eq!(send("CANARY /hooks/shop?canary=a HTTP/1.1", b""), 405);
    assert_eq!(send("GET /canary HTTP/1.1", b""), 404);
    let line = format!("POST /hooks/line?secret={TOKEN} HTTP/1.1");
    assert_eq!(send(&line, WAWP), 200);
    gateway.event();
    stop(&mut gateway);
    let log = gateway.log().join("\n");
    assert!(!log.contains("trace") && !log.contains("request"), "{log}");

    let exports = collector.all();
    assert!(!exports.is_empty(), "nothing came");
    for Export { head, .. } in &exports {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("application/x-protobuf"), "{head}");
    }
    let bodies: Vec<u8> = exports.iter().flat_map(|export| export.body.clone()).collect();
    for expected in [
        text("service.name", "wahook"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        name("request"),
        text("endpoint", "shop"),
        text("endpoint", "line"),
        text("http.request.method", "POST"),
        text("http.request.method", "_OTHER"),
        number("http.response.status_code", 200),
        number("http.response.status_code", 403),
        number("http.response.status_code", 405),
        text("outcome", "stored"),
        text("outcome", "duplicate"),
        text("outcome", "refused"),
        name("hand-over"),
        text("sink", "stdout"),
        text("outcome", "done"),
    ] {
        let said = String::from_utf8_lossy(&expected).into_owned();
        assert!(
            has(&bodies, &expected),
            "no {said:?} in {}",
            bodies.escape_ascii()
        );
    }
    let everything = exports.iter().flat_map(|export| export.head.bytes());
    let everything: Vec<u8> = everything
        .chain(bodies)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    let secret = SECRET.trim_start_matches("whsec_").to_ascii_lowercase();
    for canary in ["canary", "15550009999", "3eb0", "/hooks", &secret] {
        assert!(
            !has(&everything, canary.as_bytes()),
            "{canary} in {}",
            everything.escape_ascii()
        );
    }
    assert!(
        !has(&everything, &[0x0a, 0xf7, 0x65, 0x19]),
        "a sender's trace is not ours"
    );
}

#[test]
fn the_variables_of_opentelemetry_lead_to_the_collector_too() {
    let collector = Collector::start();
    let endpoint = format!("http://{}/of/traces", collector.address);
    let environment = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20of-the-collector",
        ),
    ];
    let mut gateway = start(&folder("otlp-env"), &environment, &shop(""));
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    stop(&mut gateway);
    let exports = collector.all();
    let Export { head, .. } = exports.first().expect("nothing came");
    assert!(head.starts_with("POST /of/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("Bearer of-the-collector"), "{head}");
}

#[test]
fn a_collector_that_hangs_delays_no_answer_and_the_end_a_little() {
    // The system accepts, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gateway = start(&folder("otlp-hangs"), &[AT_ONCE], &log_of(&silent));
    for number in 0..50 {
        let began = Instant::now();
        let id = format!("msg_{number}");
        assert_eq!(post(&gateway, "/hooks/shop", SECRET, &id, BODY).0, 200);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
    let began = Instant::now();
    stop(&mut gateway);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn a_collector_that_is_away_is_told_of_once() {
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut gateway = start(
        &folder("otlp-away"),
        &[AT_ONCE],
        &log(&format!("http://{away}"), ""),
    );
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    let line = gateway.wait_for_log("traces cannot be sent");
    assert!(
        line.contains("WARN") && !line.contains(&away.to_string()),
        "{line}"
    );
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_2", BODY).0, 200);
    stop(&mut gateway);
    let log = gateway.log().join("\n");
    assert!(!log.contains("traces cannot be sent"), "{log}");
}

#[test]
fn the_second_signal_waits_for_no_collector() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gateway = start(&folder("otlp-twice"), &[AT_ONCE], &log_of(&silent));
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    gateway.signal("-TERM");
    gateway.wait_for_log("stopping");
    // Long enough for all the rest of the end, and less than the collector has.
    thread::sleep(Duration::from_millis(700));
    let began = Instant::now();
    gateway.signal("-TERM");
    assert_eq!(gateway.wait().code(), Some(3));
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn another_collector_is_a_matter_of_the_next_start() {
    let folder = folder("otlp-reload");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut gateway = start(&folder, &[], &log_of(&silent));
    fs::write(folder.join("wahook.toml"), shop("")).unwrap();
    gateway.signal("-HUP");
    gateway.wait_for_log("`log.otlp` was changed and takes effect at the next start");
    stop(&mut gateway);
}
