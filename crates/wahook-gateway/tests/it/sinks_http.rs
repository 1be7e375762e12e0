//! Events as requests, against a real server.
//!
//! Longer than 400 lines: whatever a server can do to one request.

use std::{
    convert::Infallible,
    io::{Read, Write},
    net::{SocketAddr, TcpListener as StdListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use wahook_core::sink::SinkErrorKind;
use wahook_gateway::sinks::{HttpOptions, HttpSink, MessageFormat};
use wahook_testkit::ManualClock;

use super::sinks_common::{AWAY, all, clock, error, event, events, form, read, replayed};

const OLD: &str = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[derive(Clone, Debug)]
struct Seen {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Seen {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A server that writes down what it gets.
struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Receiver {
    /// Answers each request, counted from 0, as it is told.
    async fn start(answer: impl Fn(usize) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let answer = Arc::new(answer);
        let (ours, count) = (Arc::clone(&seen), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (seen, answer) = (Arc::clone(&ours), Arc::clone(&answer));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        let number = {
                            let mut seen = seen.lock().unwrap();
                            seen.push(Seen {
                                method: head.method,
                                path: head.uri.to_string(),
                                headers: head.headers,
                                body,
                            });
                            seen.len() - 1
                        };
                        Ok::<_, Infallible>(answer(number))
                    }
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                tokio::spawn(async move {
                    server
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .is_ok()
                });
            }
        });
        Self {
            address,
            seen,
            connections,
        }
    }

    async fn of(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::start(move |_| {
            let mut answer = Response::builder().status(status);
            for (name, value) in headers {
                answer = answer.header(*name, *value);
            }
            answer.body(Full::default()).unwrap()
        })
        .await
    }

    fn url(&self) -> String {
        format!("http://{}/hooks?token=hunter2", self.address)
    }

    fn sink(&self, options: HttpOptions) -> HttpSink {
        HttpSink::new(&self.url(), options, clock()).unwrap()
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Somebody who takes a connection, says this after the head of the request came, and holds on to it.
fn mute(says: &'static [u8], closes: bool) -> String {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(says);
            if !closes {
                held.push(stream);
            }
        }
    });
    format!("http://{address}/hunter2?hunter2")
}

fn formatted(format: MessageFormat) -> HttpOptions {
    let mut options = HttpOptions::default();
    options.format = format;
    options
}

fn signed(secrets: &[&str]) -> HttpOptions {
    let secrets: Vec<String> = secrets.iter().map(|&secret| secret.to_owned()).collect();
    let mut options = HttpOptions::default();
    options.secrets = Some(secrets.try_into().unwrap());
    options
}

