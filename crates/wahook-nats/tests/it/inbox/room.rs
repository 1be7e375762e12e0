//! A stream that is full can always be emptied, whatever it is full of.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use wahook_core::{
    Secret,
    guard::{Settled, StoreErrorKind},
    inbox::{Desk, Then, Want},
};
use wahook_nats::NatsInboxOptions;
use wahook_services::{Nats, shared_nats};
use wahook_testkit::{Sender, inbox::Deliveries};

use super::kit::{LEASE, NOW, READER, STORED, failed, open, options, reading, stream, token, until};

const AGAIN: Then = Then::Retry {
    after: Duration::ZERO,
};

/// A shop whose keys are soon forgotten: what is remembered is kept.
fn shop() -> Deliveries {
    let of = super::kit::shop();
    let secret = Secret::new(format!("whsec_{}Bwc=", "BwcH".repeat(10))).unwrap();
    let endpoint = of.endpoint().clone().remember(Duration::from_millis(10));
    Deliveries::from_sender(Sender::new(
        endpoint,
        secret,
        "https://example.com/hooks".parse().unwrap(),
    ))
}

/// Accepts until nothing more is, through each in turn; how many were.
async fn fill(inboxes: &[Arc<dyn Desk>], shop: &mut Deliveries, round: usize, size: usize) -> usize {
    for number in 0..100_000 {
        let name = format!("chat{} {round:02} {number:06} ", number % 7);
        let incoming = shop.body(&format!("evt_{round}_{number}"), name + &"x".repeat(size - 24));
        match inboxes[number % inboxes.len()].accept(incoming).await {
            Ok(accepted) => assert_eq!(accepted, STORED),
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Full);
                return number;
            }
        }
    }
    panic!("it has a limit");
}

/// As wastefully as can be: a record for each reading, and for each taking and settling of one event, the first of a lane twice.
async fn work_off(inboxes: &[Arc<dyn Desk>], many: usize) {
    for number in 0..many {
        let inbox = &inboxes[number % inboxes.len()];
        let unread = inbox.unread(READER, 1, 1 << 24, LEASE).await.unwrap();
        assert_eq!(unread.len(), 1, "{number} of {many}");
        inbox
            .file(READER, vec![reading(&unread[0])])
            .await
            .unwrap()
            .unwrap();
    }
    let one = Want {
        lanes: 1,
        events: 1,
        bytes: 1 << 24,
    };
    let (mut done, mut tries) = (0, 0);
    while done < many {
        tries += 1;
        assert!(tries < 3 * many, "{done} of {many} were handed over");
        let (inbox, token) = (&inboxes[tries % inboxes.len()], token());
        let taken = inbox.take("till", token, one, LEASE).await.unwrap();
        let Some(lane) = taken.lanes.first() else {
            continue;
        };
        let fails = tries % 5 == 0;
        let settlement = if fails {
            failed(lane, false, AGAIN)
        } else {
            super::kit::done(lane)
        };
        assert_eq!(inbox.settle(token, settlement).await.unwrap(), Settled::Done);
        done += usize::from(!fails);
        if done % 50 == 0 {
            inbox.sweep(NOW).await.unwrap();
        }
    }
}

/// Filled, opened again while it is full, worked off, and filled again, by two gateways.
async fn rounds(most: u64, size: usize, snapshot_bytes: u64) {
    let mut options = options();
    options.max_bytes = NonZeroU64::new(most);
    options.snapshot_bytes = snapshot_bytes;
    rounds_on(&shared_nats(), options, size).await;
}

