//! An inbox whose clock jumps: nothing waits for hours that were none, and nobody's work is given to another.

use std::time::Duration;

use wahook_core::{
    Clock,
    guard::{Settled, Token},
    inbox::{Inbox, Lane, Setback, Settlement, Then},
};

use crate::inbox_kit::{ALL, Desk, LEASE, STORED, all_done, keys, take};

const HOURS: Duration = Duration::from_secs(5 * 3_600);
const PAUSE: Duration = Duration::from_secs(10);

fn one() -> Token {
    Token::new([1; 16])
}

fn two() -> Token {
    Token::new([2; 16])
}

impl Desk {
    fn back(&self) {
        self.clock.set(self.clock.now() - HOURS);
    }

    fn forward(&self) {
        self.clock.set(self.clock.now() + HOURS);
    }
}

fn failed(lane: &Lane) -> Settlement {
    Settlement {
        lane: lane.id,
        done: Vec::new(),
        setback: Some(Setback {
            entry: lane.entries[0].id,
            failed: true,
            error: "away".to_owned(),
            then: Then::Retry { after: PAUSE },
        }),
        untouched: Vec::new(),
    }
}

/// Takes the one lane there is and has it wait.
async fn fail(inbox: &dyn Inbox) {
    let lanes = take(inbox, one()).await;
    assert_eq!(
        inbox.settle(one(), failed(&lanes[0])).await.unwrap(),
        Settled::Done
    );
}

#[tokio::test]
async fn i3_a_clock_that_jumps_back_holds_up_no_lane() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "1", "ana").await;
    fail(&inbox).await;
    desk.back();
    let next = inbox.take("till", one(), ALL, LEASE).await.unwrap().next;
    assert_eq!(next, Some(PAUSE), "neither longer nor shorter");
    desk.clock.advance(PAUSE);
    let lanes = take(&inbox, one()).await;
    assert_eq!(keys(&lanes[0]), [("body of 1", 2)]);
    // What comes in now is behind it, and not due in the past or in the future.
    desk.put(&inbox, "2", "bob").await;
    assert_eq!(keys(&take(&inbox, two()).await[0]), [("body of 2", 1)]);
}

#[tokio::test]
async fn i6_a_clock_that_jumps_back_prolongs_no_lease() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "1", "ana").await;
    assert_eq!(inbox.accept(desk.delivery("2")).await.unwrap(), STORED);
    let taken = take(&inbox, one()).await;
    assert_eq!(
        inbox.unread(desk.reader, 1, 1 << 20, LEASE).await.unwrap().len(),
        1
    );
    desk.back();
    desk.clock.advance(LEASE);
    assert_eq!(inbox.unread(two(), 1, 1 << 20, LEASE).await.unwrap().len(), 1);
    assert_eq!(keys(&take(&inbox, two()).await[0]), [("body of 1", 2)]);
    assert_eq!(
        inbox.settle(one(), all_done(&taken[0])).await.unwrap(),
        Settled::Lost
    );
}

#[tokio::test]
async fn i6_a_clock_that_jumps_forward_ends_no_lease_of_live_work() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "1", "ana").await;
    assert_eq!(inbox.accept(desk.delivery("2")).await.unwrap(), STORED);
    let taken = take(&inbox, one()).await;
    assert_eq!(
        inbox.unread(desk.reader, 1, 1 << 20, LEASE).await.unwrap().len(),
        1
    );
    desk.forward();
    assert!(take(&inbox, two()).await.is_empty(), "its holder is at work");
    assert!(inbox.unread(two(), 1, 1 << 20, LEASE).await.unwrap().is_empty());
    let lane = taken[0].id;
    assert_eq!(inbox.renew(lane, one(), LEASE).await.unwrap(), Settled::Done);
    assert_eq!(
        inbox.settle(one(), all_done(&taken[0])).await.unwrap(),
        Settled::Done
    );
}

#[tokio::test]
async fn i3_what_waits_is_due_if_the_clock_went_back_while_nobody_was_there() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "1", "ana").await;
    fail(&inbox).await;
    desk.put(&inbox, "2", "bob").await;
    drop(inbox);
    desk.back();
    let inbox = desk.open().await;
    let lanes = take(&inbox, two()).await;
    let found: Vec<_> = lanes.iter().flat_map(keys).collect();
    assert_eq!(found, [("body of 1", 2), ("body of 2", 1)]);
}

#[tokio::test]
async fn i3_a_lane_that_waits_goes_on_waiting_when_the_inbox_is_opened_again() {
    let mut desk = Desk::new();
    let inbox = desk.open().await;
    desk.put(&inbox, "1", "ana").await;
    desk.clock.advance(PAUSE);
    fail(&inbox).await;
    drop(inbox);
    desk.clock.advance(PAUSE / 2);
    let inbox = desk.open().await;
    assert!(take(&inbox, two()).await.is_empty());
    desk.clock.advance(PAUSE / 2);
    assert_eq!(keys(&take(&inbox, two()).await[0]), [("body of 1", 2)]);
}
