//! What is counted, as a collector reads it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use wahook_core::{
    Clock,
    guard::{StoreError, StoreErrorKind},
    inbox::{Desk, Inbox},
    model::Kind,
};
use wahook_gateway::metrics::Metrics;
use wahook_testkit::{
    ManualClock,
    inbox::{MemoryInbox, Verb},
};
use wahook_worker::{Options, Plan, Reason, Route, Unreadable, Workers};

use crate::admin_scene::{CANARIES, Scene, get};

fn metrics() -> (Metrics, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    (Metrics::new(Arc::clone(&clock) as _, [7; 16]), clock)
}

/// The rules of `promtool check metrics`, and of the naming guide of Prometheus (prometheus.io, November 2026).
fn names_and_units_are_as_prometheus_wants_them(text: &str) {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let kinds: BTreeMap<_, _> = types.filter_map(|rest| rest.split_once(' ')).collect();
    for (name, kind) in &kinds {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!(name.bytes().all(plain), "{name}");
        let words: Vec<_> = name.split('_').collect();
        // What a name must not hold: other units, and what is its kind or belongs to its samples.
        for word in [
            "ms",
            "millis",
            "milliseconds",
            "minutes",
            "hours",
            "kb",
            "mb",
            "percent",
            "counter",
            "gauge",
            "histogram",
            "total",
            "count",
            "sum",
            "bucket",
            "info",
        ] {
            assert!(!words.contains(&word), "{name}: {word}");
        }
        for unit in ["seconds", "bytes", "ratio"] {
            let place = words.iter().position(|word| *word == unit);
            let is_last = place.is_none_or(|place| place + 1 == words.len());
            assert!(is_last, "{name}: the unit comes last");
        }
        let endings: &[&str] = match *kind {
            // OpenMetrics names the family without its ending.
            "counter" => &["_total"],
            "histogram" => &["_count", "_sum", "_bucket"],
            "info" => &["_info"],
            _ => &[""],
        };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let sample = line.split(['{', ' ']).next().unwrap();
            let families = kinds.keys().filter(|family| sample.starts_with(**family));
            if families.max_by_key(|family| family.len()) == Some(name) {
                assert!(endings.contains(&&sample[name.len()..]), "{line}");
            }
        }
    }
}

/// Samples by name with labels, after a look at whether the text is well-formed.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    names_and_units_are_as_prometheus_wants_them(text);
    let mut samples = BTreeMap::new();
    let mut named: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("HELP"), Some(name), Some(help)) => {
                    assert!(name.starts_with("wahook_"), "{line}");
                    assert!(help.ends_with('.') && help.len() > 10, "{line}");
                    assert!(!named.contains(&name.to_owned()), "twice: {line}");
                    named.push(name.to_owned());
                }
                (Some("TYPE"), Some(name), Some(_)) => assert_eq!(named.last().unwrap(), name),
                (Some("EOF"), None, None) => {}
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with(&**named.last().unwrap()),
            "{line} is not below its name"
        );
        assert!(
            samples.insert(name.to_owned(), value.parse().unwrap()).is_none(),
            "twice: {line}"
        );
    }
    samples
}

