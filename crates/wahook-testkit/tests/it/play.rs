//! Every fault of every provider's samples against the endpoint itself, and what the plan says of it.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use wahook_core::{
    Endpoint, KeySource, Secret, Secrets,
    guard::{Admission, GuardStore, MemoryStore, Prepared, Token},
    proof::Hint,
};
use wahook_providers::{Options, PROVIDERS, ProviderRow};
use wahook_testkit::{Fault, ManualClock, Mode, Outgoing, Sender, samples};

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

fn options(json: &str) -> Options {
    Options::new(serde_json::from_str(json).unwrap())
}

fn sender(row: &ProviderRow, options: &Options) -> Sender {
    let secret = Secret::new((row.make_secret)([7; 32])).unwrap();
    let endpoint = (row.build)("shop", Secrets::from(secret.clone()), options).unwrap();
    Sender::new(
        endpoint,
        secret,
        "https://example.com/hooks/shop?x=1".parse().unwrap(),
    )
}

/// Answers as a receiver does, without a network; also whether it saw a conflict.
async fn answer(endpoint: &Endpoint, store: &MemoryStore, request: Request<Bytes>) -> (StatusCode, bool) {
    let (head, body) = request.into_parts();
    let refused = |refusal| (endpoint.status(&refusal), false);
    let mut check = match endpoint.begin(&head, now()) {
        Ok(check) => check,
        Err(refusal) => return refused(refusal),
    };
    // In two frames, as a network might.
    let half = body.len() / 2;
    check.update(body.slice(..half));
    check.update(body.slice(half..));
    let prepared = match check.finish() {
        Ok(verified) => Prepared::new(verified, &head.headers, [1; 10]),
        Err((refusal, _)) => return refused(refusal),
    };
    let (key, digest, memory) = (prepared.key().clone(), prepared.digest(), prepared.memory());
    let token = Token::new([1; 16]);
    let claim = store
        .claim(&key, digest, token, Duration::from_secs(30))
        .await
        .unwrap();
    match prepared.admit(claim) {
        Admission::Fresh(fresh) => {
            assert!(!fresh.events().is_empty());
            store.complete(&key, digest, token, memory).await.unwrap();
            (StatusCode::OK, fresh.delivery().conflict)
        }
        Admission::Duplicate { conflict } => (StatusCode::OK, conflict),
        other => panic!("{other:?}"),
    }
}

/// What the receiver makes of a delivery as it should be.
fn prepared(sender: &Sender, outgoing: &Outgoing) -> Prepared {
    let (head, body) = sender.request(outgoing, now()).unwrap().into_parts();
    let mut check = sender.endpoint().begin(&head, now()).unwrap();
    check.update(body);
    Prepared::new(check.finish().unwrap(), &head.headers, [1; 10])
}

async fn every_fault_is_answered_as_planned(row: &ProviderRow, options: &Options) {
    let sender = sender(row, options);
    for (n, sample) in samples(row.id).iter().enumerate() {
        let outgoing = Outgoing::personalise(sample, n as u64 + 1);
        let faults = Fault::ALL.iter().copied().map(Some).chain([None]);
        for fault in faults.filter(|fault| !matches!(fault, Some(Fault::Slow | Fault::Oversize))) {
            let clock = Arc::new(ManualClock::default());
            let store = MemoryStore::new(clock, NonZeroUsize::new(100).unwrap(), [3; 16]);
            for shot in sender.plan(fault, &outgoing, now()).unwrap().shots {
                let (status, conflict) = answer(sender.endpoint(), &store, shot.request).await;
                let name = sample.name();
                assert!(
                    shot.expected.takes(status),
                    "{} {name} {fault:?}: {status}",
                    row.id
                );
                assert_eq!(conflict, shot.expected.conflict, "{} {name} {fault:?}", row.id);
            }
        }
    }
}

#[test]
fn v1_to_v7_every_fault_is_answered_as_planned() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for row in PROVIDERS {
            every_fault_is_answered_as_planned(row, &Options::default()).await;
        }
        let wawp = wahook_providers::provider("wawp").unwrap();
        for scheme in ["query-token", "header-token", "hmac-sha512", "hmac-sha256"] {
            let options = options(&format!(r#"{{"scheme":"{scheme}"}}"#));
            every_fault_is_answered_as_planned(wawp, &options).await;
        }
    });
}

