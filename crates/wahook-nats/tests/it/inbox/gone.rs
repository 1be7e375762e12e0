//! Messages that somebody removed, or that are damaged: what they held is told to be gone, and the rest goes on.

use std::time::Duration;

use wahook_core::inbox::DeadQuery;
use wahook_services::shared_nats;

use super::kit::{
    ALL, LEASE, READER, STORED, done, hand_over, open, options, read, shop, state, stream, token, until_gone,
};

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_is_gone_before_it_is_read_is_unreadable_and_stops_nobody() {
    let (url, mut options) = (shared_nats(), options());
    options.cache_bytes = 0;
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let mut ids = Vec::new();
    for number in 1..=3 {
        let incoming = shop.body(&format!("evt_{number}"), format!("chat {number}"));
        ids.push(incoming.delivery().id);
        assert_eq!(inbox.accept(incoming).await.unwrap(), STORED);
    }
    let (_, stream) = stream(&url, &options.stream).await;
    let last = state(&url, &options.stream).await.last_sequence;
    stream.delete_message(last - 2).await.unwrap();
    // One at a time: what is gone is not the end of what is unread.
    let unread = inbox.unread(READER, 1, 1 << 20, LEASE).await.unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0].stored.delivery.id, ids[1]);
    read(&*inbox, READER).await.unwrap().unwrap();
    assert_eq!(hand_over(&*inbox).await, ["chat 2", "chat 3"]);
    let status = inbox.status().await.unwrap();
    assert_eq!((status.unread, status.unreadable, status.deliveries), (0, 1, 3));
    let error = inbox.delivery(ids[0]).await.unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("somebody removed its message"), "{reason}");
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_is_gone_before_it_is_handed_over_is_a_dead_letter_and_stops_nobody() {
    let (url, mut options) = (shared_nats(), options());
    options.cache_bytes = 0;
    options.snapshot_bytes = 4_000;
    options.carry_after = Duration::from_millis(1);
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    for number in 1..=4 {
        // The first is alone in its lane, the third is between others.
        let chat = if number == 1 { "alone" } else { "chat" };
        let incoming = shop.body(&format!("evt_{number}"), format!("{chat} {number}"));
        assert_eq!(inbox.accept(incoming).await.unwrap(), STORED);
    }
    let (_, stream) = stream(&url, &options.stream).await;
    let last = state(&url, &options.stream).await.last_sequence;
    read(&*inbox, READER).await.unwrap().unwrap();
    for gone in [last - 3, last - 1] {
        stream.delete_message(gone).await.unwrap();
    }
    let one = wahook_core::inbox::Want { lanes: 1, ..ALL };
    let token = token();
    let taken = inbox.take("till", token, one, LEASE).await.unwrap();
    let bodies = |lane: &wahook_core::inbox::Lane| {
        let bodies = lane
            .entries
            .iter()
            .map(|entry| entry.stored.delivery.body.to_vec());
        bodies
            .map(|body| String::from_utf8(body).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(bodies(&taken.lanes[0]), ["chat 2", "chat 4"]);
    inbox.settle(token, done(&taken.lanes[0])).await.unwrap();
    let query = DeadQuery {
        limit: 10,
        ..Default::default()
    };
    let dead = inbox.dead(&query).await.unwrap();
    assert_eq!(dead.len(), 2);
    for letter in dead {
        assert!(
            letter.error.contains("somebody removed its message"),
            "{letter:?}"
        );
        assert!(!letter.blocks);
    }
    // Nor does it hold up the cleaning.
    until_gone(&*inbox, &mut shop, (&url, &options.stream), last).await;
    assert_eq!(inbox.dead(&query).await.unwrap().len(), 2);
}