async fn rounds_on(url: &str, options: NatsInboxOptions, size: usize) {
    let mut inboxes = vec![open(url, options.clone()).await, open(url, options.clone()).await];
    let mut shop = shop();
    let mut first = 0;
    for round in 0..4 {
        let mut stored = fill(&inboxes, &mut shop, round, size).await;
        // Nobody reads for a long while, and all look after it.
        for number in 0..30 {
            inboxes[number % 2].sweep(NOW).await.unwrap();
        }
        stored += fill(&inboxes, &mut shop, 50 + round, size).await;
        assert!(stored > 3, "{stored}");
        first = if round == 0 { stored } else { first };
        assert!(
            stored > first / 2,
            "{stored} in round {round}, {first} in the first"
        );
        inboxes[0] = open(url, options.clone()).await;
        assert_eq!(inboxes[0].status().await.unwrap().unread, stored as u64);
        work_off(&inboxes, stored).await;
        until("all of it is gone", async || {
            for inbox in &inboxes {
                inbox.sweep(NOW).await.unwrap();
            }
            inboxes[0].status().await.unwrap().deliveries == 0
        })
        .await;
    }
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_stream_full_of_small_deliveries_is_worked_off_and_filled_again() {
    rounds(2 << 20, 200, 8 << 20).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_the_same_where_the_state_is_written_often() {
    rounds(2 << 20, 600, 10_000).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_the_same_with_deliveries_of_some_size() {
    rounds(4 << 20, 40_000, 100_000).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_the_same_with_deliveries_that_are_larger_than_a_message_may_be() {
    rounds(24 << 20, 1_500_000, 8 << 20).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_the_same_where_it_is_the_account_that_has_a_limit() {
    let account = "accounts { A { jetstream { max_file: 2MB }, users: [ { user: app, password: pass } ] } }";
    let server = Nats::start(&[account]).unwrap();
    rounds_on(&server.url().replace("//", "//app:pass@"), options(), 600).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_sink_that_is_away_for_long_does_not_use_up_what_is_kept_free() {
    away(1 << 20, 600).await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_nor_where_bodies_are_most_of_the_stream() {
    away(2 << 20, 40_000).await;
}

async fn away(most: u64, size: usize) {
    let (url, mut options) = (shared_nats(), options());
    options.max_bytes = NonZeroU64::new(most);
    let inboxes = [open(&url, options.clone()).await];
    let [inbox] = &inboxes;
    let mut shop = shop();
    let stored = fill(&inboxes, &mut shop, 0, size).await;
    let unread = inbox.unread(READER, 10_000, 1 << 24, LEASE).await.unwrap();
    let readings = unread.iter().map(reading).collect();
    inbox.file(READER, readings).await.unwrap().unwrap();
    // What was kept free for reading is free now.
    let stored = stored + fill(&inboxes, &mut shop, 1, size).await;
    super::kit::read(&**inbox, READER).await.unwrap().unwrap();
    let want = Want {
        lanes: 1,
        events: 1,
        bytes: 1 << 24,
    };
    // What this writes is more than the stream may have.
    for number in 0..5_000 {
        let token = token();
        let lane = inbox
            .take("till", token, want, LEASE)
            .await
            .unwrap()
            .lanes
            .remove(0);
        let settlement = failed(&lane, false, AGAIN);
        assert_eq!(inbox.settle(token, settlement).await.unwrap(), Settled::Done);
        if number % 50 == 0 {
            inbox.sweep(NOW).await.unwrap();
        }
    }
    assert!(super::kit::state(&url, &options.stream).await.last_sequence > 10_000);
    assert_eq!(super::kit::hand_over(&**inbox).await.len(), stored);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_limit_that_is_raised_counts_at_once() {
    let (url, mut options) = (shared_nats(), options());
    options.max_bytes = NonZeroU64::new(1 << 20);
    let inboxes = [open(&url, options.clone()).await];
    let mut shop = shop();
    fill(&inboxes, &mut shop, 0, 1_000).await;
    let (context, stream) = stream(&url, &options.stream).await;
    let mut config = stream.cached_info().config.clone();
    config.max_bytes = 2 << 20;
    context.update_stream(config).await.unwrap();
    assert!(fill(&inboxes, &mut shop, 1, 1_000).await > 50);
}
