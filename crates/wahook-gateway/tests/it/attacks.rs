//! What an attacker does who knows the URL and no secret, as far as its outcome depends on no clock. The rest is measured by
//! `cargo xtask attack`.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use wahook_services::{Frames, goodbye};

use super::{
    limits::{is_closed, stalled},
    program::{Gateway, SECRET, answer, folder, now, signed},
    serve::{BODY, RECEIVED, post, shop, stop},
};

/// Two places, which nobody loses to a clock within a test.
const TWO_PLACES: &str =
    "[limits]\nconnections = 2\nheader_timeout = \"60s\"\nidle = \"50s\"\ntotal = \"60s\"";

/// The head of a delivery that cannot be told from a good one before its body is here.
fn plausible(more: &str) -> String {
    let headers = signed(SECRET, "msg_0", now(), b"another body");
    format!("POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{headers}\r\n{more}\r\n\r\n")
}

#[test]
fn v2_at_the_cap_who_says_nothing_makes_room() {
    let gateway = Gateway::with_config(&folder("room"), &shop(TWO_PLACES));
    let first = stalled(&gateway, b"");
    // The second is kept open after its answer, which says that both have their places.
    let mut second = stalled(&gateway, b"GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    let mut start = [0; 12];
    second.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 404");
    assert_eq!(
        post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY),
        (200, RECEIVED.to_owned())
    );
    assert!(is_closed(first), "it kept us waiting for longest");
    gateway.wait_for_log("all of limits.connections are open");
    // The other one still has its place.
    second
        .write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
        .unwrap();
    assert!(is_closed(second));
    gateway.event();
}

#[test]
fn v2_at_the_cap_who_sends_a_body_byte_by_byte_makes_room() {
    let gateway = Gateway::with_config(&folder("slow-room"), &shop(TWO_PLACES));
    let slow: Vec<_> = (0..2)
        .map(|_| {
            let head = plausible("expect: 100-continue\r\ncontent-length: 1000");
            let mut stream = stalled(&gateway, head.as_bytes());
            // "100 Continue" tells that the request is in progress.
            let mut start = [0; 25];
            stream.read_exact(&mut start).unwrap();
            stream.write_all(b"1").unwrap();
            stream
        })
        .collect();
    for number in 0..3 {
        let id = format!("msg_{number}");
        assert_eq!(post(&gateway, "/hooks/shop", SECRET, &id, BODY).0, 200);
    }
    let mut slow = slow.into_iter();
    assert!(is_closed(slow.next().unwrap()));
}

#[test]
fn v2_a_tebibyte_that_is_announced_is_413_before_its_first_byte() {
    let gateway = Gateway::with_config(&folder("tebibyte"), &shop(""));
    let mut stream = stalled(&gateway, plausible("content-length: 1099511627776").as_bytes());
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[test]
fn v2_a_body_without_a_length_is_read_to_its_cap_and_no_further() {
    let gateway = Gateway::with_config(&folder("chunked"), &shop("[limits]\nbody_bytes = 1000"));
    let mut stream = stalled(&gateway, plausible("transfer-encoding: chunked").as_bytes());
    stream.set_nonblocking(false).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let written = (0..1600).take_while(|_| stream.write_all(&chunk).is_ok()).count();
    // What the system holds for both sides is the rest.
    assert!(written < 320, "{written} pieces of 64 KiB of 100 MiB were taken");
    assert_eq!(post(&gateway, "/hooks/shop", SECRET, "msg_1", BODY).0, 200);
}

#[test]
fn v2_floods_of_headers_are_431() {
    let gateway = Gateway::with_config(&folder("headers"), &shop(""));
    let many: String = (0..1000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let huge = format!("x: {}\r\n", "1".repeat(40 << 10));
    for flood in [many, huge] {
        let head = format!("POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{flood}\r\n");
        let mut stream = stalled(&gateway, head.as_bytes());
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 431", "{} bytes", head.len());
    }
}

/// What is said to these frames, up to the end of the connection.
fn said_to(gateway: &Gateway, frames: &Frames) -> Vec<u8> {
    let mut stream = gateway.connect();
    // It may be closed before everything is written.
    let _ = stream.write_all(frames.bytes());
    let mut said = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        said.extend_from_slice(&piece[..count]);
    }
    said
}

#[test]
fn v2_floods_of_http2_end_their_connection_and_nothing_else() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    let gateway = Gateway::with_config(&folder("h2-floods"), &shop("[limits]\nheader_timeout = \"10s\""));
    let odd = |count: u32| (0..count).map(|number| 2 * number + 1);
    // CVE-2023-44487.
    let rapid_reset = odd(2_000).fold(Frames::opening(), |frames, stream| {
        frames.post(stream, "/hooks/shop").reset(stream)
    });
    // CVE-2024-24549, CVE-2024-27316 and their like.
    let continuation = (0..5_000).fold(
        Frames::opening().post_begun(1, "/hooks/shop"),
        |frames, number| frames.continuation(1, &format!("x-{number}"), &"1".repeat(100)),
    );
    for (name, frames) in [("rapid_reset", rapid_reset), ("continuation", continuation)] {
        let said = said_to(&gateway, &frames);
        assert_eq!(goodbye(&said), Some(ENHANCE_YOUR_CALM), "{name}");
        assert_eq!(
            post(&gateway, "/hooks/shop", SECRET, name, BODY).0,
            200,
            "after {name}"
        );
    }
}

#[test]
fn v1_a_compressed_body_is_judged_and_kept_as_it_was_sent() {
    // A million spaces, as gzip puts them.
    let start = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1, 0x81, 0, 0, 0, 0, 0xc3, 0x20, 0x95, 0xf9, 0x53, 0x1e,
        0xe4, 0x55, 1,
    ];
    let end = [0xaf, 6, 0xd7, 8, 0x26, 0xcb, 0x40, 0x42, 0x0f, 0];
    let bomb = [start.as_slice(), &[0; 1004 - 26 - 10], &end].concat();
    let mut gateway = Gateway::with_config(&folder("gzip"), &shop("[limits]\nbody_bytes = 2000"));
    let headers = signed(SECRET, "msg_1", now(), &bomb);
    let head = format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-encoding: gzip\r\n{headers}\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let mut stream = stalled(&gateway, head.as_bytes());
    stream.write_all(&bomb).unwrap();
    assert_eq!(answer(stream), (200, RECEIVED.to_owned()));
    let event = gateway.event();
    assert_eq!(event["kind"], "malformed", "nobody inflates it");
    assert_eq!(event["raw_base64"], STANDARD.encode(&bomb));
    assert_eq!(stop(&mut gateway), Vec::<String>::new());
}