#[tokio::test]
async fn i3_one_request_for_each_event_in_order_over_one_connection() {
    let receiver = Receiver::of(204, &[]).await;
    let options = HttpOptions::default()
        .header("authorization", "Bearer hunter2")
        .unwrap();
    all(&receiver.sink(options), &events(0..50)).await;
    let seen = receiver.seen();
    assert_eq!(
        seen.iter().map(Seen::json).collect::<Vec<_>>(),
        (0..50).map(form).collect::<Vec<_>>()
    );
    for one in &seen {
        assert_eq!((&one.method, &*one.path), (&Method::POST, "/hooks?token=hunter2"));
        assert_eq!(one.header("content-type"), "application/json");
        assert_eq!(one.header("authorization"), "Bearer hunter2");
        assert!(!one.headers.contains_key("webhook-id"));
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn i3_what_was_taken_before_an_error_is_done() {
    let receiver = Receiver::start(|number| {
        let status = if number == 3 { 422 } else { 200 };
        Response::builder()
            .status(status)
            .body(Full::from("4915112345678"))
            .unwrap()
    })
    .await;
    let (done, kind, text) = error(&receiver.sink(HttpOptions::default()), &events(0..10)).await;
    assert_eq!((done, kind), (3, SinkErrorKind::Failed));
    assert!(text.contains("422") && !text.contains("hunter2"), "{text}");
    assert_eq!(receiver.seen().len(), 4, "what is behind it waits");
}

#[tokio::test]
async fn v1_signatures_are_as_the_libraries_of_standard_webhooks_check_them() {
    let receiver = Receiver::of(200, &[]).await;
    let at = "2026-11-21T16:00:00.9Z".parse().unwrap();
    let sink = HttpSink::new(
        &receiver.url(),
        signed(&[NEW, OLD]),
        Arc::new(ManualClock::new(at)),
    )
    .unwrap();
    let mut form = form(1);
    form["key"] = "v1:wawp:A1:message:x.y é%2E".into();
    all(&sink, &[read(form)]).await;
    let seen = receiver.seen().remove(0);
    assert_eq!(seen.header("webhook-id"), "v1:wawp:A1:message:x%2Ey%20%C3%A9%2E");
    assert_eq!(seen.header("webhook-timestamp"), "1795276800");
    let expected = [NEW, OLD].map(|secret| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(b"v1:wawp:A1:message:x%2Ey%20%C3%A9%2E.1795276800.");
        mac.update(&seen.body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    });
    assert_eq!(seen.header("webhook-signature"), expected.join(" "));
}

#[tokio::test]
async fn v5_our_own_verifier_takes_them_by_each_secret() {
    let receiver = Receiver::of(200, &[]).await;
    all(&receiver.sink(signed(&[NEW, OLD])), &[event(1)]).await;
    let seen = receiver.seen().remove(0);
    let other = "whsec_AgECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (secret, genuine) in [(NEW, true), (OLD, true), (other, false)] {
        let endpoint = wahook_providers::wazapin::endpoint("shop", secret).unwrap();
        let mut request = Request::new(());
        *request.headers_mut() = seen.headers.clone();
        let (head, ()) = request.into_parts();
        let mut check = endpoint.begin(&head, clock().now()).unwrap();
        check.update(seen.body.clone());
        assert_eq!(check.finish().is_ok(), genuine);
    }
}

#[tokio::test]
async fn i4_the_id_is_the_same_in_all_attempts_and_another_in_each_replay() {
    let receiver = Receiver::of(200, &[]).await;
    let sink = receiver.sink(signed(&[NEW]));
    let mut again = event(1);
    again.attempt = Some(2);
    all(&sink, &[event(1), again, replayed(1, 7), replayed(1, 8)]).await;
    let seen = receiver.seen();
    let ids: Vec<_> = seen.iter().map(|one| one.header("webhook-id")).collect();
    let key = "v1:wawp:A1:message:m1";
    assert_eq!(ids, [key, key, &format!("{key}#r7"), &format!("{key}#r8")]);
}

#[tokio::test]
async fn i3_a_structured_cloud_event() {
    let receiver = Receiver::of(200, &[]).await;
    all(&receiver.sink(formatted(MessageFormat::CloudEvents)), &[event(1)]).await;
    let seen = receiver.seen().remove(0);
    assert!(
        seen.header("content-type")
            .starts_with("application/cloudevents+json")
    );
    assert_eq!(seen.json()["specversion"], "1.0");
    assert_eq!(seen.json()["data"], form(1));
    assert!(
        !seen.headers.contains_key("ce-id"),
        "structured and binary are never mixed"
    );
}

#[tokio::test]
async fn i3_a_binary_cloud_event() {
    let receiver = Receiver::of(200, &[]).await;
    let mut odd = form(1);
    odd["account"] = "a b%é\"😀".into();
    odd["data"]["message_id"] = "Euro € \"%\"".into();
    all(
        &receiver.sink(formatted(MessageFormat::CloudEventsBinary)),
        &[event(1), read(odd.clone())],
    )
    .await;
    let seen = receiver.seen();
    let expected = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "v1:wawp:A1:message:m1"),
        ("ce-source", "/wahook/wawp/shop/A1"),
        ("ce-type", "wahook.message.received"),
        ("ce-subject", "m1"),
        ("ce-time", "2026-10-03T10:00:00.5Z"),
    ];
    for (name, value) in expected {
        assert_eq!(seen[0].header(name), value);
    }
    let names = seen[0]
        .headers
        .keys()
        .filter(|name| name.as_str().starts_with("ce-"));
    assert_eq!(names.count(), expected.len() - 1);
    assert_eq!(seen[0].json(), form(1));
    // The example of the binding, and a source whose own encoding is encoded.
    assert_eq!(seen[1].header("ce-subject"), "Euro%20%E2%82%AC%20%22%25%22");
    assert_eq!(
        seen[1].header("ce-source"),
        "/wahook/wawp/shop/a%2520b%2525%25C3%25A9%2522%25F0%259F%2598%2580"
    );
    assert_eq!(seen[1].json(), odd);
}

