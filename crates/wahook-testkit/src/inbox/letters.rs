//! The deliveries and events of the contract: any bytes under any key, and any reading of them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use wahook_core::{
    Delivery, DeliveryKey, Endpoint, Habits, Keyed, OnConflict, Parsed, Provider,
    guard::{Key, Settled},
    inbox::{
        DeadQuery, EntryId, EventQuery, EventRow, Filed, FiledEvent, Incoming, Order, Reading, Setback,
        Settlement, Summary, Then, Unread,
    },
    json::Text,
    model::{Draft, Kind},
    proof::{Proof, Verifier},
};

use super::harness::{Harness, Hold};
use crate::contract::{LONG, random};

/// A delivery on its way: a body under a key.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    endpoint: String,
    key: Vec<u8>,
    note: Option<Vec<u8>>,
    body: Bytes,
    memory: Duration,
    on_conflict: OnConflict,
    at: Timestamp,
}

impl Harness {
    /// A letter to the endpoint `shop` that arrives now; its body is its key.
    pub(super) fn letter(&self, key: &str) -> Letter {
        Letter {
            endpoint: "shop".to_owned(),
            key: key.as_bytes().to_vec(),
            note: None,
            body: Bytes::from(key.to_owned()),
            memory: LONG,
            on_conflict: OnConflict::Handle,
            at: self.now(),
        }
    }

    /// Accepts letters of these keys, one after the other.
    pub(super) async fn post(&self, keys: &[&str]) {
        for key in keys {
            self.accept(self.letter(key).incoming()).await;
        }
    }

    /// Reads all that is unread: what a delivery says is up to the test.
    pub(super) async fn read(&self, says: impl Fn(&Unread) -> Vec<Said>) -> Filed {
        let mut filed = Filed::default();
        for _ in 0..10_000 {
            let unread = self.all_unread().await;
            if unread.is_empty() {
                return filed;
            }
            let readings = unread.iter().map(|unread| reading(unread, says(unread)));
            let more = self.file(self.reader, readings.collect()).await;
            let more = more.expect("nobody else reads");
            filed.fresh += more.fresh;
            filed.duplicates += more.duplicates;
        }
        panic!("what is filed is unread again and again");
    }

    /// Puts events into lanes: each a letter of its own, with the event's name for a key.
    pub(super) async fn put(&self, events: &[Said]) {
        for said in events {
            self.post(&[&said.name]).await;
        }
        let filed = self.read(|unread| {
            let body = &unread.stored.delivery.body;
            let said = events.iter().find(|said| said.name.as_bytes() == &body[..]);
            vec![said.expect("it was put").clone()]
        });
        assert_eq!(filed.await.fresh, events.len(), "all are fresh");
    }

    /// All events, in the order of filing.
    pub(super) async fn all_events(&self) -> Vec<EventRow> {
        self.every_event(all_events()).await
    }

    /// All events that are asked for, however many a store tells in one answer.
    pub(super) async fn every_event(&self, mut query: EventQuery) -> Vec<EventRow> {
        let mut all = Vec::new();
        loop {
            let mut more = self.events(&query).await;
            assert!(all.len() < 100_000, "it comes to an end");
            let Some(last) = more.last() else {
                return all;
            };
            assert_ne!(query.after, Some(last.cursor), "it goes on");
            query.after = Some(last.cursor);
            all.append(&mut more);
        }
    }

    /// Gives an entry up, as the first of its lane.
    pub(super) async fn give_up(&self, sink: &str, then: Then) -> EntryId {
        let hold = self.hold_one(sink).await;
        let entry = hold.lane.entries.first().expect("a lane is not empty").id;
        assert_eq!(
            self.settle(hold.token, hold.failing(0, then)).await,
            Settled::Done
        );
        entry
    }
}

impl Letter {
    pub(super) fn to(mut self, endpoint: &str) -> Self {
        self.endpoint = endpoint.to_owned();
        self
    }

    pub(super) fn saying(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn noting(mut self, note: &[u8]) -> Self {
        self.note = Some(note.to_vec());
        self
    }

    pub(super) fn remembered_for(mut self, memory: Duration) -> Self {
        self.memory = memory;
        self
    }

    pub(super) fn dropping_conflicts(mut self) -> Self {
        self.on_conflict = OnConflict::DropAndFlag;
        self
    }

    pub(super) fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// Each with an id of its own, as each request has.
    pub(super) fn incoming(&self) -> Incoming {
        let endpoint = Endpoint::new(&self.endpoint, Paper, Verifier::dangerous_unverified())
            .expect("the name is good")
            .remember(self.memory)
            .when_conflicting(self.on_conflict);
        let mut head = Request::new(()).into_parts().0;
        let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes).expect("it is a header's value");
        head.headers.insert(KEY, value(&self.key));
        if let Some(note) = &self.note {
            head.headers.insert(NOTE, value(note));
        }
        let mut check = endpoint.begin(&head, self.at).expect("nothing is verified");
        check.update(self.body.clone());
        let verified = check.finish().expect("nothing is verified");
        Incoming::new(verified, &head.headers, random())
    }
}

const KEY: HeaderName = HeaderName::from_static("x-key");
pub(super) const NOTE: HeaderName = HeaderName::from_static("x-note");

/// A provider whose deliveries have their key in a header, and mean what the test says.
#[derive(Debug)]
struct Paper;

impl Provider for Paper {
    type Event = ();
    const ID: &'static str = "paper";