#[test]
fn g7_another_body_under_the_key_is_a_conflict_with_every_provider() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for row in PROVIDERS {
            let sender = sender(row, &Options::default());
            let clock = Arc::new(ManualClock::default());
            let store = MemoryStore::new(clock, NonZeroUsize::new(100).unwrap(), [3; 16]);
            let sample = samples(row.id)
                .into_iter()
                .find(|sample| sample.event.starts_with("message"))
                .unwrap();
            let plan = sender
                .plan(Some(Fault::Conflict), &Outgoing::personalise(&sample, 1), now())
                .unwrap();
            let mut conflicts = Vec::new();
            for shot in plan.shots {
                conflicts.push(answer(sender.endpoint(), &store, shot.request).await.1);
            }
            // Where the digest is the key, another body is another delivery.
            let prepared = prepared(&sender, &Outgoing::personalise(&sample, 1));
            let is_digest = prepared.delivery().key.source == KeySource::Digest;
            assert_eq!(conflicts, [false, !is_digest], "{}", row.id);
        }
    });
}

#[test]
fn v2_oversize_and_slow_are_sound_requests_but_for_that() {
    for row in PROVIDERS {
        let sender = sender(row, &Options::default()).cap_bytes(1_000_000);
        let sample = samples(row.id).remove(0);
        let outgoing = Outgoing::personalise(&sample, 1);
        let large = sender.plan(Some(Fault::Oversize), &outgoing, now()).unwrap();
        assert_eq!(large.shots[0].request.body().len(), 1_000_001);
        assert!(large.shots[0].expected.takes(StatusCode::PAYLOAD_TOO_LARGE));
        let slow = sender.plan(Some(Fault::Slow), &outgoing, now()).unwrap();
        assert_eq!(slow.mode, Mode::SlowBody);
        assert!(slow.shots[0].expected.takes(StatusCode::REQUEST_TIMEOUT));
    }
}

#[test]
fn g6_every_number_is_another_delivery_and_another_event() {
    for row in PROVIDERS {
        let sender = sender(row, &Options::default());
        let provider = sender.endpoint().provider();
        for sample in samples(row.id) {
            let mut keys = BTreeSet::new();
            for n in 0..20 {
                let outgoing = Outgoing::personalise(&sample, n);
                let prepared = prepared(&sender, &outgoing);
                assert!(
                    keys.insert(prepared.key().as_str().to_owned()),
                    "{} {}",
                    row.id,
                    sample.name()
                );
                for event in provider.read(prepared.delivery()) {
                    assert!(
                        keys.insert(event.key.clone()),
                        "{} {}: {}",
                        row.id,
                        sample.name(),
                        event.key
                    );
                }
            }
        }
    }
}

#[test]
fn every_fault_has_a_name_and_a_sentence() {
    for fault in Fault::ALL {
        assert_eq!(fault.as_str().parse(), Ok(*fault));
        assert!(
            fault.text().ends_with('.') && !fault.text().starts_with(' '),
            "{}",
            fault.text()
        );
    }
    assert!(
        "drop"
            .parse::<Fault>()
            .unwrap_err()
            .to_string()
            .contains("wrong-secret")
    );
}

#[test]
fn v3_a_token_goes_into_the_query_of_the_url_as_it_is() {
    let row = wahook_providers::provider("wawp").unwrap();
    let with_query = sender(row, &options(r#"{"scheme":"query-token","parameter":"a b"}"#));
    let outgoing = Outgoing::new("1", "{}");
    let request = with_query.request(&outgoing, now()).unwrap();
    assert!(
        request.uri().query().unwrap().starts_with("x=1&"),
        "{}",
        request.uri()
    );
}

#[test]
fn v4_the_true_cause_of_every_change_on_the_way_is_named() {
    let cases = [
        ("waping", "{}"),
        ("wazapin", "{}"),
        ("wawp", r#"{"scheme":"hmac-sha512"}"#),
    ];
    for (provider, given) in cases {
        let sender = sender(wahook_providers::provider(provider).unwrap(), &options(given));
        let verifier = sender.endpoint().verifier();
        for (number, sample) in (1..).zip(samples(provider)) {
            let outgoing = Outgoing::personalise(&sample, number);
            let hints = |fault| {
                let plan = sender.plan(Some(fault), &outgoing, now()).unwrap();
                let (head, body) = plan.shots[0].request.clone().into_parts();
                verifier.hints(&head, &body, now())
            };
            let name = format!("{provider} {}", sample.name());
            assert_eq!(hints(Fault::Reencode), [Hint::BodyReencoded], "{name}");
            assert_eq!(hints(Fault::Truncate), [Hint::BodyCut], "{name}");
            assert_eq!(hints(Fault::WrongSecret), [Hint::OtherSecret], "{name}");
            // Every bit of a body is work; a few tell it.
            if number < 3 && outgoing.body.len() < 1000 {
                let found = hints(Fault::Tamper);
                assert!(
                    matches!(found[..], [Hint::BodyAltered { .. }]),
                    "{name}: {found:?}"
                );
            }
        }
    }
}
