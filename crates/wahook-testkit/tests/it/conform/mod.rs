//! The conformance kit: a sound receiver passes, and each flaw is caught by the scenario that is about it.

mod flaws;
mod gone;
mod receiver;

use std::time::Duration;

use axum::{Router, extract::State, handler::Handler, http::StatusCode};
use wahook_axum::{Events, endpoint};
use wahook_core::{Challenge, Endpoint, Secret, model::Kind};
use wahook_providers::{Options, PROVIDERS, provider};
use wahook_testkit::{
    Sender,
    conform::{Conform, ConformErrorKind, Counter, Finding, InProcess, Report, Scenario, Verdict},
};
use wahook_tower::Stack;

const URL: &str = "https://example.com/hook";

async fn work(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
    if counter.must_fail() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    // Long enough for a sender to hang up in the middle of it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    counter.add(events.len() as u64);
    StatusCode::OK
}

/// Our own stack, with or without a look into the application.
async fn ours(hook: Endpoint, secret: &str, seen: bool) -> Report {
    played(hook, secret, seen, work).await
}

/// The same with this handler.
async fn played<T: 'static>(
    hook: Endpoint,
    secret: &str,
    seen: bool,
    work: impl Handler<T, Counter>,
) -> Report {
    let counter = Counter::default();
    let stack = Stack::new(hook.clone()).dedupe(|dedupe| dedupe.dedupe_events());
    let app = Router::new().route("/hook", endpoint(stack, work, counter.clone()));
    let sender = Sender::new(hook, Secret::new(secret).unwrap(), URL.parse().unwrap());
    let mut kit = Conform::new(sender, InProcess::new(app))
        .number(1)
        .challenge_token(Secret::new("a-token-of-ours").unwrap());
    if seen {
        kit = kit.observe(counter);
    }
    kit.run().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_our_own_stack_passes_everything_for_every_provider() {
    for row in PROVIDERS {
        let report = played_as(row.id, work).await;
        assert_eq!(report.scenarios.len(), Scenario::ALL.len());
        for finding in &report.scenarios {
            let verdict = finding.verdict;
            let fine = matches!(verdict, Verdict::Pass | Verdict::NotApplicable);
            assert!(fine, "{} {}:\n{report}", row.id, finding.scenario);
        }
        assert!(report.count(Verdict::Pass) > 15, "{report}");
        if let Some(option) = row.challenge_token {
            let handshake = report.finding(Scenario::Handshake).unwrap();
            let is_told = handshake.advice.iter().any(|advice| advice.contains(option));
            assert_eq!(handshake.verdict == Verdict::NotApplicable, is_told, "{report}");
        }
    }
}

/// Takes at once and works later, now sooner, now later: as with a queue behind it.
async fn work_later(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
    if counter.must_fail() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let mut late = Duration::from_millis(600);
    for event in events {
        late += Duration::from_millis(event.key.bytes().map(u64::from).sum::<u64>() % 400);
        handle_after(late, &counter);
    }
    StatusCode::OK
}

fn handle_after(late: Duration, counter: &Counter) {
    let counter = counter.clone();
    tokio::spawn(async move {
        tokio::time::sleep(late).await;
        counter.add(1);
    });
}

/// The same, and has no use for one kind.
async fn work_later_but_drop(counter: State<Counter>, Events(mut events): Events) -> StatusCode {
    events.retain(|event| event.kind() != Kind::MessageReaction);
    work_later(counter, Events(events)).await
}

/// The same, and does all of it twice.
async fn work_later_twice(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
    for _ in events {
        handle_after(Duration::from_millis(600), &counter);
        handle_after(Duration::from_millis(1_200), &counter);
    }
    StatusCode::OK
}

/// Stores what it takes, and tries work again that has failed.
async fn work_again(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
    let late = if counter.must_fail() { 1_000 } else { 350 };
    for _ in events {
        handle_after(Duration::from_millis(late), &counter);
    }
    StatusCode::OK
}

/// How this scenario ended, which must be so.
#[track_caller]
fn ends(report: &Report, scenario: Scenario, verdict: Verdict) -> &Finding {
    let finding = report.finding(scenario).unwrap();
    assert_eq!(finding.verdict, verdict, "{scenario}:\n{report}");
    finding
}

/// An endpoint of this provider, and how it was played with this handler.
async fn played_as<T: 'static>(id: &str, work: impl Handler<T, Counter>) -> Report {
    let row = provider(id).unwrap();
    let secret = (row.make_secret)([7; 32]);
    let hook = (row.build)("hook", secret.as_str().try_into().unwrap(), &Options::default()).unwrap();
    played(hook, &secret, true, work).await
}

