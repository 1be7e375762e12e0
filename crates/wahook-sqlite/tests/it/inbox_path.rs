//! The way through the inbox, and what a crash leaves of it.

use std::time::Duration;

use wahook_core::{
    guard::{OpenErrorKind, Settled, Token},
    inbox::{Inbox, Reading, Setback, Settlement, Then},
};
use wahook_sqlite::SqliteInbox;

use crate::inbox_kit::{DUPLICATE, Desk, LEASE, STORED, all_done, event, keys, take, work_off};

#[tokio::test]
async fn i3_a_delivery_goes_its_way_once() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "a", "ana").await;
    desk.put(&inbox, "b", "ana").await;
    desk.put(&inbox, "c", "bo").await;
    let token = Token::new([1; 16]);
    let lanes = take(&inbox, token).await;
    let taken: Vec<_> = lanes.iter().map(keys).collect();
    assert_eq!(
        taken,
        [vec![("body of a", 1), ("body of b", 1)], vec![("body of c", 1)]]
    );
    assert_eq!(&lanes[0].entries[1].stored.delivery.body[..], b"body of b");
    assert!(take(&inbox, Token::new([2; 16])).await.is_empty(), "taken");
    for lane in &lanes {
        assert_eq!(inbox.settle(token, all_done(lane)).await.unwrap(), Settled::Done);
        assert_eq!(inbox.settle(token, all_done(lane)).await.unwrap(), Settled::Lost);
    }
    assert_eq!(work_off(&inbox).await, 0);
}

#[tokio::test]
async fn i2_after_a_crash_it_goes_on_where_it_was() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    let (first, second) = (desk.delivery("a"), desk.delivery("b"));
    assert_eq!(inbox.accept(first.clone()).await.unwrap(), STORED);
    desk.read(&inbox, "ana").await;
    assert_eq!(inbox.accept(second.clone()).await.unwrap(), STORED);
    let lanes = take(&inbox, Token::new([1; 16])).await;
    assert_eq!(keys(&lanes[0]), [("body of a", 1)]);

    // What a crash leaves: the files as they are.
    let copy = Desk::new();
    for end in ["", "-wal"] {
        let name = format!("inbox.db{end}");
        std::fs::copy(
            desk.directory.path().join(&name),
            copy.directory.path().join(&name),
        )
        .unwrap();
    }
    let after = copy.open().await;
    assert_eq!(after.accept(first).await.unwrap(), DUPLICATE);
    assert_eq!(after.accept(second).await.unwrap(), DUPLICATE);
    let lanes = take(&after, Token::new([2; 16])).await;
    assert_eq!(
        keys(&lanes[0]),
        [("body of a", 2)],
        "the attempt began, and nobody saw its end"
    );
    assert_eq!(
        copy.read(&after, "ana").await.fresh,
        1,
        "what was not read is read"
    );
}

#[tokio::test]
async fn i6_an_inbox_is_one_process_s() {
    let desk = Desk::new();
    let inbox = desk.open().await;
    let error = SqliteInbox::open(desk.path(), desk.options()).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(
        error.to_string().contains("another process has this inbox open"),
        "{error}"
    );
    drop(inbox);
    desk.open().await;
}

#[tokio::test]
async fn i3_a_lane_waits_after_a_setback_and_keeps_its_order() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "a", "ana").await;
    desk.put(&inbox, "b", "ana").await;
    let token = Token::new([1; 16]);
    let lanes = take(&inbox, token).await;
    let [first, second] = &lanes[0].entries[..] else {
        panic!()
    };
    let settlement = Settlement {
        lane: lanes[0].id,
        done: Vec::new(),
        setback: Some(Setback {
            entry: first.id,
            failed: true,
            error: "status 500".to_owned(),
            then: Then::Retry {
                after: Duration::from_secs(5),
            },
        }),
        untouched: vec![second.id],
    };
    assert_eq!(inbox.settle(token, settlement).await.unwrap(), Settled::Done);
    let none = inbox
        .take("till", token, crate::inbox_kit::ALL, LEASE)
        .await
        .unwrap();
    assert!(none.lanes.is_empty());
    assert_eq!(none.next, Some(Duration::from_secs(5)));
    desk.clock.advance(Duration::from_secs(5));
    let lanes = take(&inbox, token).await;
    assert_eq!(keys(&lanes[0]), [("body of a", 2), ("body of b", 1)]);
}

#[tokio::test]
async fn g10_what_was_said_before_is_in_no_lane() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    for id in ["a", "b"] {
        let incoming = desk.delivery(id);
        inbox.accept(incoming).await.unwrap();
    }
    let unread = inbox.unread(desk.reader, 10, 1 << 20, LEASE).await.unwrap();
    let readings = unread.iter().map(|unread| Reading {
        position: unread.stored.position,
        events: Some(vec![event("one and the same", "ana")]),
        memory: LEASE,
    });
    let filed = inbox
        .file(desk.reader, readings.collect())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((filed.fresh, filed.duplicates), (1, 1));
    assert_eq!(work_off(&inbox).await, 1);
}
