//! The server's own limits: what is slow, large, much or addressed to nobody.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{
    program::{Gateway, SECRET, answer, folder, now, signed, text},
    serve::{BODY, RECEIVED, post, shop, stop},
};

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
pub(crate) fn stalled(gateway: &Gateway, bytes: &[u8]) -> TcpStream {
    let mut stream = gateway.connect();
    stream.write_all(bytes).unwrap();
    stream
}

pub(crate) fn is_closed(mut stream: TcpStream) -> bool {
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
fn a_request_that_does_not_end_is_cut_at_the_deadline() {
    let mut gateway = Gateway::with_config(&folder("deadline"), &shop("[limits]\nshutdown = \"200ms\""));
    let headers = signed(SECRET, "msg_1", now(), BODY);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
    );
    let mut stream = stalled(&gateway, head.as_bytes());
    let mut start = [0; 25];
    stream.read_exact(&mut start).unwrap();
    gateway.signal("-INT");
    gateway.wait_for_log("1 connections were cut at the deadline");
    assert_eq!(gateway.wait().code(), Some(3));
    assert!(is_closed(stream));
}

#[test]
fn a_beyond_its_rate_an_endpoint_is_503_and_a_reload_brings_no_second_burst() {
    let folder = folder("rate");
    let admin = "[admin]\nlisten = \"127.0.0.1:0\"";
    let toml = shop(admin) + "rate = 1\nburst = 3\n";
    let gateway = Gateway::with_config(&folder, &toml);
    let begun = std::time::Instant::now();
    let mut taken = 0;
    let mut send = |from: usize| {
        for number in from..from + 10 {
            let (status, body) = post(&gateway, "/hooks/shop", SECRET, &format!("msg_{number}"), BODY);
            taken += usize::from(status == 200);
            assert!(
                status == 200 || (status, body.as_str()) == (503, ""),
                "{status} {body}"
            );
        }
        // One more may be there since the last whole second.
        assert!(
            (3..=4 + begun.elapsed().as_secs() as usize).contains(&taken),
            "{taken}"
        );
    };
    send(0);
    let line = gateway.wait_for_log("more came at once");
    assert!(line.contains("endpoint=shop"), "{line}");
    let other = "[[endpoint]]\nname = \"other\"\nprovider = \"wazapin\"\nsecret = \"";
    std::fs::write(folder.join("wahook.toml"), format!("{toml}{other}{SECRET}\"\n")).unwrap();
    gateway.signal("-HUP");
    gateway.wait_for_log("is in effect");
    for number in 0..10 {
        let id = format!("msg_{number}");
        assert_eq!(
            post(&gateway, "/hooks/other", SECRET, &id, BODY).0,
            200,
            "a rate is one endpoint's"
        );
    }
    send(10);
    let metrics = gateway.metrics();
    let refused = r#"wahook_requests_refused_total{endpoint="shop",reason="too_many"} "#;
    assert!(metrics.contains(refused), "{metrics}");
}
