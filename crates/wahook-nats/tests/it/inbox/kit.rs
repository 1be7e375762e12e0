//! What the tests of the inbox share.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use async_nats::jetstream::{
    self,
    stream::{State, Stream},
};
use wahook_core::{
    guard::{Key, Settled, StoreError, Token},
    inbox::{
        Accepted, Desk, Filed, FiledEvent, Inbox, Lane, Reading, Retention, Setback, Settlement, Summary,
        Then, Unread, Want,
    },
    json::Text,
    model::Kind,
};
use wahook_nats::{NatsInbox, NatsInboxOptions};
use wahook_testkit::inbox::{Deliveries, Harness};

/// A stream of the caller's own, so that tests share a server.
pub(crate) fn options() -> NatsInboxOptions {
    let mut options = NatsInboxOptions::default();
    options.stream = format!("TEST_{:016x}", RandomState::new().hash_one(0));
    // Against a cluster of one's own: WAHOOK_TEST_NATS names one of its servers.
    if let Some(replicas) = std::env::var("WAHOOK_TEST_NATS_REPLICAS")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        options.replicas = replicas;
    }
    // Some rules ask a hundred things at once, and the machine may have more to do.
    options.deadline = Duration::from_secs(4);
    options
}

pub(crate) async fn open(url: &str, options: NatsInboxOptions) -> Arc<dyn Desk> {
    Arc::new(NatsInbox::connect(url, options).await.expect("it opens"))
}

/// Two handles, as two processes have them.
pub(crate) async fn harness(url: &str, options: NatsInboxOptions) -> Harness {
    let (one, two) = (open(url, options.clone()).await, open(url, options.clone()).await);
    let url = url.to_owned();
    Harness::in_real_time(one)
        .also_through(two)
        .answers_within(Duration::from_secs(30))
        .reopened(move || {
            let (url, options) = (url.clone(), options.clone());
            async move { open(&url, options).await }
        })
}

pub(crate) const STORED: Accepted = Accepted::Stored { conflict: false };
pub(crate) const DUPLICATE: Accepted = Accepted::Duplicate { conflict: false };

/// A lease that does not end during a test.
pub(crate) const LEASE: Duration = Duration::from_secs(60);

/// Who reads where it does not matter who does.
pub(crate) const READER: Token = Token::new([9; 16]);

pub(crate) const ALL: Want = Want {
    lanes: 1_000,
    events: 1_000,
    bytes: 1 << 24,
};

/// All that is finished goes at once.
pub(crate) const NOW: Retention = Retention {
    rows: Duration::ZERO,
    bodies: Duration::ZERO,
    dead: LEASE,
    count: 1_000,
};

pub(crate) fn shop() -> Deliveries {
    Deliveries::of("wazapin", "shop")
}

/// Reads all that is unread, each as one event whose key is its body; its lane is the first word.
pub(crate) async fn read(inbox: &dyn Inbox, token: Token) -> Result<Option<Filed>, StoreError> {
    let unread = inbox
        .unread(token, 1_000, 1 << 24, Duration::from_millis(300))
        .await?;
    let readings = unread.iter().map(reading).collect();
    inbox.file(token, readings).await
}

pub(crate) fn reading(unread: &Unread) -> Reading {
    let body = &unread.stored.delivery.body;
    let key = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
    let lane = key.split(' ').next().unwrap_or_default().to_owned();
    Reading {
        position: unread.stored.position,
        events: Some(vec![FiledEvent {
            claim: Key::event("shop", &key),
            summary: Summary {
                key,
                kind: Kind::MessageReceived,
                name: Some(Text::from("message")),
                account: Some(Text::from("dev_1")),
                chat: Some(Text::from(lane.as_str())),
                message_id: Some(Text::from("m1")),
                occurred_at: None,
            },
            lane,
            sinks: vec![Text::from("till")],
        }]),
        memory: Duration::from_secs(86_400),
    }
}

pub(crate) fn done(lane: &Lane) -> Settlement {
    Settlement {
        lane: lane.id,
        done: lane.entries.iter().map(|entry| entry.id).collect(),
        setback: None,
        untouched: Vec::new(),
    }
}

/// What `done` is where the first of a lane failed.
pub(crate) fn failed(lane: &Lane, failed: bool, then: Then) -> Settlement {
    Settlement {
        lane: lane.id,
        done: Vec::new(),
        setback: Some(Setback {
            entry: lane.entries[0].id,
            error: "the sink is away".to_owned(),
            failed,
            then,
        }),
        untouched: Vec::new(),
    }
}

/// Takes and confirms all that is due; the bodies.
pub(crate) async fn hand_over(inbox: &dyn Inbox) -> Vec<String> {
    let token = token();
    let mut bodies = Vec::new();
    for lane in inbox.take("till", token, ALL, LEASE).await.unwrap().lanes {
        let all = lane.entries.iter().map(|entry| &entry.stored.delivery.body);
        bodies.extend(all.map(|body| String::from_utf8_lossy(body).into_owned()));
        assert_eq!(inbox.settle(token, done(&lane)).await.unwrap(), Settled::Done);
    }
    bodies
}

/// Of somebody new.
pub(crate) fn token() -> Token {
    let random = || RandomState::new().hash_one(0);
    Token::new((u128::from(random()) << 64 | u128::from(random())).to_le_bytes())
}

/// The stream, as an operator sees it.
pub(crate) async fn stream(url: &str, name: &str) -> (jetstream::Context, Stream) {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    let stream = context.get_stream(name).await.unwrap();
    (context, stream)
}

pub(crate) async fn state(url: &str, name: &str) -> State {
    stream(url, name).await.1.cached_info().state.clone()
}

/// Deliveries come and go until the stream begins behind this message; how many did.
pub(crate) async fn until_gone(
    inbox: &dyn Desk,
    shop: &mut Deliveries,
    (url, name): (&str, &str),
    last: u64,
) -> u64 {
    let mut number = 0;
    until("the beginning goes", async || {
        for _ in 0..20 {
            number += 1;
            let incoming = shop.body(
                &format!("evt_of_many_{number}"),
                format!("chat of-many-{number} {}", "y".repeat(500)),
            );
            assert_eq!(inbox.accept(incoming).await.unwrap(), STORED);
        }
        read(inbox, READER).await.unwrap().unwrap();
        assert_eq!(hand_over(inbox).await.len(), 20);
        inbox.sweep(NOW).await.unwrap();
        inbox.sweep(NOW).await.unwrap();
        state(url, name).await.first_sequence > last
    })
    .await;
    number
}

/// Asks until it is so.
pub(crate) async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came: {what}");
}
