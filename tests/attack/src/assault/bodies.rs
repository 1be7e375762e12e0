//! Attacks with bodies.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::{connect, plausible, until_closed};

static PIECE: [u8; 0x10000] = [b'x'; 0x10000];
const HUNDRED_MB: usize = 100 << 20;

/// A byte of a body each second.
pub(super) async fn slow(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible("content-length: 100000").as_bytes())
        .await?;
    loop {
        stream.write_all(b"1").await?;
        sleep(Duration::from_secs(1)).await;
    }
}

/// Announces as much as may be sent at once, and sends nothing.
pub(super) async fn announced(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible("content-length: 4194304").as_bytes())
        .await?;
    until_closed(&mut stream).await
}

/// Announces a tebibyte, and sends as much of it as is taken.
pub(super) async fn tebibyte(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible("content-length: 1099511627776").as_bytes())
        .await?;
    pour(&mut stream, usize::MAX).await
}

/// 100 MB, as announced.
pub(super) async fn honest(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible(&format!("content-length: {HUNDRED_MB}")).as_bytes())
        .await?;
    pour(&mut stream, HUNDRED_MB).await
}

/// 100 MB in pieces, unannounced.
pub(super) async fn chunked(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible("transfer-encoding: chunked").as_bytes())
        .await?;
    for _ in 0..HUNDRED_MB / PIECE.len() {
        stream.write_all(b"10000\r\n").await?;
        stream.write_all(&PIECE).await?;
        stream.write_all(b"\r\n").await?;
    }
    until_closed(&mut stream).await
}

/// A mebibyte but for its last byte, which does not come.
pub(super) async fn held(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(plausible("content-length: 1048577").as_bytes())
        .await?;
    for _ in 0..16 {
        stream.write_all(&PIECE).await?;
    }
    until_closed(&mut stream).await
}

/// A million spaces, as gzip puts them.
pub(super) async fn compressed(address: SocketAddr) -> io::Result<()> {
    let start = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xed, 0xc1, 0x81, 0, 0, 0, 0, 0xc3, 0x20, 0x95, 0xf9, 0x53, 0x1e,
        0xe4, 0x55, 1,
    ];
    let end = [0xaf, 6, 0xd7, 8, 0x26, 0xcb, 0x40, 0x42, 0x0f, 0];
    let bomb = [start.as_slice(), &[0; 1004 - 26 - 10], &end].concat();
    let mut stream = connect(address).await?;
    let head = plausible("connection: close\r\ncontent-encoding: gzip\r\ncontent-length: 1004");
    stream.write_all(&[head.as_bytes(), &bomb].concat()).await?;
    until_closed(&mut stream).await
}

/// A delivery with a signature that is made up.
pub(super) async fn forged(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    let head = plausible("content-length: 2048");
    stream
        .write_all(&[head.as_bytes(), &PIECE[..2048]].concat())
        .await?;
    stream.read(&mut [0; 256]).await.map(drop)
}

async fn pour(stream: &mut TcpStream, bytes: usize) -> io::Result<()> {
    for _ in 0..bytes / PIECE.len() {
        stream.write_all(&PIECE).await?;
    }
    until_closed(stream).await
}
