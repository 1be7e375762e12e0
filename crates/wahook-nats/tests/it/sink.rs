//! What is handed over is in the stream, once, in order, and stays there.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
    stream::Config,
};
use futures_util::{StreamExt as _, future::join_all};
use wahook_core::{
    model::Event,
    sink::{Delivered, MessageFormat, Sink, SinkErrorKind},
};
use wahook_nats::{NatsOptions, NatsSink};
use wahook_services::{Nats, shared_nats};

fn event(chat: &str, number: u64) -> Event {
    let form = serde_json::json!({
        "schema": "wahook.event/1", "key": format!("v1:wawp:A1:message:{chat}-{number}"), "provider": "wawp",
        "endpoint": "shop", "account": "A1", "kind": "message.received", "time_source": "none",
        "received_at": "2026-10-03T10:00:01Z",
        "delivery": {"id": "0199c0de-7c00-7000-8000-000000000000", "key": "d1", "key_source": "body", "conflict": false},
        "data": {"message_id": format!("{chat}-{number}"), "direction": "inbound", "origin": "contact",
            "chat": {"type": "user", "id": chat}, "content": {"type": "text", "text": "the moon is blue"}},
        "raw": {"from": "4915112345678"}
    });
    serde_json::from_value(form).unwrap()
}

/// A name that nobody else has on a server that others use as well.
fn of_this_run(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

/// Options with a stream of this name.
fn options(name: &str) -> NatsOptions {
    let mut options = NatsOptions::default();
    options.subject = format!("{name}.{{endpoint}}.{{kind}}").parse().unwrap();
    options.stream = Some(name.to_uppercase());
    options
}

async fn hand_over(sink: &NatsSink, events: &[Event]) -> Delivered {
    let delivered = sink.deliver(events).await;
    assert!(
        !format!("{:?}", delivered.error).contains("4915112345678"),
        "{:?}",
        delivered.error
    );
    delivered
}

/// All that is in a stream: subject, headers, content.
async fn stored(url: &str, stream: &str) -> Vec<async_nats::Message> {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    let stream = context.get_stream(stream).await.unwrap();
    let config = pull::Config {
        ack_policy: AckPolicy::None,
        ..pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.unwrap();
    let count = stream.cached_info().state.messages;
    let messages = consumer
        .fetch()
        .max_messages(usize::try_from(count).unwrap())
        .messages()
        .await
        .unwrap();
    messages.map(|message| message.unwrap().message).collect().await
}

fn header<'a>(message: &'a async_nats::Message, name: &str) -> &'a str {
    message.headers.as_ref().unwrap().get(name).unwrap().as_str()
}

