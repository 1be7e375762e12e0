//! HTTP/1.1 as a client speaks it who must cost next to nothing.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// So many connections.
pub async fn connect(server: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let stream = TcpStream::connect(server).await.expect("it listens");
        stream.set_nodelay(true).expect("a TCP stream");
        connections.push(stream);
    }
    connections
}

/// Asks, and waits for the 200.
pub async fn ask(stream: &mut TcpStream, request: &[u8]) {
    let answer = exchange(stream, request).await;
    assert!(is_ok(&answer), "{}", String::from_utf8_lossy(&answer));
}

/// Asks, and waits for whatever is answered.
pub async fn exchange(stream: &mut TcpStream, request: &[u8]) -> Vec<u8> {
    stream.write_all(request).await.expect("the server reads");
    let mut answer = Vec::with_capacity(1024);
    while !is_whole(&answer) {
        let read = stream.read_buf(&mut answer).await.expect("the server answers");
        assert!(read > 0, "the server closed the connection");
    }
    answer
}

pub fn is_ok(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 200")
}

/// Whether an answer with a Content-Length has arrived in full.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    answer.len() >= end + 4 + length
}

/// A request as it goes over the wire.
pub fn wire(request: &Request<Bytes>) -> Vec<u8> {
    let mut bytes = format!("POST {} HTTP/1.1\r\n", request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(request.body());
    bytes
}