#[test]
fn p_the_listener_is_counted_by_endpoint_and_reason() {
    use wahook_tower::Signal;
    let (metrics, _) = metrics();
    let observer = metrics.of_tower(Arc::new(wahook_tower::TracingObserver::default()));
    for _ in 0..3 {
        observer.observe("shop", &Signal::Stored);
    }
    observer.observe("shop", &Signal::Duplicate);
    observer.observe("shop", &Signal::Conflict { handled: true });
    observer.observe("lab", &Signal::ChallengeAnswered);
    for (kind, count) in [(StoreErrorKind::Full, 2), (StoreErrorKind::Slow, 1)] {
        for _ in 0..count {
            let error = StoreError::with_source(kind, "disk of 15557770001");
            observer.observe("shop", &Signal::NotStored { error: &error });
        }
    }
    let text = metrics.text(None);
    let samples = samples(&text);
    for (name, value) in [
        (r#"wahook_deliveries_accepted_total{endpoint="shop"}"#, 3.0),
        (r#"wahook_deliveries_duplicate_total{endpoint="shop"}"#, 1.0),
        (
            r#"wahook_deliveries_conflict_total{endpoint="shop",handled="true"}"#,
            1.0,
        ),
        (r#"wahook_challenges_answered_total{endpoint="lab"}"#, 1.0),
        (
            r#"wahook_deliveries_not_stored_total{endpoint="shop",reason="full"}"#,
            2.0,
        ),
        (
            r#"wahook_deliveries_not_stored_total{endpoint="shop",reason="slow"}"#,
            1.0,
        ),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}\n{text}");
    }
    assert!(!text.contains("15557770001"));
}

#[test]
fn p_the_workers_are_counted_and_no_provider_makes_labels_grow() {
    use wahook_worker::Signal;
    let (metrics, _) = metrics();
    let observer = metrics.of_worker(Arc::new(wahook_worker::TracingObserver::default()));
    let second = Duration::from_secs(1);
    let kinds = [(Kind::MessageReceived, 2), (Kind::Call, 1)];
    for signal in [
        Signal::Read {
            endpoint: "shop",
            kinds: &kinds,
        },
        Signal::Filed {
            deliveries: 1,
            fresh: 2,
            duplicates: 1,
        },
        Signal::Gap {
            endpoint: "shop",
            gap: second * 40,
        },
        Signal::Delivered {
            sink: "erp",
            count: 2,
            took: second,
            age: second * 2,
        },
        Signal::Setback {
            sink: "erp",
            reason: Reason::Deadline,
            error: "no answer for 15557770001",
            attempt: 1,
            next: second,
        },
        Signal::Dead {
            sink: "erp",
            reason: Reason::Refused,
            error: "no answer for 15557770001",
            attempt: 2,
            blocks: false,
        },
        Signal::Lost {
            sink: "erp",
            count: 3,
        },
        Signal::Unsettled { sink: "erp", done: 4 },
        Signal::Paused {
            sink: "erp",
            pause: second,
        },
        Signal::Unreadable {
            endpoint: "shop",
            provider: "wawp",
            why: Unreadable::NoProvider,
            first: true,
        },
        Signal::Panicked { task: "reader" },
    ] {
        observer.observe(&signal);
    }
    for number in 0..5_000 {
        for name in [
            format!("name{number}"),
            format!("{number:06}"),
            format!("a b{number}"),
        ] {
            observer.observe(&Signal::Unfamiliar {
                endpoint: "shop",
                kind: Kind::Unknown,
                name: Some(&name),
                count: 1,
            });
        }
    }
    observer.observe(&Signal::Unfamiliar {
        endpoint: "shop",
        kind: Kind::Malformed,
        name: None,
        count: 7,
    });
    observer.observe(&Signal::Untaken {
        endpoint: "shop",
        count: 4,
    });
    let text = metrics.text(None);
    let samples = samples(&text);
    for (name, value) in [
        (
            r#"wahook_events_total{endpoint="shop",kind="message.received"}"#,
            2.0,
        ),
        ("wahook_events_duplicate_total", 1.0),
        (
            r#"wahook_delivery_gap_seconds_bucket{le="60.0",endpoint="shop"}"#,
            1.0,
        ),
        (
            r#"wahook_delivery_gap_seconds_bucket{le="30.0",endpoint="shop"}"#,
            0.0,
        ),
        (r#"wahook_sink_events_total{sink="erp"}"#, 2.0),
        (r#"wahook_sink_seconds_count{sink="erp"}"#, 1.0),
        (r#"wahook_sink_failures_total{sink="erp",reason="deadline"}"#, 1.0),
        (r#"wahook_sink_failures_total{sink="erp",reason="refused"}"#, 1.0),
        (r#"wahook_sink_given_up_total{sink="erp",reason="refused"}"#, 1.0),
        (r#"wahook_sink_repeated_total{sink="erp",reason="lost"}"#, 3.0),
        (r#"wahook_sink_paused{sink="erp"}"#, 1.0),
        (
            r#"wahook_deliveries_unreadable_total{endpoint="shop",reason="no_provider"}"#,
            1.0,
        ),
        (r#"wahook_worker_panics_total{task="reader"}"#, 1.0),
        (r#"wahook_events_malformed_total{endpoint="shop"}"#, 7.0),
        (r#"wahook_events_untaken_total{endpoint="shop"}"#, 4.0),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}\n{text}");
    }
    let unknown: Vec<_> = samples
        .iter()
        .filter(|(name, _)| name.starts_with("wahook_events_unknown_total"))
        .collect();
    assert_eq!(unknown.len(), 51, "50 names and `other`");
    let all: f64 = unknown.iter().map(|(_, count)| **count).sum();
    assert!((all - 15_000.0).abs() < 0.5, "nothing is left uncounted: {all}");
    assert!(!text.contains("15557770001"));
    observer.observe(&Signal::Resumed { sink: "erp" });
    assert!(metrics.text(None).contains(r#"wahook_sink_paused{sink="erp"} 0"#));
}

#[tokio::test]
async fn p_the_inbox_is_measured_and_accounts_are_hashes() {
    let mut scene = Scene::empty();
    let clock = Arc::clone(&scene.clock) as Arc<dyn Clock>;
    let metrics = Metrics::new(Arc::clone(&clock), [7; 16]);
    let mut named = wahook_gateway::config::Route::new("/hooks".to_owned(), scene.shop.endpoint().clone());
    named.accounts = [("15557770001".to_owned(), "front".to_owned())].into();
    metrics.name_accounts(&[named]);
    let inbox = metrics.of_inbox(
        Arc::clone(&scene.inbox) as Arc<dyn Inbox>,
        Arc::clone(&scene.health),
    );
    for account in ["15557770001", "15557770002"] {
        let incoming = scene.shop.message(account, "15557770002@c.us", "canary-text");
        inbox.accept(incoming).await.unwrap();
    }
    let plan = Plan::new()
        .endpoint(scene.shop.endpoint().clone())
        .route(Route::new(
            "none",
            Arc::new(wahook_testkit::inbox::RecordingSink::new()),
        ));
    let workers = Workers::start(Arc::clone(&inbox), plan, Options::default().clock(clock));
    while scene.inbox.status().await.unwrap().unread > 0 {
        tokio::task::yield_now().await;
    }
    workers.stop(Duration::from_secs(5)).await;
    scene.clock.advance(Duration::from_secs(90));
    let status = scene.inbox.status().await.unwrap();
    let text = metrics.text(Some(&status));
    let samples = samples(&text);
    assert_eq!(samples[r#"wahook_accept_seconds_count{endpoint="shop"}"#], 2.0);
    assert_eq!(samples["wahook_accept_in_flight_bytes"], 0.0);
    assert_eq!(samples["wahook_inbox_deliveries"], 2.0);
    assert_eq!(
        samples[r#"wahook_account_silence_seconds{endpoint="shop",account="front"}"#],
        90.0
    );
    let silent = samples
        .keys()
        .filter(|name| name.starts_with("wahook_account_silence"));
    assert_eq!(silent.count(), 2);
    for canary in CANARIES {
        assert!(!text.contains(canary), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn i5_an_inbox_without_room_is_not_ready_and_is_believed_again_after_a_while() {
    let mut scene = Scene::empty();
    scene.inbox = Arc::new(MemoryInbox::new(Arc::clone(&scene.clock) as _).room_for(1));
    let (metrics, _) = metrics();
    let inbox = metrics.of_inbox(
        Arc::clone(&scene.inbox) as Arc<dyn Inbox>,
        Arc::clone(&scene.health),
    );
    let mut accept = async || {
        let incoming = scene.shop.message("a", "b@c.us", "text");
        inbox.accept(incoming).await
    };
    accept().await.unwrap();
    assert!(scene.health.troubles().is_empty());
    accept().await.unwrap_err();
    assert_eq!(scene.health.troubles()[0].part, "room");
    let router = wahook_gateway::admin::router(
        wahook_gateway::admin::AdminState::new(
            Arc::clone(&scene.inbox) as _,
            Arc::clone(&scene.clock) as _,
            [7; 16],
        )
        .health(Arc::clone(&scene.health)),
    );
    assert_eq!(get(&router, "/ready").await.status.as_u16(), 503);
    // Whoever stopped sending for it would never send again otherwise.
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(get(&router, "/ready").await.status.as_u16(), 200);
    scene.inbox.fail_next(Verb::Accept, StoreErrorKind::Slow);
    accept().await.unwrap_err();
    assert!(scene.health.troubles().is_empty(), "slow is not full");

    let workers = metrics.of_worker(Arc::new(wahook_worker::TracingObserver::default()));
    let error = StoreError::new(StoreErrorKind::Unavailable);
    workers.observe(&wahook_worker::Signal::InboxDown { error: &error });
    assert_eq!(scene.health.troubles()[0].part, "workers");
    workers.observe(&wahook_worker::Signal::InboxRecovered);
    assert!(scene.health.troubles().is_empty());
}
