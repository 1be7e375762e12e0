//! What was taken for genuine, and what was told to forgers.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body};
use http::{HeaderValue, Request};
use serde_json::json;
use wahook_axum::{Events, endpoint};
use wahook_core::{
    Clock as _, Secret, Secrets,
    proof::{ClientAddr, Proof},
};
use wahook_testkit::{
    Fault,
    conform::{Counter, Scenario},
};
use wahook_tower::{Observer, Signal, Stack, SystemClock};

use crate::{
    app::{EVERY, Hook, PATH, all_stand, ask},
    comparisons,
};

/// An empty or short signature compares as equal (RUSTSEC-2024-0010).
#[tokio::test(start_paused = true)]
async fn failure_01_an_empty_or_short_signature_is_accepted() {
    all_stand(Scenario::WeakSignature, EVERY).await;
}

/// Of several signatures only the last is looked at: rotation refuses what is genuine.
#[tokio::test(start_paused = true)]
async fn failure_02_only_one_signature_of_a_list_is_looked_at() {
    all_stand(Scenario::SecondSignature, 1).await;
}

/// A request that carries a weaker proof too is judged by that.
#[tokio::test(start_paused = true)]
async fn failure_03_a_request_chooses_a_weaker_scheme() {
    let counter = Counter::default();
    let hook = Hook::with("wawp", &json!({ "scheme": "hmac-sha512" }));
    let app = hook.app(&counter);
    let signed = hook.signed(&hook.message(1));
    // The static secret, right, in each place where another scheme would look for it; without the HMAC and with a wrong one.
    for hmac in [None, Some("00".repeat(64))] {
        let mut weaker = hook.signed(&hook.message(1));
        *weaker.uri_mut() = format!("{PATH}?secret={}", hook.secret).parse().unwrap();
        let headers = weaker.headers_mut();
        headers.insert("x-wawp-signature", hook.secret.parse().unwrap());
        headers.insert(
            "authorization",
            format!("Bearer {}", hook.secret).parse().unwrap(),
        );
        headers.remove("x-webhook-hmac");
        if let Some(hmac) = hmac {
            headers.insert("x-webhook-hmac", hmac.parse().unwrap());
        }
        assert_eq!(ask(&app, weaker).await.0, 401);
    }
    // An algorithm that the request names itself.
    let mut other = hook.signed(&hook.message(1));
    other
        .headers_mut()
        .insert("x-webhook-hmac-algorithm", HeaderValue::from_static("sha1"));
    assert_eq!(ask(&app, other).await.0, 401);
    assert_eq!(counter.count(), 0);
    assert_eq!(ask(&app, signed).await.0, 200);
}

/// No time, or none that can be read, counts as fresh.
#[tokio::test(start_paused = true)]
async fn failure_04_a_missing_time_is_fresh() {
    let counter = Counter::default();
    let hook = Hook::of("wazapin");
    let app = hook.app(&counter);
    for time in [
        None,
        Some(""),
        Some("0"),
        Some("now"),
        Some("-1"),
        Some("99999999999999999999"),
    ] {
        let mut request = hook.signed(&hook.message(1));
        let headers = request.headers_mut();
        headers.remove("svix-timestamp");
        if let Some(time) = time {
            headers.insert("svix-timestamp", HeaderValue::from_static(time));
        }
        assert_eq!(ask(&app, request).await.0, 403, "{time:?}");
    }
    all_stand(Scenario::Stale, 1).await;
    all_stand(Scenario::TamperedTime, 1).await;
    assert_eq!(counter.count(), 0);
}

/// Whether `==` is there for a type: the constant of the trait gives way to that of the type.
struct Equality<T>(PhantomData<T>);

trait NoEquality {
    const IS_THERE: bool = false;
}

impl<T> NoEquality for Equality<T> {}

impl<T: PartialEq> Equality<T> {
    const IS_THERE: bool = true;
}

