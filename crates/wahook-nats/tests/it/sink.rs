//! What is this sink's own, beside the contract.

use std::time::Duration;

use async_nats::jetstream::{self, stream::Config};
use wahook_core::{
    model::Event,
    sink::{Delivered, Sink, SinkErrorKind},
};
use wahook_nats::{NatsOptions, NatsSink};
use wahook_services::{Nats, shared_nats};
use wahook_testkit::sink::{PHONE, event, of_this_run};

use crate::stored::{header, stored};

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
        !format!("{:?}", delivered.error).contains(PHONE),
        "{:?}",
        delivered.error
    );
    delivered
}

fn id(message: &async_nats::Message) -> String {
    header(message, "Nats-Msg-Id").to_owned()
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i3_what_is_handed_over_again_soon_is_in_the_stream_once() {
    let url = shared_nats();
    let name = of_this_run("stored");
    let sink = NatsSink::new(&url, options(&name)).unwrap();
    let events = [event("a", 1), event("a", 2)];
    assert_eq!(hand_over(&sink, &events).await.done, 2);
    // As after a crash before the mark.
    assert_eq!(hand_over(&sink, &events).await.done, 2);
    let stored = stored(&url, &name.to_uppercase()).await;
    let ids: Vec<_> = stored.iter().map(id).collect();
    let keys = [1, 2].map(|number| format!("v1:wawp:A1:message:a-{number}"));
    assert_eq!(ids, keys);
    let subject = stored[0].subject.as_str();
    assert_eq!(subject, format!("{name}.shop.message.received"));
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

    // Made by its owner while the sink runs.
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = Config {
        name: "NATS-REFUSED".to_owned(),
        subjects: vec!["nats-refused.>".to_owned()],
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    assert_eq!(hand_over(&sink, &[event("a", 1)]).await.done, 1);

    let large = event(&"x".repeat(3000), 1);
    let refused = hand_over(&sink, &[large]).await.error.unwrap();
    assert_eq!(refused.kind(), SinkErrorKind::Refused, "{refused}");
    assert!(refused.to_string().contains("raw = false"), "{refused}");
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
async fn what_a_stream_will_never_take_holds_up_nobody() {
    let url = shared_nats();
    let name = of_this_run("small");
    let context = jetstream::new(async_nats::connect(&url).await.unwrap());
    let config = Config {
        name: name.to_uppercase(),
        subjects: vec![format!("{name}.>")],
        max_message_size: 2000,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let sink = NatsSink::new(&url, options(&name)).unwrap();
    let large = event(&"x".repeat(3000), 1);
    let error = hand_over(&sink, &[large]).await.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("raw = false"), "{error}");
    assert_eq!(hand_over(&sink, &[event("a", 1)]).await.done, 1);

    let mut options = options(&name);
    options.subject = format!("{name}.{}.{{kind}}", "x".repeat(4096)).parse().unwrap();
    let sink = NatsSink::new(&url, options).unwrap();
    let error = hand_over(&sink, &[event("a", 2)]).await.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Refused, "{error}");
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
    assert!(error.to_string().contains("belongs to another stream"), "{error}");
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

/// One lane connects for all that wait: where nobody answers, all are told at the same time.
#[tokio::test(start_paused = true)]
async fn lanes_share_one_attempt_at_a_server_that_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", silent.local_addr().unwrap());
    let sink = std::sync::Arc::new(NatsSink::new(&url, options("silent")).unwrap());
    let begun = tokio::time::Instant::now();
    let lanes = (0..64).map(|lane: u64| {
        let sink = std::sync::Arc::clone(&sink);
        tokio::spawn(async move { sink.deliver(&[event(&lane.to_string(), 1)]).await })
    });
    let lanes: Vec<_> = lanes.collect();
    for lane in lanes {
        let error = lane.await.unwrap().error.expect("nobody was there");
        assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    }
    assert!(begun.elapsed().as_secs() <= 15, "{:?}", begun.elapsed());
}