#[tokio::test]
async fn p_redirects_are_not_followed() {
    let elsewhere = Receiver::of(200, &[]).await;
    let target: &'static str = elsewhere.url().leak();
    for status in [301, 302, 303, 307, 308] {
        let headers: &'static [_] = vec![("location", target)].leak();
        let receiver = Receiver::of(status, headers).await;
        let (done, kind, text) = error(&receiver.sink(HttpOptions::default()), &[event(1)]).await;
        assert_eq!((done, kind), (0, SinkErrorKind::Failed));
        assert!(
            text.contains("redirects are not followed") && !text.contains("hunter2"),
            "{text}"
        );
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn i3_the_receiver_says_how_long_to_wait() {
    let receiver = Receiver::of(429, &[("retry-after", "17")]).await;
    let (_, kind, _) = error(&receiver.sink(HttpOptions::default()), &[event(1)]).await;
    let after = Some(Duration::from_secs(17));
    assert_eq!(kind, SinkErrorKind::Unavailable { after });
    let receiver = Receiver::of(410, &[]).await;
    let (_, kind, _) = error(&receiver.sink(HttpOptions::default()), &[event(1)]).await;
    assert_eq!(kind, SinkErrorKind::Refused);
}

#[tokio::test]
async fn i3_who_says_nothing_is_away() {
    let nobody = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut hasty = HttpOptions::default();
    hasty.read_timeout = Duration::from_millis(200);
    for url in [
        format!("http://{nobody}/hunter2?hunter2"),
        mute(b"", false),
        mute(b"HTTP/1.1 200 OK\r\ncontent-le", false),
        mute(b"", true),
        mute(b"SSH-2.0-OpenSSH_9.2\r\n", true),
        mute(b"HTTP/1.1 ", true),
    ] {
        let sink = HttpSink::new(&url, hasty.clone(), clock()).unwrap();
        let (done, kind, text) = error(&sink, &[event(1)]).await;
        assert_eq!((done, kind), (0, AWAY), "{text}");
        assert!(
            !text.contains("hunter2") && !format!("{sink:?}").contains("hunter2"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn i3_a_drip_of_bytes_does_not_hold_a_request_for_ever() {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (drop_me, stop) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // A byte before the read timeout each time, for ever.
        while stream.write_all(b"H").is_ok()
            && stop.recv_timeout(Duration::from_millis(20)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
        {
        }
    });
    let mut options = HttpOptions::default();
    options.timeout = Duration::from_millis(400);
    let sink = HttpSink::new(&url, options, clock()).unwrap();
    let (_, kind, _) = error(&sink, &[event(1)]).await;
    assert_eq!(kind, AWAY);
    drop(drop_me);
}

#[tokio::test]
async fn p_an_endless_answer_is_not_read() {
    // It promises a terabyte, and sends what fits.
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 65_536]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {
            count.fetch_add(65_536, Ordering::SeqCst);
        }
        count.fetch_add(1 << 40, Ordering::SeqCst);
    });
    let sink = HttpSink::new(&url, HttpOptions::default(), clock()).unwrap();
    let start = Instant::now();
    all(&sink, &[event(1)]).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(sent.load(Ordering::SeqCst) & ((1 << 40) - 1) < 64 << 20);
}

#[tokio::test]
async fn p_the_environment_names_no_proxy_unless_it_is_asked() {
    // Checked where the client is built; here it must work without one.
    let receiver = Receiver::of(200, &[]).await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let sink = HttpSink::new(&url, HttpOptions::default(), clock()).unwrap();
    all(&sink, &[event(1)]).await;
    assert_eq!(
        receiver.seen()[0].header("host"),
        format!("localhost:{}", receiver.address.port())
    );
}

#[tokio::test]
async fn p_a_user_in_the_url_becomes_a_header_and_is_never_shown() {
    let receiver = Receiver::of(503, &[]).await;
    let url = format!("http://shop:hunter2@{}/", receiver.address);
    let sink = HttpSink::new(&url, HttpOptions::default(), clock()).unwrap();
    let (_, kind, text) = error(&sink, &[event(1)]).await;
    assert_eq!(kind, AWAY);
    assert!(!text.contains("hunter2"));
    let basic = format!("Basic {}", STANDARD.encode("shop:hunter2"));
    assert_eq!(receiver.seen()[0].header("authorization"), basic);
    let twice = HttpOptions::default().header("Authorization", "x").unwrap();
    let refused = HttpSink::new(&url, twice, clock()).unwrap_err();
    assert!(refused.to_string().contains("keep one"));
}

#[test]
fn p_headers_that_would_break_a_request_are_refused() {
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("a", "x\r\nb: y"),
        ("content-length", "1"),
        ("Content-Type", "text/plain"),
        ("host", "x"),
        ("ce-id", "x"),
        ("webhook-signature", "x"),
        ("transfer-encoding", "chunked"),
    ] {
        let error = HttpOptions::default().header(name, value).unwrap_err();
        assert!(!error.to_string().contains("x\r"), "{error}");
    }
    let one = HttpOptions::default().header("x-key", "hunter2").unwrap();
    assert!(!format!("{one:?}").contains("hunter2"));
    assert!(one.header("X-Key", "y").is_err(), "twice");
}
