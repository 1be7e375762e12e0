//! From deliveries to events.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use wahook_core::{
    Delivery, Endpoint, Habits, Keyed, Parsed, Provider,
    model::{Draft, Kind},
    proof::Proof,
};
use wahook_providers::wawp;
use wahook_testkit::inbox::{Deliveries, RecordingSink};
use wahook_worker::{Plan, Route};

use crate::world::{MINUTE, World, end, pass, text};

/// Wawp, with a reader that panics.
#[derive(Debug)]
struct Panics;

impl Provider for Panics {
    type Event = ();
    const ID: &'static str = "wawp";

    fn habits(&self) -> Habits {
        Habits::new(MINUTE, MINUTE, MINUTE)
    }

    fn key(&self, _: &Proof, _: &HeaderMap, _: &Bytes) -> Keyed {
        unreachable!("nothing is accepted by it")
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<()>> {
        panic!("over {:?}", delivery.id)
    }

    fn normalise(&self, _: Parsed<()>, _: &Delivery) -> Draft {
        unreachable!("nothing is parsed")
    }
}

#[tokio::test(start_paused = true)]
async fn n1_a_reader_that_panics_does_not_end_the_worker() {
    let mut world = World::new();
    let mut other = Deliveries::of("waping", "other");
    let sink = Arc::new(RecordingSink::new());
    let panics = Endpoint::new("shop", Panics, world.shop.endpoint().verifier().clone()).unwrap();
    let route = Route::new("till", sink.clone());
    let plan = Plan::new()
        .endpoint(panics)
        .endpoint(other.endpoint().clone())
        .route(route.clone());
    let workers = world.start(plan);
    for _ in 0..3 {
        world.say("15550000001@c.us", "hello").await;
    }
    let incoming = other.message("dev", "+15550000001", "from elsewhere");
    world.accept(incoming).await;
    assert_eq!(text(&end(sink.took(1)).await[0]), "from elsewhere");
    let told = world.signals.of("Unreadable");
    assert_eq!(told.len(), 3);
    assert_eq!(
        told.iter()
            .filter(|signal| signal.contains("first: true"))
            .count(),
        1
    );

    // They are kept, and a release that can read them finds them when the inbox is opened anew.
    drop(workers);
    world.inbox.reopen();
    let _workers = world.start(world.plan().route(route));
    end(sink.took(4)).await;
}

#[tokio::test(start_paused = true)]
async fn i5_deliveries_of_an_endpoint_that_is_gone_are_read_by_their_provider_or_kept() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let route = Route::new("till", sink.clone());
    world.say("15550000001@c.us", "hello").await;
    let workers = world.start(Plan::new().route(route.clone()));
    pass(MINUTE).await;
    assert!(world.signals.of("Unreadable")[0].contains("NoProvider"));
    drop(workers);
    world.inbox.reopen();
    let wawp = || Arc::new(wawp::Wawp::default()) as Arc<dyn wahook_core::AnyProvider>;
    let _workers = world.start(
        Plan::new()
            .fallback(move |id| (id == "wawp").then(wawp))
            .route(route),
    );
    assert_eq!(end(sink.took(1)).await[0].endpoint.as_str(), "shop");
}

#[tokio::test(start_paused = true)]
async fn i3_an_event_of_an_endpoint_that_went_in_between_waits_and_says_why() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let route = Route::new("till", sink.clone());
    // Filed for a sink that nobody serves.
    world.say("15550000001@c.us", "hello").await;
    let other = Route::new("till", sink.clone());
    sink.hold();
    let workers = world.start(world.plan().route(other));
    pass(MINUTE / 60).await;
    drop(workers);
    sink.go_on();
    let workers = world.start(Plan::new().route(route.clone()));
    pass(MINUTE).await;
    assert!(sink.tried().is_empty());
    assert!(world.signals.of("Setback")[0].contains("the endpoint is gone"));
    workers.swap(world.plan().route(route));
    end(sink.took(1)).await;
}

#[tokio::test(start_paused = true)]
async fn n1_what_is_unknown_or_malformed_is_an_event_as_any_other() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    for body in [
        "no JSON".as_bytes(),
        b"",
        b"\xff\xfe\x00",
        br#"{"event":"moon.full","session":"A1B2C3","payload":{}}"#,
        br#"{"event":"call 15550000001 now","session":"A1B2C3","payload":{}}"#,
    ] {
        let incoming = world.shop.body("msg", body);
        world.accept(incoming).await;
    }
    let kinds: Vec<_> = end(sink.took(5)).await.iter().map(|event| event.kind()).collect();
    assert!(
        kinds
            .iter()
            .all(|kind| matches!(kind, Kind::Unknown | Kind::Malformed)),
        "{kinds:?}"
    );
    let told = world.signals.of("Unfamiliar");
    assert_eq!(told.len(), 5);
    assert!(told.iter().any(|signal| signal.contains("moon.full")));
    assert!(
        !told.iter().any(|signal| signal.contains("15550000001")),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn g10_what_was_said_before_is_handed_over_once() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    let first = world.shop.message("A1B2C3", "15550000001@c.us", "hello");
    // The same message under another name: another delivery, the same event.
    let body = String::from_utf8(first.delivery().body.to_vec()).unwrap();
    let again = body.replacen("\"message\"", "\"message.any\"", 1);
    assert_ne!(body, again);
    world.accept(first).await;
    let again = world.shop.body("again", again);
    world.accept(again).await;
    pass(MINUTE).await;
    assert_eq!(sink.tried().len(), 1);
    let filed = world.signals.of("Filed").join("\n");
    assert!(filed.contains("duplicates: 1"), "{filed}");
}

#[tokio::test(start_paused = true)]
async fn g10_endpoints_of_a_group_share_what_was_said() {
    for grouped in [false, true] {
        let mut world = World::new();
        let mut other = Deliveries::of("wawp", "other");
        let sink = Arc::new(RecordingSink::new());
        let mut plan = Plan::new().route(Route::new("till", sink.clone()));
        for endpoint in [world.shop.endpoint(), other.endpoint()] {
            let endpoint = endpoint.clone();
            plan = plan.endpoint(match grouped {
                true => endpoint.dedupe_group("all").unwrap(),
                false => endpoint,
            });
        }
        let _workers = world.start(plan);
        let first = world.shop.message("A1B2C3", "15550000001@c.us", "hello");
        let again = other.body("again", first.delivery().body.clone());
        world.accept(first).await;
        world.accept(again).await;
        pass(MINUTE).await;
        assert_eq!(sink.tried().len(), if grouped { 1 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn n1_who_panics_over_a_providers_name_does_not_know_it() {
    let mut world = World::new();
    world.say("15550000001@c.us", "hello").await;
    let plan = Plan::new().fallback(|id| panic!("{id}"));
    let _workers = world.start(plan);
    pass(MINUTE).await;
    assert_eq!(world.signals.of("Unreadable").len(), 1);
    assert!(world.signals.of("Panicked").is_empty());
}

#[tokio::test(start_paused = true)]
async fn p_nothing_that_is_told_holds_contents() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.fail_next(wahook_core::sink::SinkErrorKind::Failed);
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    world.say("15550000001@c.us", "Good morning").await;
    end(sink.took(1)).await;
    pass(MINUTE).await;
    let told = world.signals.all();
    assert!(told.len() >= 4);
    for signal in told {
        assert!(
            !signal.contains("15550000001") && !signal.contains("Good morning"),
            "{signal}"
        );
    }
}
