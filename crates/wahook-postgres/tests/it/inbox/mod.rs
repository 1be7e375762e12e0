//! The inbox on a real PostgreSQL.

mod clock;
mod contract;
mod crowd;
mod limits;
mod odd;
mod speed;

use std::time::Duration;

use wahook_core::{
    guard::{Key, Settled, Token},
    inbox::{FiledEvent, Inbox, Lane, Reading, Settlement, Summary, Unread, Want},
    json::Text,
    model::Kind,
};
use wahook_postgres::{PostgresInbox, PostgresOptions};
use wahook_services::shared_postgres;

use crate::common::{LONG, token};

async fn connect(options: PostgresOptions) -> PostgresInbox {
    PostgresInbox::connect(&shared_postgres(), options)
        .await
        .expect("it opens")
}

/// An event of this key, in a lane of the sink `till`.
fn event(key: &str, lane: &str) -> FiledEvent {
    FiledEvent {
        claim: Key::event("shop", key),
        summary: Summary {
            key: key.to_owned(),
            kind: Kind::MessageReceived,
            name: None,
            account: None,
            chat: Some(Text::from(lane)),
            message_id: Some(Text::from(key)),
            occurred_at: None,
        },
        lane: lane.to_owned(),
        sinks: vec![Text::from("till")],
    }
}

/// Reads at most so many; how many there were.
async fn file(
    inbox: &PostgresInbox,
    reader: Token,
    count: usize,
    says: impl Fn(&Unread) -> Vec<FiledEvent>,
) -> usize {
    let unread = inbox
        .unread(reader, count, 1 << 24, LONG)
        .await
        .expect("it answers");
    let readings: Vec<Reading> = unread
        .iter()
        .map(|unread| Reading {
            position: unread.stored.position,
            events: Some(says(unread)),
            memory: LONG,
        })
        .collect();
    let count = readings.len();
    if count > 0 {
        let filed = inbox.file(reader, readings).await.expect("it answers");
        assert!(filed.is_some(), "nobody else reads");
    }
    count
}

/// Takes lanes of `till`, with whom they are.
async fn take(inbox: &PostgresInbox, lanes: usize) -> (Token, Vec<Lane>) {
    let (token, want) = (
        token(),
        Want {
            lanes,
            events: 100,
            bytes: 1 << 24,
        },
    );
    let taken = inbox.take("till", token, want, Duration::from_secs(60)).await;
    (token, taken.expect("it answers").lanes)
}

/// All of a lane is done.
async fn done(inbox: &PostgresInbox, token: Token, lane: &Lane) {
    let settlement = Settlement {
        lane: lane.id,
        done: lane.entries.iter().map(|entry| entry.id).collect(),
        setback: None,
        untouched: Vec::new(),
    };
    let settled = inbox.settle(token, settlement).await.expect("it answers");
    assert_eq!(settled, Settled::Done);
}
