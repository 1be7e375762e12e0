//! The gateway over real sockets.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::Stdio,
};

use super::program::{Gateway, SECRET, answer, command, folder, now, signed, text};

const BODY: &[u8] = br#"{"event_type":"message.new","organization_id":"o1","channel_id":"c1","data":{"message_id":"m1","direction":"inbound","type":"text"}}"#;
const RECEIVED: &str = r#"{"received":true}"#;

fn shop(more: &str) -> String {
    format!("{more}\n[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n")
}

fn post(gateway: &Gateway, path: &str, secret: &str, id: &str, body: &[u8]) -> (u16, String) {
    gateway.request(
        &format!("POST {path} HTTP/1.1\r\n{}", signed(secret, id, now(), body)),
        body,
    )
}

/// Asks it to stop, and returns what it still printed.
fn stop(gateway: &mut Gateway) -> Vec<String> {
    gateway.signal("-TERM");
    assert_eq!(gateway.wait().code(), Some(0));
    gateway.rest()
}

#[test]
fn g2_development_mode_prints_a_delivery_once_although_it_comes_twice() {
    let data = folder("development");
    let mut gateway = Gateway::development(&data);
    let secret = fs::read_to_string(data.join("secrets/wazapin")).unwrap();
    assert_eq!(
        post(&gateway, "/hooks/wazapin", &secret, "msg_1", BODY),
        (200, RECEIVED.to_owned())
    );
    assert_eq!(
        post(&gateway, "/hooks/wazapin", &secret, "msg_1", BODY),
        (200, RECEIVED.to_owned())
    );
    let event = gateway.event();
    assert_eq!(event["delivery"]["provider_id"], "msg_1");
    assert_eq!(event["endpoint"], "wazapin");
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn v4_secrets_are_kept_for_the_owner_alone_and_shown_to_nobody() {
    let data = folder("secrets");
    let gateway = Gateway::development(&data);
    let said = gateway.said.join("\n");
    for provider in ["waping", "wawp", "wazapin"] {
        let file = data.join("secrets").join(provider);
        let secret = fs::read_to_string(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!said.contains(secret.trim()), "{provider}: {said}");
        assert!(said.contains(&format!("send {provider} ")), "{said}");
        assert!(
            said.contains(&format!("--secret-file {}", file.display())),
            "{said}"
        );
    }
    drop(gateway);
    let before = fs::read_to_string(data.join("secrets/wawp")).unwrap();
    drop(Gateway::development(&data));
    assert_eq!(
        fs::read_to_string(data.join("secrets/wawp")).unwrap(),
        before,
        "a restart keeps the secret"
    );
}

#[test]
fn a_printed_send_line_works_as_it_is() {
    let gateway = Gateway::development(&folder("paste"));
    let lines: Vec<_> = gateway
        .said
        .iter()
        .filter_map(|line| line.split_once("try it:"))
        .collect();
    assert_eq!(lines.len(), 3);
    for (_, line) in lines {
        let output = std::process::Command::new("sh")
            .args(["-c", line.trim()])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        gateway.event();
    }
}

#[test]
fn v2_what_does_not_verify_is_refused_with_a_bare_status_and_logged_with_its_reason() {
    let gateway = Gateway::with_config(&folder("refused"), &shop(""));
    let other = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    assert_eq!(
        post(&gateway, "/hooks/shop", other, "msg_1", BODY),
        (403, String::new())
    );
    let log = gateway.wait_for_log("refused");
    assert!(
        log.contains("signature_mismatch") && log.contains("shop"),
        "{log}"
    );
}

#[test]
fn unknown_paths_are_404_and_other_methods_405() {
    let gateway = Gateway::with_config(&folder("router"), &shop(""));
    for path in [
        "/",
        "/hooks",
        "/hooks/shop/",
        "/hooks/shop2",
        "/hooks/%73hop",
        "/favicon.ico",
    ] {
        assert_eq!(
            gateway.request(&format!("GET {path} HTTP/1.1"), b""),
            (404, String::new()),
            "{path}"
        );
        assert_eq!(post(&gateway, path, SECRET, "msg_1", BODY).0, 404, "{path}");
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(
            gateway
                .request(&format!("{method} /hooks/shop?a=b HTTP/1.1"), b"")
                .0,
            405,
            "{method}"
        );
    }
}

#[test]
fn v2_large_and_slow_bodies_are_cut() {
    let limits = "[limits]\nbody_bytes = 1000\nidle = \"200ms\"";
    let gateway = Gateway::with_config(&folder("limits"), &shop(limits));
    let large = vec![b' '; 1001];
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", &large).0, 413);

    let mut slow = gateway.connect();
    let headers = signed(SECRET, "msg_1", now(), BODY);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&BODY[..10]).unwrap();
    assert_eq!(answer(slow).0, 408);
}

