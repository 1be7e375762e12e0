//! Attacks before there is a request, or with its head alone.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt, time::sleep};

use super::{connect, until_closed};

/// Says nothing.
pub(super) async fn idle(address: SocketAddr) -> io::Result<()> {
    until_closed(&mut connect(address).await?).await
}

/// A byte of a head each second.
pub(super) async fn slow(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(b"POST /hooks/shop HTTP/1.1\r\nhost: h\r\nx-slow: ")
        .await?;
    loop {
        stream.write_all(b"1").await?;
        sleep(Duration::from_secs(1)).await;
    }
}

/// Ten thousand headers.
pub(super) async fn many(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    let lines: String = (0..10_000).map(|number| format!("x-{number}: 1\r\n")).collect();
    let head = format!("POST /hooks/shop HTTP/1.1\r\nhost: h\r\n{lines}\r\n");
    stream.write_all(head.as_bytes()).await?;
    until_closed(&mut stream).await
}

/// One header of 8 MiB.
pub(super) async fn huge(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream
        .write_all(b"POST /hooks/shop HTTP/1.1\r\nhost: h\r\nx-huge: ")
        .await?;
    let piece = [b'1'; 0x10000];
    for _ in 0..128 {
        stream.write_all(&piece).await?;
    }
    until_closed(&mut stream).await
}

/// Two thousand requests at once, of which no answer is read.
pub(super) async fn pipelined(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    let all = "GET /hooks/shop HTTP/1.1\r\nhost: h\r\n\r\n".repeat(2_000);
    stream.write_all(all.as_bytes()).await?;
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