    fn habits(&self) -> Habits {
        Habits::new(LONG, LONG, LONG)
    }

    fn kept_headers(&self) -> &'static [HeaderName] {
        static KEPT: [HeaderName; 1] = [NOTE];
        &KEPT
    }

    fn key(&self, _: &Proof, headers: &HeaderMap, _: &Bytes) -> Keyed {
        let key = headers.get(KEY).map_or(&b""[..], HeaderValue::as_bytes);
        let key = String::from_utf8_lossy(key).into_owned();
        Keyed::by_id(DeliveryKey::header(key))
    }

    fn parse(&self, _: &Delivery) -> Vec<Parsed<()>> {
        Vec::new()
    }

    fn normalise(&self, item: Parsed<()>, _: &Delivery) -> Draft {
        Draft::unknown(wahook_core::Unknown::new(
            None,
            Default::default(),
            item.raw().clone(),
        ))
    }
}

/// An event on its way into its lanes: a message to the sink `till`, in the lane `ana`.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) name: String,
    pub(super) scope: String,
    pub(super) lane: String,
    pub(super) sinks: Vec<String>,
    pub(super) kind: Kind,
    pub(super) account: Option<String>,
    pub(super) chat: Option<String>,
    pub(super) occurred_at: Option<Timestamp>,
}

pub(super) fn said(name: &str) -> Said {
    Said {
        name: name.to_owned(),
        scope: "shop".to_owned(),
        lane: "ana".to_owned(),
        sinks: vec!["till".to_owned()],
        kind: Kind::MessageReceived,
        account: None,
        chat: None,
        occurred_at: None,
    }
}

impl Said {
    pub(super) fn in_lane(mut self, lane: &str) -> Self {
        self.lane = lane.to_owned();
        self
    }

    pub(super) fn to(mut self, sinks: &[&str]) -> Self {
        self.sinks = sinks.iter().map(|&sink| sink.to_owned()).collect();
        self
    }

    pub(super) fn in_scope(mut self, scope: &str) -> Self {
        self.scope = scope.to_owned();
        self
    }

    pub(super) const fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn of(mut self, account: &str, chat: &str) -> Self {
        self.account = Some(account.to_owned());
        self.chat = Some(chat.to_owned());
        self
    }

    pub(super) const fn at(mut self, at: Timestamp) -> Self {
        self.occurred_at = Some(at);
        self
    }

    fn filed(self) -> FiledEvent {
        FiledEvent {
            claim: Key::event(&self.scope, &self.name),
            summary: Summary {
                message_id: Some(Text::from(format!("id of {}", self.name))),
                key: self.name,
                kind: self.kind,
                name: Some(Text::from("said")),
                account: self.account.map(Text::from),
                chat: self.chat.map(Text::from),
                occurred_at: self.occurred_at,
            },
            lane: self.lane,
            sinks: self.sinks.into_iter().map(Text::from).collect(),
        }
    }
}

/// A delivery and what it says.
pub(super) fn reading(unread: &Unread, says: Vec<Said>) -> Reading {
    reading_for(unread, says, LONG)
}

pub(super) fn reading_for(unread: &Unread, says: Vec<Said>, memory: Duration) -> Reading {
    Reading {
        position: unread.stored.position,
        events: Some(says.into_iter().map(Said::filed).collect()),
        memory,
    }
}

/// A delivery that nobody can read.
pub(super) fn unreadable(unread: &Unread) -> Reading {
    Reading {
        position: unread.stored.position,
        events: None,
        memory: LONG,
    }
}

/// What deliveries say, as text.
pub(super) fn bodies(unread: &[Unread]) -> Vec<String> {
    let bodies = unread.iter().map(|unread| &unread.stored.delivery.body);
    bodies
        .map(|body| String::from_utf8_lossy(body).into_owned())
        .collect()
}

impl Hold {
    pub(super) fn keys(&self) -> Vec<String> {
        self.lane.entries.iter().map(|entry| entry.key.clone()).collect()
    }

    pub(super) fn attempts(&self) -> Vec<u32> {
        self.lane.entries.iter().map(|entry| entry.attempt).collect()
    }

    fn ids(&self) -> Vec<EntryId> {
        self.lane.entries.iter().map(|entry| entry.id).collect()
    }

    /// All of it is confirmed.
    pub(super) fn done(&self) -> Settlement {
        self.done_to(self.lane.entries.len())
    }

    /// So many are confirmed, and the rest was not begun.
    pub(super) fn done_to(&self, done: usize) -> Settlement {
        let mut ids = self.ids();
        let untouched = ids.split_off(done);
        Settlement {
            lane: self.lane.id,
            done: ids,
            setback: None,
            untouched,
        }
    }

    /// So many are confirmed, the next failed, and the rest was not begun.
    pub(super) fn failing(&self, done: usize, then: Then) -> Settlement {
        let mut settlement = self.done_to(done);
        let entry = settlement.untouched.remove(0);
        settlement.setback = Some(Setback {
            entry,
            error: "the test wants it to fail".to_owned(),
            failed: true,
            then,
        });
        settlement
    }
}

/// All events, in the order of filing.
pub(super) fn all_events() -> EventQuery {
    EventQuery {
        order: Order::Oldest,
        limit: 10_000,
        ..EventQuery::default()
    }
}

/// All dead letters.
pub(super) fn all_dead() -> DeadQuery {
    DeadQuery {
        limit: 10_000,
        ..DeadQuery::default()
    }
}