/// A connection that is open and says this; then it says nothing.
fn stalled(gateway: &Gateway, bytes: &[u8]) -> TcpStream {
    let mut stream = gateway.connect();
    stream.write_all(bytes).unwrap();
    stream
}

fn is_closed(mut stream: TcpStream) -> bool {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn stalled_heads_and_idle_connections_are_closed() {
    let gateway = Gateway::with_config(&folder("stalled"), &shop("[limits]\nheader_timeout = \"300ms\""));
    let starts: [&[u8]; 6] = [
        b"",
        b"P",
        b"POST /hooks/shop HTT",
        b"POST /hooks/shop HTTP/1.1\r\nhost: h\r\nx-",
        b"GET / HTTP/1.1\r\nhost: h\r\n\r\n", // answered, and kept open by the client
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", // HTTP/2 without a stream
    ];
    let streams = starts.map(|bytes| (bytes, stalled(&gateway, bytes)));
    for (bytes, stream) in streams {
        assert!(is_closed(stream), "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn connections_above_the_cap_wait_until_one_is_closed() {
    let limits = "[limits]\nconnections = 1\nheader_timeout = \"2s\"";
    let gateway = Gateway::with_config(&folder("cap"), &shop(limits));
    // The first is known to be accepted by its answer, and holds the only place.
    let mut first = gateway.connect();
    first.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").unwrap();
    let mut start = [0; 12];
    first.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 404");

    let mut second = stalled(
        &gateway,
        b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    );
    second
        .set_read_timeout(Some(std::time::Duration::from_millis(300)))
        .unwrap();
    let mut byte = [0];
    assert!(
        second.read(&mut byte).is_err(),
        "the second is not served while the first is open"
    );
    drop(first);
    second.set_read_timeout(Some(super::program::DEADLINE)).unwrap();
    assert_eq!(answer(second).0, 404);
}

#[test]
fn http2_is_served_with_many_streams_on_one_connection() {
    // Prior knowledge, as a proxy speaks to us; more streams than one connection may have at once.
    let gateway = Gateway::with_config(&folder("h2"), &shop("[limits]\nstreams = 4"));
    let url = format!("http://{}/hooks/shop", gateway.address);
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client.build().unwrap();
        let requests = (0..20).map(|number| {
            let body = text(BODY).replace("m1", &format!("m{number}"));
            let mut request = client.post(&url);
            for header in signed(SECRET, &format!("msg_{number}"), now(), body.as_bytes()).split("\r\n") {
                let (name, value) = header.split_once(": ").unwrap();
                request = request.header(name, value);
            }
            request.body(body).send()
        });
        for answer in futures_util::future::join_all(requests).await {
            let answer = answer.unwrap();
            assert_eq!(
                (answer.version(), answer.status().as_u16()),
                (http::Version::HTTP_2, 200)
            );
            assert_eq!(answer.text().await.unwrap(), RECEIVED);
        }
    });
    for _ in 0..20 {
        gateway.event();
    }
}

#[test]
fn a_body_that_is_cut_is_no_delivery() {
    let mut gateway = Gateway::with_config(&folder("cut"), &shop(""));
    let headers = signed(SECRET, "msg_1", now(), BODY);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        BODY.len() + 1
    );
    let mut stream = stalled(&gateway, head.as_bytes());
    stream.write_all(BODY).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(answer(stream), (400, String::new()));
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn g5_a_sender_that_hangs_up_does_not_undo_what_it_sent() {
    let gateway = Gateway::with_config(&folder("hangs-up"), &shop(""));
    let headers = signed(SECRET, "msg_1", now(), BODY);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    let mut stream = stalled(&gateway, head.as_bytes());
    stream.write_all(BODY).unwrap();
    drop(stream);
    gateway.event();

    // Done writing, still reading.
    let mut stream = stalled(&gateway, head.as_bytes());
    stream.write_all(BODY).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(answer(stream), (200, RECEIVED.to_owned()));
}

#[test]
fn nobody_reading_the_log_stops_nothing() {
    let mut gateway = Gateway::with_config(&folder("no-log"), &shop(""));
    gateway.close_log();
    let other = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    for number in 0..20 {
        assert_eq!(
            post(&gateway, "/hooks/shop", other, &format!("msg_{number}"), BODY).0,
            403
        );
    }
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
}

#[test]
fn g5_what_is_in_progress_is_finished_before_the_end() {
    let mut gateway = Gateway::with_config(&folder("graceful"), &shop(""));
    let headers = signed(SECRET, "msg_1", now(), BODY);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    let mut stream = stalled(&gateway, head.as_bytes());
    // "100 Continue" tells that the request is in progress.
    let mut start = [0; 25];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 100 Continue\r\n\r\n");
    gateway.signal("-TERM");
    gateway.wait_for_log("stopping");
    stream.write_all(BODY).unwrap();
    assert_eq!(answer(stream), (200, RECEIVED.to_owned()));
    assert_eq!(gateway.wait().code(), Some(0));
    assert_eq!(gateway.rest().len(), 1);
}

#[test]
fn nothing_is_acknowledged_that_nobody_reads() {
    let mut gateway = Gateway::with_config(&folder("reader"), &shop(""));
    gateway.close_stdout();
    // The thread that reads for us takes one more line before it notices; the pipe is closed after that.
    let mut refused = false;
    for number in 0..50 {
        let body = text(BODY).replace("m1", &format!("m{number}"));
        let head = format!(
            "POST /hooks/shop HTTP/1.1\r\n{}",
            signed(SECRET, &format!("msg_{number}"), now(), body.as_bytes())
        );
        let Ok(mut stream) = TcpStream::connect(gateway.address) else {
            break;
        };
        let head = format!(
            "{head}\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut said = String::new();
        if stream.write_all(head.as_bytes()).is_err() || stream.read_to_string(&mut said).is_err() {
            break;
        }
        refused |= said.starts_with("HTTP/1.1 503");
    }
    assert!(refused);
    assert_eq!(gateway.wait().code(), Some(3));
}

#[test]
fn a_taken_port_is_said_in_one_line() {
    let gateway = Gateway::development(&folder("taken"));
    let data = folder("taken-too");
    let output = command(&[
        "serve",
        "--listen",
        &gateway.address.to_string(),
        "--data-dir",
        data.to_str().unwrap(),
    ])
    .output()
    .unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("is taken by another program; stop it, or choose another with --listen 127.0.0.1:"),
        "{said}"
    );
}

#[test]
fn p_no_secret_signature_number_or_text_is_logged() {
    let folder = folder("privacy");
    let file = folder.join("wahook.toml");
    fs::write(&file, shop("")).unwrap();
    let mut gateway = Gateway::with_config(&folder, &shop(""));
    let body = br#"{"event_type":"message.new","data":{"message_id":"m1","from":"+15550100001","text":"tell-nobody"}}"#;
    post(&gateway, "/hooks/shop?token=tell-nobody", SECRET, "msg_1", body);
    post(&gateway, "/tell-nobody", SECRET, "msg_1", body);
    gateway.request(
        "POST /hooks/shop?token=tell-nobody HTTP/1.1\r\nsvix-signature: v1,tell-nobody",
        body,
    );
    gateway.signal("-TERM");
    gateway.wait();
    let log = gateway.log().join("\n");
    assert!(log.contains("refused"), "{log}");
    for private in ["tell-nobody", "15550100001", "whsec_"] {
        assert!(!log.contains(private), "{private}: {log}");
    }
}
