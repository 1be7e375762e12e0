//! How fast it is, and how much memory it takes: printed, not judged.

use std::{sync::Arc, time::Instant};

use futures_util::{StreamExt as _, stream};
use wahook_core::inbox::Desk;
use wahook_services::shared_nats;

use super::kit::{hand_over, open, options, read, shop, token};

/// Bytes of this process in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or_default() * 4_096
}

/// What one takes in memory says a new process: `WAHOOK_STREAM=…` with the name that the first run printed.
///
/// `WAHOOK_DELIVERIES=100000 cargo test --release -p wahook-nats --test it figures -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs NATS: cargo xtask test"]
async fn how_fast_it_is_and_how_much_memory_a_delivery_takes() {
    if let Ok(stream) = std::env::var("WAHOOK_STREAM") {
        let (before, begun) = (resident(), Instant::now());
        let mut options = options();
        options.stream = stream;
        options.cache_bytes = 0;
        let inbox = open(&shared_nats(), options).await;
        let count = inbox.status().await.unwrap().deliveries;
        let bytes = resident() - before;
        println!(
            "{count} deliveries opened in {:?}: {bytes} bytes, {} each",
            begun.elapsed(),
            bytes / count.max(1)
        );
        return;
    }
    let count = std::env::var("WAHOOK_DELIVERIES")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(500_u64);
    let (url, mut options) = (shared_nats(), options());
    options.cache_bytes = 1 << 20;
    let name = options.stream.clone();
    let inbox: Arc<dyn Desk> = open(&url, options.clone()).await;
    let mut shop = shop();
    let before = resident();
    let begun = Instant::now();
    let incoming = (0..count).map(|number| {
        let body = format!("chat{} {number:08} {}", number % 1_000, "x".repeat(1_000));
        shop.body(&format!("evt_{number:08}"), body)
    });
    let incoming: Vec<_> = incoming.collect();
    println!("{count} deliveries made in {:?}", begun.elapsed());
    let made = resident();
    for at_once in [1, 64] {
        let begun = Instant::now();
        let part = if at_once == 1 {
            &incoming[..incoming.len().min(200)]
        } else {
            &incoming[incoming.len().min(200)..]
        };
        let accepted = stream::iter(part.iter().cloned()).map(|incoming| inbox.accept(incoming));
        let accepted: Vec<_> = accepted.buffer_unordered(at_once).collect().await;
        assert!(accepted.iter().all(Result::is_ok));
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "accepted {} with {at_once} at once: {:.0} a second",
            part.len(),
            part.len() as f64 / seconds
        );
    }
    drop(incoming);
    let begun = Instant::now();
    let me = token();
    let mut handed = 0;
    while handed < count {
        read(&*inbox, me).await.unwrap();
        handed += hand_over(&*inbox).await.len() as u64;
    }
    println!(
        "read, filed, taken and settled: {:.0} a second",
        count as f64 / begun.elapsed().as_secs_f64()
    );
    println!(
        "resident: {before} at first, {made} with all deliveries made, {} with all kept",
        resident()
    );
    drop(inbox);
    let begun = Instant::now();
    let inbox = open(&url, options).await;
    println!("opened again in {:?}", begun.elapsed());
    assert_eq!(inbox.status().await.unwrap().deliveries, count);
    println!(
        "the stream {} has {} bytes",
        name,
        inbox.status().await.unwrap().bytes
    );
}
