//! The gateway over real sockets.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::Stdio,
};

use super::limits::stalled;
use super::program::{Gateway, SECRET, answer, command, folder, now, signed, text};
use super::reload::reload;

pub(crate) const BODY: &[u8] = br#"{"event_type":"message.new","organization_id":"o1","channel_id":"c1","data":{"message_id":"m1","direction":"inbound","type":"text"}}"#;
pub(crate) const RECEIVED: &str = r#"{"received":true}"#;

pub(crate) fn shop(more: &str) -> String {
    format!("{more}\n[[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n")
}

/// The way in which deliveries are handed on before they are answered.
pub(crate) fn without_inbox(more: &str) -> String {
    shop(&format!("inbox = \"none\"\n{more}"))
}

pub(crate) fn post(gateway: &Gateway, path: &str, secret: &str, id: &str, body: &[u8]) -> (u16, String) {
    gateway.request(
        &format!("POST {path} HTTP/1.1\r\n{}", signed(secret, id, now(), body)),
        body,
    )
}

/// Asks it to stop, and returns what it still printed.
pub(crate) fn stop(gateway: &mut Gateway) -> Vec<String> {
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
    assert_eq!(lines.len(), wahook_providers::PROVIDERS.len());
    for (_, line) in lines {
        let output = std::process::Command::new("sh")
            .args(["-c", line.trim()])
            .env("http_proxy", "http://127.0.0.1:9") // not asked for this machine
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
    let mut gateway = Gateway::with_config(&folder("graceful"), &without_inbox(""));
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
    let mut gateway = Gateway::with_config(&folder("reader"), &without_inbox(""));
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

pub(crate) fn endpoint(name: &str, more: &str) -> String {
    format!("[[endpoint]]\nname = \"{name}\"\nprovider = \"wazapin\"\nsecret = \"{SECRET}\"\n{more}\n")
}

#[test]
fn g10_endpoints_of_one_group_print_a_message_once_and_others_for_themselves() {
    let group = "dedupe_group = \"both\"";
    let toml = endpoint("one", group) + &endpoint("two", group) + &endpoint("three", "path = \"/3\"");
    let mut gateway = Gateway::with_config(&folder("group"), &toml);
    for path in ["/hooks/one", "/hooks/two", "/3"] {
        assert_eq!(post(&gateway, path, SECRET, "msg_1", BODY).0, 200, "{path}");
    }
    let mut seen =
        [gateway.event(), gateway.event()].map(|event| event["endpoint"].as_str().unwrap().to_owned());
    seen.sort();
    assert_eq!(seen, ["one", "three"]);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn a_answers_follow_the_configuration() {
    let toml = endpoint("plain", "") + &endpoint("own", "answer_refused = 404\nanswer_malformed = 422");
    let mut gateway = Gateway::with_config(&folder("answers"), &toml);
    let other = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    for (path, refused, malformed) in [("/hooks/plain", 403, 200), ("/hooks/own", 404, 422)] {
        assert_eq!(post(&gateway, path, other, "msg_1", BODY).0, refused, "{path}");
        assert_eq!(
            post(&gateway, path, SECRET, "msg_1", b"not json").0,
            malformed,
            "{path}"
        );
        // It is kept either way, once.
        assert_eq!(gateway.event()["kind"], "malformed", "{path}");
        assert_eq!(
            post(&gateway, path, SECRET, "msg_1", b"not json").0,
            200,
            "{path}"
        );
    }
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn g7_another_body_under_a_key_is_printed_or_dropped_as_configured() {
    let toml = endpoint("handle", "") + &endpoint("drop", "on_conflict = \"drop_and_flag\"");
    let mut gateway = Gateway::with_config(&folder("conflict"), &toml);
    let other = text(BODY).replace("m1", "m2");
    let said = |event: serde_json::Value| {
        let id = event["data"]["message_id"].as_str().unwrap().to_owned();
        (
            event["endpoint"].as_str().unwrap().to_owned(),
            id,
            event["delivery"]["conflict"].as_bool().unwrap(),
        )
    };
    let expected = [
        ("handle", "m1", false),
        ("handle", "m2", true),
        ("drop", "m1", false),
    ];
    let mut expected = expected.into_iter();
    for (path, count) in [("/hooks/handle", 2), ("/hooks/drop", 1)] {
        assert_eq!(post(&gateway, path, SECRET, "msg_1", BODY).0, 200);
        assert_eq!(post(&gateway, path, SECRET, "msg_1", other.as_bytes()).0, 200);
        // Endpoints do not wait for each other; the order is one endpoint's.
        for (endpoint, id, conflict) in expected.by_ref().take(count) {
            assert_eq!(
                said(gateway.event()),
                (endpoint.to_owned(), id.to_owned(), conflict)
            );
        }
    }
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}

#[test]
fn start_up_is_told_as_json_where_json_was_asked_for() {
    let data = folder("json");
    let mut child = command(&[
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        data.to_str().unwrap(),
    ])
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap();
    let endpoints = said["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), wahook_providers::PROVIDERS.len(), "{said}");
    assert!(
        said["listening"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
}

#[test]
fn i3_a_reader_that_goes_is_noticed_as_long_as_standard_output_is_a_sink() {
    let stdout = "[[sink]]\nname = \"out\"\ntype = \"stdout\"\n";
    let file = "[[sink]]\nname = \"kept\"\ntype = \"file\"\npath = \"events.jsonl\"\n";
    let in_effect = "is in effect";
    // One that comes by a reload is watched.
    let folder_of_first = folder("reader-comes");
    let mut gateway = Gateway::with_config(&folder_of_first, &(shop("") + file));
    reload(&gateway, &folder_of_first, &(shop("") + file + stdout), in_effect);
    gateway.close_stdout();
    // The thread that reads for us takes one more line before it notices; the pipe is closed after that.
    for number in 0..50 {
        let body = text(BODY).replace("m1", &format!("m{number}"));
        let head = signed(SECRET, &format!("msg_{number}"), now(), body.as_bytes());
        let Ok(mut stream) = TcpStream::connect(gateway.address) else {
            break;
        };
        let head = format!(
            "POST /hooks/shop HTTP/1.1\r\n{head}\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(head.as_bytes()).is_err() || stream.read_to_string(&mut String::new()).is_err() {
            break;
        }
    }
    assert_eq!(gateway.wait().code(), Some(3));

    // One that went by a reload is not.
    let folder = folder("reader-goes");
    let mut gateway = Gateway::with_config(&folder, &(shop("") + file + stdout));
    reload(&gateway, &folder, &(shop("") + file), in_effect);
    gateway.close_stdout();
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}
