//! What the tests of the inbox share.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;
use tempfile::TempDir;
use wahook_core::{
    guard::{Key, Settled, Token},
    inbox::{
        Accepted, Entry, Filed, FiledEvent, Inbox, Incoming, Lane, Reading, Settlement, Summary, Unread, Want,
    },
    json::Text,
    model::Kind,
};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_testkit::{ManualClock, inbox::Deliveries};

use crate::kit::PATIENT;

pub(crate) const STORED: Accepted = Accepted::Stored { conflict: false };
pub(crate) const DUPLICATE: Accepted = Accepted::Duplicate { conflict: false };

/// A lease that does not end during a test.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

pub(crate) const ALL: Want = Want {
    lanes: 1_000,
    events: 1_000,
    bytes: 1 << 20,
};

/// A directory with an inbox in it, and somebody who sends.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) directory: TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) reader: Token,
    pub(crate) shop: Deliveries,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let now = wahook_core::Clock::now(&*clock);
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock,
            reader: Token::new([9; 16]),
            shop: Deliveries::of("wazapin", "shop").arriving_at(now),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("inbox.db")
    }

    pub(crate) fn options(&self) -> SqliteInboxOptions {
        SqliteInboxOptions::new(self.clock.clone()).deadline(PATIENT)
    }

    pub(crate) async fn open(&self) -> SqliteInbox {
        SqliteInbox::open(self.path(), self.options()).await.unwrap()
    }

    /// A connection of somebody else.
    pub(crate) fn foreign(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn delivery(&mut self, id: &str) -> Incoming {
        self.shop.body(id, format!("body of {id}"))
    }

    /// Accepts a delivery and reads it as one event in the lane, for `till`.
    pub(crate) async fn put(&mut self, inbox: &dyn Inbox, id: &str, lane: &str) {
        let incoming = self.delivery(id);
        assert_eq!(inbox.accept(incoming).await.unwrap(), STORED);
        self.read(inbox, lane).await;
    }

    /// Reads all that is unread, each as one event whose key is its body.
    pub(crate) async fn read(&self, inbox: &dyn Inbox, lane: &str) -> Filed {
        let unread = inbox.unread(self.reader, 1_000, 1 << 20, LEASE).await.unwrap();
        let readings = unread.iter().map(|unread| reading(unread, lane)).collect();
        inbox.file(self.reader, readings).await.unwrap().unwrap()
    }
}

pub(crate) fn reading(unread: &Unread, lane: &str) -> Reading {
    let delivery = &unread.stored.delivery;
    let key = String::from_utf8_lossy(&delivery.body).into_owned();
    Reading {
        position: unread.stored.position,
        events: Some(vec![event(&key, lane)]),
        memory: Duration::from_secs(86_400),
    }
}

pub(crate) fn event(key: &str, lane: &str) -> FiledEvent {
    FiledEvent {
        claim: Key::event("shop", key),
        summary: Summary {
            key: key.to_owned(),
            kind: Kind::MessageReceived,
            name: Some(Text::from("message")),
            account: Some(Text::from("dev_1")),
            chat: Some(Text::from(lane)),
            message_id: Some(Text::from(key)),
            occurred_at: None,
        },
        lane: lane.to_owned(),
        sinks: vec![Text::from("till")],
    }
}

pub(crate) async fn take(inbox: &dyn Inbox, token: Token) -> Vec<Lane> {
    inbox.take("till", token, ALL, LEASE).await.unwrap().lanes
}

/// The keys of the entries and which attempt each is.
pub(crate) fn keys(lane: &Lane) -> Vec<(&str, u32)> {
    lane.entries
        .iter()
        .map(|entry| (entry.key.as_str(), entry.attempt))
        .collect()
}

pub(crate) fn all_done(lane: &Lane) -> Settlement {
    Settlement {
        lane: lane.id,
        done: lane.entries.iter().map(|entry: &Entry| entry.id).collect(),
        setback: None,
        untouched: Vec::new(),
    }
}

/// Takes all there is, and settles it.
pub(crate) async fn work_off(inbox: &dyn Inbox) -> usize {
    let token = Token::new([3; 16]);
    let mut done = 0;
    loop {
        let lanes = take(inbox, token).await;
        if lanes.is_empty() {
            return done;
        }
        for lane in lanes {
            done += lane.entries.len();
            assert_eq!(inbox.settle(token, all_done(&lane)).await.unwrap(), Settled::Done);
        }
    }
}