#[tokio::test(start_paused = true)]
async fn a_who_drops_one_kind_and_works_late_is_blamed_for_that_kind_only() {
    let report = played_as("wawp", work_later_but_drop).await;
    let finding = ends(&report, Scenario::EveryEvent, Verdict::Fail);
    let dropped = finding
        .came
        .iter()
        .find_map(|came| came.strip_prefix("not handled: "));
    for name in dropped.unwrap().split(", ") {
        assert!(name.contains("reaction"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_work_that_is_done_twice_is_seen() {
    let report = played_as("wazapin", work_later_twice).await;
    ends(&report, Scenario::Genuine, Verdict::Fail);
}

#[tokio::test(start_paused = true)]
async fn a_work_that_failed_and_is_tried_again_later_passes() {
    let report = played_as("wazapin", work_again).await;
    ends(&report, Scenario::FailedWork, Verdict::Pass);
}

#[tokio::test(start_paused = true)]
async fn a_work_that_comes_late_is_not_taken_for_that_of_the_next_scenario() {
    for row in PROVIDERS {
        let report = played_as(row.id, work_later).await;
        for finding in &report.scenarios {
            let fine = match finding.scenario {
                // Nothing is interrupted, for it is answered at once.
                Scenario::HangUp => [Verdict::NotObservable].as_slice(),
                _ => [Verdict::Pass, Verdict::NotApplicable].as_slice(),
            };
            assert!(
                fine.contains(&finding.verdict),
                "{} {}:\n{report}",
                row.id,
                finding.scenario
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_a_challenge_is_asked_by_post_and_by_get() {
    let secret = "0123456789abcdef0123456789abcdef";
    let token = "a-token-of-ours".try_into().unwrap();
    let hook = wahook_providers::waping::endpoint("hook", secret).unwrap();
    let hook = hook.challenge(Challenge::get(Some(token)).post_json(&["eventId"]));
    let report = ours(hook, secret, true).await;
    let finding = report.finding(Scenario::Handshake).unwrap();
    assert_eq!(
        (finding.verdict, finding.came.len()),
        (Verdict::Pass, 4),
        "{report}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_challenge_is_asked_for_by_the_names_that_the_endpoint_has() {
    let secret = "0123456789abcdef0123456789abcdef";
    let hook = wahook_providers::waping::endpoint("hook", secret).unwrap();
    let get = Challenge::get(Some("a-token-of-ours".try_into().unwrap()));
    let hook = hook.challenge(get.names(["q"]).token_names(["key"]).post_json(&["eventId"]));
    let report = ours(hook, secret, true).await;
    let finding = ends(&report, Scenario::Handshake, Verdict::Pass);
    assert!(finding.came.contains(&"GET: 200".to_owned()), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_what_no_answer_shows_is_never_passed_without_a_look_into_the_application() {
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let hook = wahook_providers::wazapin::endpoint("hook", secret).unwrap();
    let report = ours(hook, secret, false).await;
    for scenario in [
        Scenario::Genuine,
        Scenario::EveryEvent,
        Scenario::UnknownEvent,
        Scenario::Conflict,
        Scenario::Duplicate,
        Scenario::Retried,
        Scenario::Replayed,
        Scenario::Concurrent,
        Scenario::ForgedFirst,
        Scenario::Reordered,
        Scenario::HangUp,
        Scenario::FailedWork,
    ] {
        ends(&report, scenario, Verdict::NotObservable);
    }
    assert!(report.is_sound(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn p_a_report_holds_no_secret_and_no_signature() {
    for row in PROVIDERS {
        let secret = (row.make_secret)([9; 32]);
        let hook = (row.build)("hook", secret.as_str().try_into().unwrap(), &Options::default()).unwrap();
        let report = ours(hook, &secret, false).await;
        let said = format!("{report}{report:?}{}", serde_json::to_string(&report).unwrap());
        let core = secret.trim_start_matches("whsec_");
        assert!(!said.contains(core), "{}", row.id);
        assert!(!said.contains("v1,"), "{}: {said}", row.id);
    }
}

#[test]
fn every_scenario_has_a_name_of_its_own_and_is_found_by_it() {
    for scenario in Scenario::ALL {
        assert_eq!(scenario.id().parse(), Ok(*scenario));
        assert!(scenario.why().ends_with('.'), "{scenario}");
    }
    assert!("no-such".parse::<Scenario>().is_err());
}

#[tokio::test]
async fn nothing_to_be_played_is_an_error() {
    let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let hook = wahook_providers::wazapin::endpoint("hook", secret).unwrap();
    let sender = Sender::new(hook, Secret::new(secret).unwrap(), URL.parse().unwrap());
    let kit = Conform::new(sender, InProcess::new(Router::new())).only([Scenario::Oversize]);
    let error = kit.skip([Scenario::Oversize]).run().await.unwrap_err();
    assert_eq!(error.kind(), ConformErrorKind::NoScenario, "{error}");
}

/// Whoever knows another secret than the receiver hears that, and nothing of copies.
#[tokio::test(start_paused = true)]
async fn a_wrong_answer_is_said_once() {
    let hook =
        wahook_providers::wazapin::endpoint("hook", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let (hook, counter) = (hook.unwrap(), Counter::default());
    let app = Router::new().route("/hook", endpoint(Stack::new(hook.clone()), work, counter.clone()));
    let other = Secret::new("whsec_BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let kit = Conform::new(
        Sender::new(hook, other, URL.parse().unwrap()),
        InProcess::new(app),
    );
    let begin = tokio::time::Instant::now();
    let report = kit
        .observe(counter)
        .only([Scenario::Genuine, Scenario::Duplicate, Scenario::HangUp])
        .run()
        .await
        .unwrap();
    let took = begin.elapsed();
    assert!(
        took < Duration::from_secs(30),
        "{took:?}: what was refused is waited for"
    );
    for finding in &report.scenarios {
        assert_eq!(
            (finding.verdict, finding.advice.len()),
            (Verdict::Fail, 1),
            "{report}"
        );
        assert!(finding.advice[0].contains("compare the secret"), "{report}");
    }
}
