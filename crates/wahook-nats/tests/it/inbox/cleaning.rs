//! The beginning of the stream goes when nobody needs it, and what is needed stays.

use std::{num::NonZeroU64, time::Duration};

use wahook_core::{
    guard::StoreErrorKind,
    inbox::{Retention, Then},
};
use wahook_services::{Proxy, shared_nats};

use super::kit::{
    ALL, LEASE, NOW, READER, STORED, done, failed, hand_over, open, options, read, shop, state, token, until,
    until_gone,
};
use crate::stored::stored;

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_nobody_needs_goes_and_a_dead_letter_is_carried_along() {
    let (url, mut options) = (shared_nats(), options());
    (options.snapshot_bytes, options.cache_bytes) = (20_000, 0);
    options.carry_after = Duration::from_millis(1);
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let large = format!("dead {}", "x".repeat(1_500_000));
    inbox.accept(shop.body("evt_dead", large.clone())).await.unwrap();
    read(&*inbox, READER).await.unwrap().unwrap();
    let token_of = token();
    let lane = inbox
        .take("till", token_of, ALL, LEASE)
        .await
        .unwrap()
        .lanes
        .remove(0);
    inbox
        .settle(token_of, failed(&lane, true, Then::Park))
        .await
        .unwrap();
    let first = state(&url, &options.stream).await;

    let number = until_gone(&*inbox, &mut shop, (&url, &options.stream), first.last_sequence).await;

    for _ in 0..2 {
        let inbox = open(&url, options.clone()).await;
        let status = inbox.status().await.unwrap();
        assert_eq!((status.deliveries, status.unread), (number + 1, 0));
        let dead = inbox
            .dead(&wahook_core::inbox::DeadQuery {
                limit: 10,
                ..Default::default()
            })
            .await
            .unwrap();
        let kept = inbox.delivery(dead[0].event.delivery).await.unwrap().unwrap();
        assert!(kept.stored.delivery.body == large, "all of it is there");
    }
}

/// Both carry the same, and one has removed where it was while the other still looks there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_of_two_that_clean_at_once_none_takes_for_gone_what_the_other_carried() {
    let (url, mut options) = (shared_nats(), options());
    (options.snapshot_bytes, options.cache_bytes) = (20_000, 0);
    options.carry_after = Duration::from_millis(1);
    let inboxes = [
        open(&url, options.clone()).await,
        open(&url, options.clone()).await,
    ];
    let mut shop = shop();
    for number in 0..60 {
        let incoming = shop.body(
            &format!("evt_{number}"),
            format!("chat {number} {}", "y".repeat(20_000)),
        );
        assert_eq!(inboxes[0].accept(incoming).await.unwrap(), STORED);
    }
    for _ in 0..40 {
        let sweeps = inboxes.iter().map(|inbox| {
            let inbox = std::sync::Arc::clone(inbox);
            tokio::spawn(async move { inbox.sweep(NOW).await })
        });
        for sweep in sweeps.collect::<Vec<_>>() {
            // That it was too slow is no matter here.
            let _ = sweep.await.unwrap();
        }
    }
    let unread = inboxes[1].unread(READER, 100, 1 << 24, LEASE).await.unwrap();
    assert_eq!(unread.len(), 60);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_what_was_removed_is_gone_from_a_stream_on_which_nothing_happens() {
    let (url, mut options) = (shared_nats(), options());
    options.carry_after = Duration::from_millis(1);
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    inbox.accept(shop.body("evt_1", "stays here")).await.unwrap();
    inbox.accept(shop.body("evt_2", "goes, a secret")).await.unwrap();
    read(&*inbox, READER).await.unwrap().unwrap();
    // The first is tried for ever, the second is done.
    let me = token();
    for lane in inbox.take("till", me, ALL, LEASE).await.unwrap().lanes {
        if lane.entries[0].stored.delivery.body.starts_with(b"goes") {
            inbox.settle(me, done(&lane)).await.unwrap();
        }
    }
    let bodies = Retention { rows: LEASE, ..NOW };
    let is_gone = async || {
        let messages = stored(&url, &options.stream).await;
        // The state names keys, no contents.
        let tells = |text: &str| {
            let log = format!("wahook-inbox.{}.log", options.stream);
            messages.iter().any(|message| {
                *message.subject == log && String::from_utf8_lossy(&message.payload).ends_with(text)
            })
        };
        assert!(tells("stays here"));
        !tells("goes, a secret")
    };
    // A few times alone: what each of them writes is little.
    for _ in 0..8 {
        inbox.sweep(bodies).await.unwrap();
    }
    assert!(is_gone().await);
    // Nothing is left to gain.
    let before = state(&url, &options.stream).await;
    for _ in 0..10 {
        inbox.sweep(bodies).await.unwrap();
    }
    let after = state(&url, &options.stream).await;
    assert!(
        after.last_sequence <= before.last_sequence + 40,
        "{before:?} {after:?}"
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_stream_that_is_full_says_so_and_goes_on_when_it_was_emptied() {
    let (url, mut options) = (shared_nats(), options());
    options.max_bytes = NonZeroU64::new(4 << 20);
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let mut body = |number: usize| {
        shop.body(
            &format!("evt_{number}"),
            format!("chat {number:04} {}", "x".repeat(50_000)),
        )
    };
    let mut stored = 0;
    let error = loop {
        match inbox.accept(body(stored)).await {
            Ok(accepted) => assert_eq!(accepted, STORED),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 1_000, "it has a limit");
    };
    assert_eq!(error.kind(), StoreErrorKind::Full);
    // About as much again is kept free for reading them.
    assert!(stored > 30, "{stored}");
    assert_eq!(inbox.status().await.unwrap().deliveries, stored as u64);
    assert!(
        inbox
            .status()
            .await
            .unwrap()
            .room
            .iter()
            .any(|room| room.most == 4 << 20)
    );
    // What is full can be emptied: it is read, handed over, and removed.
    read(&*inbox, READER).await.unwrap().unwrap();
    assert_eq!(hand_over(&*inbox).await.len(), stored);
    let mut number = stored;
    until("there is room again", async || {
        inbox.sweep(NOW).await.unwrap();
        number += 1;
        inbox.accept(body(number)).await.is_ok()
    })
    .await;
    assert!(state(&url, &options.stream).await.bytes < 3 << 20);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_who_does_not_know_yet_that_there_is_room_again_refuses_nothing() {
    let (url, mut options) = (shared_nats(), options());
    options.max_waiting = 3;
    let wire = Proxy::to(url.trim_start_matches("nats://")).unwrap();
    let one = open(&url, options.clone()).await;
    let two = open(&format!("nats://{}", wire.address()), options).await;
    wire.delay(Duration::from_millis(50));
    let mut shop = shop();
    for round in 0..3 {
        for number in 0..3 {
            let incoming = shop.body(&format!("evt_{round}_{number}"), format!("chat{number} {round}"));
            assert_eq!(two.accept(incoming).await.unwrap(), STORED);
        }
        let refused = two.accept(shop.body("evt_more", "chat more")).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Full);
        // Emptied by the other one, and the word of it is on its way.
        read(&*one, READER).await.unwrap().unwrap();
        assert_eq!(hand_over(&*one).await.len(), 3);
    }
}
