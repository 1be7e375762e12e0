//! While the disk hangs, no more bytes wait than may.

use std::sync::Arc;

use wahook_core::{guard::StoreErrorKind, inbox::Inbox};

use crate::{
    inbox_kit::{Desk, LEASE, STORED, event, reading},
    kit::{kind, until},
};

const MIB: usize = 1 << 20;

/// Keeps everybody from writing until it is dropped.
fn hang(desk: &Desk) -> rusqlite::Connection {
    let connection = desk.foreign();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

#[tokio::test]
async fn i5_bodies_beyond_64_mib_that_wait_are_slow_at_once() {
    let mut desk = Desk::new();
    let inbox = Arc::new(desk.open().await);
    let disk = hang(&desk);
    let body = "x".repeat(4 * MIB);
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let (inbox, incoming) = (
                Arc::clone(&inbox),
                desk.shop.body(&format!("{number}"), body.clone()),
            );
            tokio::spawn(async move { inbox.accept(incoming).await })
        })
        .collect();
    let ended = || tasks.iter().filter(|task| task.is_finished()).count();
    // The deadline is far away and nobody can write: whoever has an answer was turned away.
    until("bodies are turned away", || ended() == 24 - 15).await;
    // Small ones come in beside them, as long as there is room.
    let small = desk.delivery("small");
    let small = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move { inbox.accept(small).await }
    });
    drop(disk);
    let (mut stored, mut slow) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(accepted) => {
                assert_eq!(accepted, STORED);
                stored += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Slow);
                slow += 1;
            }
        }
    }
    assert_eq!(
        (stored, slow),
        (15, 9),
        "16 bodies of 4 MiB and their heads are more than 64 MiB"
    );
    assert_eq!(small.await.unwrap().unwrap(), STORED);
}

/// A body may be larger than all the room there is: it waits alone.
#[tokio::test]
async fn i5_one_body_that_is_larger_than_the_room_waits_alone() {
    let mut desk = Desk::new();
    let inbox = Arc::new(desk.open().await);
    let disk = hang(&desk);
    let huge = desk.shop.body("huge", "x".repeat(65 * MIB));
    let huge = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move { inbox.accept(huge).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(kind(inbox.accept(desk.delivery("1")).await), StoreErrorKind::Slow);
    drop(disk);
    assert_eq!(huge.await.unwrap().unwrap(), STORED);
    assert_eq!(inbox.accept(desk.delivery("1")).await.unwrap(), STORED);
}

/// What a worker files is said again and again while the disk hangs.
#[tokio::test]
async fn i5_readings_that_wait_take_their_share_and_wait_for_it() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    assert_eq!(inbox.accept(desk.delivery("1")).await.unwrap(), STORED);
    let unread = inbox.unread(desk.reader, 1, MIB, LEASE).await.unwrap();
    let mut readings = vec![reading(&unread[0], "ana")];
    let wordy = event(&"k".repeat(8 * MIB), "ana");
    readings[0].events = Some(vec![wordy; 4]);
    let inbox = Arc::new(inbox);
    let disk = hang(&desk);
    let filing = tokio::spawn({
        let (inbox, reader) = (Arc::clone(&inbox), desk.reader);
        async move { inbox.file(reader, readings).await }
    });
    tokio::task::yield_now().await;
    let refused = inbox.accept(desk.delivery("2")).await;
    assert_eq!(kind(refused), StoreErrorKind::Slow);
    drop(disk);
    let filed = filing.await.unwrap().unwrap();
    assert_eq!(
        filed.map(|filed| filed.fresh),
        Some(1),
        "one key, said four times"
    );
    assert_eq!(inbox.accept(desk.delivery("2")).await.unwrap(), STORED);
}