fn id(message: &async_nats::Message) -> String {
    header(message, "Nats-Msg-Id").to_owned()
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i3_what_is_acknowledged_is_in_the_stream_with_its_key_and_its_lane() {
    let url = shared_nats();
    let name = of_this_run("stored");
    let mut options = options(&name);
    options.form.format = MessageFormat::CloudEventsBinary;
    options.form.raw = false;
    let sink = NatsSink::new(&url, options).unwrap();
    let events = [event("a", 1), event("a", 2), event("b", 1)];
    assert_eq!(hand_over(&sink, &events).await.done, 3);
    // Handed over again, as after a crash before the mark: the stream has it once.
    assert_eq!(hand_over(&sink, &events[1..]).await.done, 2);
    let mut replay = event("a", 1);
    replay.replay = Some(7);
    assert_eq!(hand_over(&sink, &[replay]).await.done, 1);

    let stored = stored(&url, &name.to_uppercase()).await;
    let ids: Vec<_> = stored.iter().map(id).collect();
    let key = |chat: &str, number: u64| format!("v1:wawp:A1:message:{chat}-{number}");
    assert_eq!(
        ids,
        [
            key("a", 1),
            key("a", 2),
            key("b", 1),
            format!("{}#r7", key("a", 1))
        ]
    );
    let first = &stored[0];
    assert_eq!(first.subject.as_str(), format!("{name}.shop.message.received"));
    assert_eq!(header(first, "ce-type"), "wahook.message.received");
    assert_eq!(header(first, "Content-Type"), "application/json");
    let lanes: Vec<_> = stored.iter().map(|one| header(one, "Wahook-Lane")).collect();
    assert!(lanes[0] == lanes[1] && lanes[0] == lanes[3] && lanes[0] != lanes[2]);
    let body: Event = serde_json::from_slice(&first.payload).unwrap();
    assert_eq!((&*body.key, body.raw.is_none()), (&*key("a", 1), true));
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i3_killed_and_started_again_it_has_all_that_it_acknowledged_in_order() {
    let server = Nats::start(&[]).unwrap();
    let url = server.url();
    let mut options = options("nats-killed");
    options.timeout = Duration::from_secs(1);
    let sink = NatsSink::new(&url, options).unwrap();
    // As a worker does: the next of a conversation behind the one before, again and again until it is taken.
    let one = async |chat: &str, number: u64| {
        let events = [event(chat, number)];
        while hand_over(&sink, &events).await.done == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let chats = ["a", "b", "c", "d"];
    let lane = async |chat: &str| {
        for number in 0..300 {
            one(chat, number).await;
        }
    };
    let faults = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            server.kill();
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.restart().unwrap();
        }
    };
    tokio::join!(join_all(chats.map(lane)), faults);

    let stored = stored(&url, "NATS-KILLED").await;
    for chat in chats {
        let prefix = format!("v1:wawp:A1:message:{chat}-");
        let numbers = stored.iter().filter_map(|one| {
            let id = id(one);
            id.strip_prefix(&prefix)
                .map(|number| number.parse::<u64>().unwrap())
        });
        let mut numbers: Vec<_> = numbers.collect();
        // A second one where the first was stored and not acknowledged: never before an earlier one.
        assert!(numbers.is_sorted(), "{chat}: {numbers:?}");
        numbers.dedup();
        assert_eq!(numbers, (0..300).collect::<Vec<_>>(), "{chat}");
    }
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn where_nobody_takes_it_events_wait_and_where_it_is_too_large_they_do_not() {
    let server = Nats::start(&["max_payload: 2000"]).unwrap();
    let url = server.url();
    let mut options = options("nats-refused");
    options.create = false;
    options.timeout = Duration::from_millis(500);
    let sink = NatsSink::new(&url, options).unwrap();
    let failed = hand_over(&sink, &[event("a", 1)]).await;
    let error = failed.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    assert!(
        error.to_string().contains("no stream takes the subject"),
        "{error}"
    );

    // Made by its owner while the sink runs, and full after one.
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = Config {
        name: "NATS-REFUSED".to_owned(),
        subjects: vec!["nats-refused.>".to_owned()],
        max_messages: 1,
        discard: jetstream::stream::DiscardPolicy::New,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let events = [event("a", 1), event("a", 2)];
    let full = hand_over(&sink, &events).await;
    assert_eq!(full.done, 1);
    assert_eq!(
        full.error.unwrap().kind(),
        SinkErrorKind::Unavailable { after: None }
    );

    let large = event(&"x".repeat(3000), 1);
    let refused = hand_over(&sink, &[large]).await.error.unwrap();
    assert_eq!(refused.kind(), SinkErrorKind::Refused, "{refused}");
    assert!(refused.to_string().contains("raw = false"), "{refused}");

    // Away: at once, and without a word of what was to be sent.
    server.kill();
    let error = hand_over(&sink, &[event("a", 3)]).await.error.unwrap();
    assert_eq!(
        error.kind(),
        SinkErrorKind::Unavailable { after: None },
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn whoever_needs_a_password_or_a_token_gets_what_stands_in_the_address() {
    for (server, before) in [
        ("user: app, password: \"hunter@2\"", "app:hunter%402"),
        ("token: \"hunter@2\"", "hunter%402"),
    ] {
        let server = Nats::start(&[&format!("authorization {{ {server} }}")]).unwrap();
        let url = server.url().replace("//", &format!("//{before}@"));
        let sink = NatsSink::new(&url, options("nats-password")).unwrap();
        assert_eq!(hand_over(&sink, &[event("a", 1)]).await.done, 1);
        let stranger = NatsSink::new(&server.url(), options("nats-password")).unwrap();
        let error = hand_over(&stranger, &[event("a", 2)]).await.error.unwrap();
        assert!(error.to_string().contains("cannot connect"), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn a_name_of_another_stream_is_not_published_into() {
    let url = shared_nats();
    let name = of_this_run("other");
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = Config {
        name: name.to_uppercase(),
        subjects: vec![format!("{name}.>")],
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let mut options = options(&name);
    options.stream = Some("NATS-MINE".to_owned());
    options.create = false;
    let sink = NatsSink::new(&url, options).unwrap();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert!(error.to_string().contains("refused it: error"), "{error}");
    assert!(stored(&url, &name.to_uppercase()).await.is_empty());
}

#[test]
fn what_cannot_be_an_address_or_a_subject_is_refused_without_a_word_of_it() {
    let refused = |address: &str, change: &dyn Fn(&mut NatsOptions)| {
        let mut options = NatsOptions::default();
        change(&mut options);
        let error = NatsSink::new(address, options).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        error
    };
    let good = "nats://u:hunter2@localhost:4222";
    for address in [
        "",
        "nats://",
        "nats://u:hunter2@:bad",
        "hunter2:4222",
        "http://hunter2",
        "nats://a,hunter2 y",
    ] {
        assert!(refused(address, &|_| {}).contains("address"), "{address}");
    }
    for subject in ["a..b", ".a", "a.", "$JS.a", "a.*", "a.>"] {
        let said = refused(good, &|options| options.subject = subject.parse().unwrap());
        assert!(said.contains("subject"), "{subject}: {said}");
    }
    let said = refused(good, &|options| options.subject = "{endpoint}.x".parse().unwrap());
    assert!(said.contains("create = false"), "{said}");
    let said = refused(good, &|options| options.stream = Some("a.b".to_owned()));
    assert!(said.contains("stream"), "{said}");
    let said = refused(good, &|options| {
        options.credentials = Some(wahook_core::Secret::new("hunter2 is no credentials file").unwrap());
    });
    assert!(said.contains("credentials"), "{said}");
    let shown = format!("{:?}", NatsSink::new(good, NatsOptions::default()).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}
