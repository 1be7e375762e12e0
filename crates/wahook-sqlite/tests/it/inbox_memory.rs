//! What the inbox remembers, wherever it is kept, and that what failed leaves nothing behind.

use std::{num::NonZeroU64, time::Duration};

use wahook_core::{
    guard::{Key, StoreErrorKind},
    inbox::{Accepted, Desk as _, Inbox, Retention},
};
use wahook_sqlite::SqliteInbox;

use crate::{
    inbox_kit::{DUPLICATE, Desk, LEASE, STORED, work_off},
    kit::kind,
};

async fn small(desk: &Desk) -> SqliteInbox {
    let options = desk.options().keys_in_memory(20);
    SqliteInbox::open(desk.path(), options).await.unwrap()
}

fn moved(desk: &Desk) -> u32 {
    let count = "SELECT count(*) FROM inbox_key";
    desk.foreign().query_row(count, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn g9_keys_beyond_what_memory_holds_are_remembered_all_the_same() {
    let mut desk = Desk::new();
    let mut inbox = small(&desk).await;
    let count = 300;
    for number in 0..count {
        desk.put(&inbox, &format!("{number}"), "ana").await;
    }
    assert!(moved(&desk) >= 250, "{}", moved(&desk));
    for _ in 0..2 {
        for number in 0..count {
            let again = desk.delivery(&format!("{number}"));
            assert_eq!(inbox.accept(again).await.unwrap(), DUPLICATE, "{number}");
        }
        drop(inbox);
        inbox = small(&desk).await;
    }
    // Another body under a key that was moved is a conflict once, and then a duplicate.
    for expected in [Accepted::Stored { conflict: true }, DUPLICATE] {
        let other = desk.shop.body("7", "another body");
        assert_eq!(inbox.accept(other).await.unwrap(), expected);
    }
    let first = desk.delivery("7");
    assert_eq!(inbox.accept(first).await.unwrap(), DUPLICATE);
    // Events are remembered as well: the same text in other deliveries.
    for number in 0..count {
        let copy = desk
            .shop
            .body(&format!("copy_{number}"), format!("body of {number}"));
        assert_eq!(inbox.accept(copy).await.unwrap(), STORED);
    }
    let filed = desk.read(&inbox, "ana").await;
    assert_eq!(
        (filed.fresh, filed.duplicates),
        (1, count),
        "the other body alone is new"
    );
    assert_eq!(work_off(&inbox).await, count + 1);

    // What is removed is forgotten there too.
    desk.clock.advance(Duration::from_secs(30 * 86_400));
    let retention = Retention {
        rows: Duration::ZERO,
        bodies: Duration::ZERO,
        dead: LEASE,
        count: 10_000,
    };
    assert_eq!(inbox.sweep(retention).await.unwrap().deliveries, 2 * 300 + 1);
    assert_eq!(moved(&desk), 0);
    let fresh = desk.delivery("7");
    assert_eq!(inbox.accept(fresh).await.unwrap(), STORED);
}

#[tokio::test]
async fn g9_a_key_is_known_wherever_it_is_kept_and_to_ask_writes_nothing() {
    let mut desk = Desk::new();
    let mut inbox = small(&desk).await;
    for number in 0..300 {
        desk.put(&inbox, &format!("{number}"), "ana").await;
    }
    assert!(moved(&desk) >= 250, "{}", moved(&desk));
    let keys: Vec<_> = (0..600)
        .map(|number| Key::delivery("shop", &number.to_string()))
        .collect();
    let expected: Vec<_> = (0..600).map(|number| number < 300).collect();
    for _ in 0..2 {
        let commits = inbox.commits();
        assert_eq!(inbox.known(&keys).await.unwrap(), expected);
        assert_eq!(inbox.commits(), commits);
        drop(inbox);
        inbox = small(&desk).await;
    }
}

#[tokio::test]
async fn i5_what_was_rolled_back_is_not_remembered() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    let foreign = desk.foreign();
    // Fails in the middle of it, as a disk does.
    foreign
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON inbox_unread BEGIN SELECT raise(ABORT, 'as a disk does'); END",
        )
        .unwrap();
    let (one, two) = (desk.delivery("1"), desk.delivery("2"));
    let (first, second) = tokio::join!(inbox.accept(one.clone()), inbox.accept(two.clone()));
    assert_eq!(kind(first), StoreErrorKind::Unavailable);
    assert_eq!(kind(second), StoreErrorKind::Unavailable);
    assert_eq!(inbox.status().await.unwrap().deliveries, 0);
    foreign.execute_batch("DROP TRIGGER fails").unwrap();
    for one in [one, two] {
        assert_eq!(inbox.accept(one.clone()).await.unwrap(), STORED);
        assert_eq!(inbox.accept(one).await.unwrap(), DUPLICATE);
    }
    assert_eq!(inbox.status().await.unwrap().unread, 2);
}

#[tokio::test]
async fn i5_a_full_file_is_worked_off_and_takes_more_again() {
    let mut desk = Desk::new();
    let bytes = NonZeroU64::new(2 << 20).unwrap();
    let inbox = SqliteInbox::open(desk.path(), desk.options().max_bytes(bytes))
        .await
        .unwrap();
    let mut stored = 0;
    let full = loop {
        let one = desk
            .shop
            .body(&format!("id_{stored}"), format!("{stored:0>4000}"));
        match inbox.accept(one).await {
            Ok(answer) => assert_eq!(answer, STORED),
            Err(error) => break error,
        }
        stored += 1;
    };
    assert_eq!(full.kind(), StoreErrorKind::Full);
    assert!(stored > 100, "{stored}");
    let again = desk.shop.body("id_0", format!("{:0>4000}", 0));
    assert_eq!(
        inbox.accept(again).await.unwrap(),
        DUPLICATE,
        "what is there is there"
    );
    let mut filed = 0;
    while filed < stored {
        filed += desk.read(&inbox, "ana").await.fresh;
    }
    assert_eq!(work_off(&inbox).await, stored);
    desk.clock.advance(Duration::from_secs(30 * 86_400));
    let retention = Retention {
        rows: Duration::ZERO,
        bodies: Duration::ZERO,
        dead: LEASE,
        count: 10_000,
    };
    assert_eq!(inbox.sweep(retention).await.unwrap().deliveries, stored as u64);
    let more = desk.delivery("more");
    assert_eq!(inbox.accept(more).await.unwrap(), STORED);
}