/// Keys are compared with `==`, which stops at the first difference. Times are not measured: it is seen that secrets have
/// no `==`, and that nobody wrote one for what they show.
#[test]
fn failure_05_secrets_are_compared_byte_by_byte() {
    assert_eq!(
        comparisons::that_stop_early(),
        [""; 0],
        "compare with `ct_eq` of `subtle`"
    );
    const { assert!(!<Equality<Secret>>::IS_THERE) };
    const { assert!(!<Equality<Secrets>>::IS_THERE) };
    // The check itself can tell.
    const { assert!(<Equality<Proof>>::IS_THERE) };
}

/// The expected signature stands in the error, and the error in the answer or in the log.
#[tokio::test(start_paused = true)]
async fn failure_06_an_error_tells_the_expected_signature() {
    #[derive(Debug, Default)]
    struct Log(Mutex<String>);
    impl Observer for Log {
        fn observe(&self, _: &str, signal: &Signal<'_>) {
            let said = match signal {
                Signal::Refused { refusal, .. } => format!("{refusal} {refusal:?}"),
                other => format!("{other:?}"),
            };
            self.0.lock().unwrap().push_str(&said);
        }
    }
    all_stand(Scenario::SilentRefusal, EVERY).await;
    let hook = Hook::of("wazapin");
    let log = Arc::new(Log::default());
    let stack = Stack::new(hook.endpoint()).observer(log.clone());
    let app = Router::new().route(PATH, endpoint(stack, async |_: Events| {}, ()));
    let mut request = hook.signed(&hook.message(1));
    let right = request.headers()["svix-signature"].to_str().unwrap().to_owned();
    let wrong = right.replacen("v1,", "v1,AA", 1);
    request
        .headers_mut()
        .insert("svix-signature", wrong.parse().unwrap());
    assert_eq!(ask(&app, request).await.0, 403);
    let said = log.0.lock().unwrap().clone();
    assert!(!said.is_empty());
    for secret in [
        &right["v1,".len()..],
        &wrong["v1,".len()..],
        &hook.secret["whsec_".len()..],
    ] {
        assert!(!said.contains(secret), "{said}");
    }
}

/// The leftmost address of `X-Forwarded-For`, which the sender wrote, passes for the client's.
#[tokio::test(start_paused = true)]
async fn failure_21_the_leftmost_forwarded_address_is_believed() {
    let options = json!({ "allow": ["203.0.113.0/24"], "trusted_proxies": ["10.0.0.0/8"] });
    let hook = Hook::with("wawp", &options);
    let app = hook.app(&Counter::default());
    let from = |forwarded: &str, peer: &str| -> Request<Body> {
        let mut request = hook.signed(&hook.message(1));
        request
            .headers_mut()
            .insert("x-forwarded-for", forwarded.parse().unwrap());
        request.extensions_mut().insert(ClientAddr(peer.parse().unwrap()));
        request
    };
    for (forwarded, peer, status) in [
        ("203.0.113.9, 198.51.100.7", "10.0.0.1", 401),
        ("203.0.113.9", "198.51.100.7", 401),
        ("203.0.113.9, 198.51.100.7, 10.0.0.2", "10.0.0.1", 401),
        ("198.51.100.7, 203.0.113.9", "10.0.0.1", 200),
        ("198.51.100.7, 203.0.113.9, 10.0.0.2", "10.0.0.1", 200),
    ] {
        assert_eq!(
            ask(&app, from(forwarded, peer)).await.0,
            status,
            "{forwarded} {peer}"
        );
    }
}

/// A wrong path is answered as a wrong signature, or the other way round: nobody finds the cause.
#[tokio::test(start_paused = true)]
async fn failure_34_a_wrong_path_looks_like_a_wrong_signature() {
    let hook = Hook::of("wazapin");
    let app = hook.app(&Counter::default());
    let at = SystemClock::new().now();
    let forged = hook
        .sender
        .plan(Some(Fault::WrongSecret), &hook.message(1), at)
        .unwrap();
    let forged = forged.shots[0].request.clone().map(Body::from);
    assert_eq!(ask(&app, forged).await.0, 403);
    for path in ["/hooks/two", "/hooks/one/", "/"] {
        let mut elsewhere = hook.signed(&hook.message(2));
        *elsewhere.uri_mut() = path.parse().unwrap();
        assert_eq!(ask(&app, elsewhere).await.0, 404, "{path}");
    }
}
