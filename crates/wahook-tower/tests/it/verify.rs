//! V and A: what is refused, how, and who is told.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, Request, Response, StatusCode, Uri, header::ALLOW};
use http_body_util::{Full, StreamBody};
use tower::{Service, ServiceExt, service_fn};
use wahook_core::{
    Challenge, Clock, Endpoint, Secret,
    guard::Fresh,
    proof::{Algorithm, BodyHmac, Refusal, RefusalKind, StaticToken},
};
use wahook_providers::wazapin;
use wahook_testkit::ManualClock;

use crate::support::{Notes, Parrot, call, layered, parrot, post, stack, text};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const BODY: &str =
    r#"{"message_id":"m-1","conversation_id":"c-1","status":"read","organization_id":"org_1"}"#;

fn signed(endpoint: &Endpoint, secret: &str, body: &str, at: jiff::Timestamp) -> Request<Full<Bytes>> {
    let uri = Uri::from_static("/hooks/shop?lang=pt");
    let secret = Secret::new(secret).unwrap();
    let signed = endpoint
        .verifier()
        .recipe()
        .sign(&secret, body.as_bytes(), "msg_1", at, &uri)
        .unwrap();
    let uri = match &signed.query {
        Some((name, value)) => format!("{uri}&{name}={value}").parse().unwrap(),
        None => uri,
    };
    let mut request = Request::post(uri)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    request.headers_mut().extend(signed.headers);
    request
}

macro_rules! ok {
    () => {
        service_fn(|_: Request<Fresh>| std::future::ready(Ok::<_, Infallible>(Response::new(()))))
    };
}

#[tokio::test]
async fn a_genuine_request_is_handled_and_a_forged_one_gets_a_bare_status() {
    let shop = wazapin::endpoint("shop", SECRET).unwrap();
    let clock = Arc::new(ManualClock::default());
    let notes = Arc::new(Notes::default());
    let service = layered(
        &stack(shop.clone()).clock(clock.clone()).observer(notes.clone()),
        ok!(),
    );
    let now = clock.now();

    assert_eq!(
        call(&service, signed(&shop, SECRET, BODY, now)).await.status(),
        StatusCode::OK
    );

    let wrong = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let day = jiff::SignedDuration::from_hours(1);
    for (request, kind) in [
        (post(BODY), RefusalKind::HeaderMissing),
        (signed(&shop, wrong, BODY, now), RefusalKind::SignatureMismatch),
        (
            signed(&shop, SECRET, BODY, now - day),
            RefusalKind::TimestampTooOld,
        ),
        (
            signed(&shop, SECRET, BODY, now + day),
            RefusalKind::TimestampTooNew,
        ),
    ] {
        let answer = call(&service, request).await;
        assert_eq!(
            answer.extensions().get::<Refusal>().map(Refusal::kind),
            Some(kind)
        );
        assert!(
            answer.headers().is_empty(),
            "a refusal tells the sender nothing but the status"
        );
        assert_eq!(text(answer).await, (StatusCode::FORBIDDEN, String::new()));
    }
    assert_eq!(notes.count("Refused"), 4);
    assert!(
        notes
            .all()
            .iter()
            .all(|note| !note.contains("AAECAwQ") && !note.contains("m-1")),
        "no secret, no content"
    );
}

#[tokio::test]
async fn a_refusal_needs_no_runtime_before_it_is_waited_for() {
    let mut service = layered(
        &stack(parrot()),
        service_fn(|_: Request<Fresh>| async { Ok::<_, Infallible>(Response::new(())) }),
    );
    let mut request = post("{}");
    *request.method_mut() = Method::PUT;
    let refused = std::thread::spawn(move || service.call(request)).join();
    let answer = refused.expect("no panic").await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_every_method_but_post_is_answered_405() {
    let service = layered(&stack(wazapin::endpoint("shop", SECRET).unwrap()), ok!());
    for method in [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
    ] {
        let request = Request::builder()
            .method(method)
            .uri("/?challenge=1")
            .body(Full::<Bytes>::default())
            .unwrap();
        let answer = call(&service, request).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()[ALLOW], "POST");
    }
}

#[tokio::test]
async fn v5_secrets_are_swapped_while_serving() {
    let shop = wazapin::endpoint("shop", SECRET).unwrap();
    let clock = Arc::new(ManualClock::default());
    let service = layered(&stack(shop.clone()).clock(clock.clone()), ok!());
    let next = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let status = async |secret: &str| {
        call(&service, signed(&shop, secret, BODY, clock.now()))
            .await
            .status()
    };
    let swap = |secrets: &[&str]| {
        let secrets: Vec<_> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        shop.verifier().keyrings()[0]
            .replace(secrets.try_into().unwrap())
            .unwrap();
    };

    assert_eq!(
        (status(SECRET).await, status(next).await),
        (StatusCode::OK, StatusCode::FORBIDDEN)
    );
    swap(&[next, SECRET]);
    assert_eq!(
        (status(SECRET).await, status(next).await),
        (StatusCode::OK, StatusCode::OK)
    );
    swap(&[next]);
    assert_eq!(
        (status(SECRET).await, status(next).await),
        (StatusCode::FORBIDDEN, StatusCode::OK)
    );
}

#[tokio::test]
async fn v5_while_a_secret_is_rotated_what_does_not_fit_is_asked_to_come_again() {
    let shop = wazapin::endpoint("shop", SECRET).unwrap();
    let clock = Arc::new(ManualClock::default());
    let service = layered(&stack(shop.clone()).clock(clock.clone()), ok!());
    let next = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let answer = async |secret: &str| call(&service, signed(&shop, secret, BODY, clock.now())).await;
    shop.rotate_until(clock.now() + jiff::SignedDuration::from_secs(60));
    let later = answer(next).await;
    assert_eq!(later.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(later.headers()["retry-after"], "5");
    let refusal = later.extensions().get::<Refusal>().unwrap();
    assert_eq!(
        refusal.kind(),
        RefusalKind::SignatureMismatch,
        "an operator sees why"
    );
    // What no rotation explains is refused as ever.
    assert_eq!(call(&service, post(BODY)).await.status(), StatusCode::FORBIDDEN);
    clock.advance(Duration::from_secs(60));
    assert_eq!(answer(next).await.status(), StatusCode::FORBIDDEN, "not for ever");
}

#[tokio::test]
async fn v3_a_token_is_taken_out_of_the_request_before_anything_inside_sees_it() {
    let token = "0123456789abcdef";
    let query = StaticToken::query("secret", token.try_into().unwrap()).unwrap();
    let header = StaticToken::header("x-wawp-signature".parse().unwrap(), token.try_into().unwrap()).unwrap();
    for endpoint in [
        Endpoint::new("a", Parrot, query).unwrap(),
        Endpoint::new("b", Parrot, header).unwrap(),
    ] {
        let service = layered(
            &stack(endpoint.clone()),
            service_fn(|request: Request<Fresh>| {
                assert_eq!(request.uri(), "/hooks/shop?lang=pt");
                assert!(
                    !format!("{:?} {:?}", request.headers(), request.body()).contains("0123456789abcdef")
                );
                std::future::ready(Ok::<_, Infallible>(Response::new(())))
            }),
        );
        let now = jiff::Timestamp::UNIX_EPOCH;
        assert_eq!(
            call(&service, signed(&endpoint, token, BODY, now)).await.status(),
            StatusCode::OK
        );
        let forged = signed(&endpoint, "fedcba9876543210", BODY, now);
        assert_eq!(call(&service, forged).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn v4_hints_come_off_the_answer_path() {
    let header = "x-wap-signature".parse().unwrap();
    let scheme = BodyHmac::new(header, Algorithm::Sha256, "0123456789abcdef".try_into().unwrap()).unwrap();
    let endpoint = Endpoint::new("a", Parrot, scheme).unwrap();
    let notes = Arc::new(Notes::default());
    let service = layered(&stack(endpoint.clone()).observer(notes.clone()), ok!());
    let mut request = signed(&endpoint, "0123456789abcdef", BODY, jiff::Timestamp::UNIX_EPOCH);
    *request.body_mut() = Full::new(Bytes::from(format!("{BODY}\n")));
    assert_eq!(call(&service, request).await.status(), StatusCode::UNAUTHORIZED);
    while notes.count("Hint") == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn v2_the_rest_of_a_refused_body_is_thrown_away_also_where_challenges_may_be_unsigned() {
    let scheme = || {
        BodyHmac::new(
            "x-sig".parse().unwrap(),
            Algorithm::Sha256,
            "0123456789abcdef".try_into().unwrap(),
        )
    };
    let endpoint = || Endpoint::new("a", Parrot, scheme().unwrap()).unwrap();
    for endpoint in [endpoint(), endpoint().challenge(Challenge::post(&[]).unsigned())] {
        let frames = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&frames);
        let body = futures_util::stream::iter(0..64).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(&[b' '; 1024])))
        });
        let request = Request::post("/").body(StreamBody::new(body)).unwrap();
        let answer = call(&layered(&stack(endpoint), ok!()), request).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        tokio::time::timeout(Duration::from_secs(10), async {
            while frames.load(Ordering::SeqCst) < 64 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the sender can write all of it, and read the answer");
    }
}

#[tokio::test]
async fn an_unsigned_challenge_is_answered_only_where_that_was_chosen() {
    let scheme = || {
        BodyHmac::new(
            "x-sig".parse().unwrap(),
            Algorithm::Sha256,
            "0123456789abcdef".try_into().unwrap(),
        )
    };
    let endpoint = || Endpoint::new("a", Parrot, scheme().unwrap()).unwrap();
    let challenge = || post(r#"{"challenge":"abc"}"#);
    let chosen = layered(
        &stack(endpoint().challenge(Challenge::post(&[]).unsigned())),
        ok!(),
    );
    let answer = text(call(&chosen, challenge()).await).await;
    assert_eq!(answer, (StatusCode::OK, r#"{"challenge":"abc"}"#.to_owned()));
    let other = layered(&stack(endpoint().challenge(Challenge::post(&[]))), ok!());
    assert_eq!(
        text(call(&other, challenge()).await).await,
        (StatusCode::UNAUTHORIZED, String::new())
    );
}

/// A service that must be polled ready before each call; a clone of it is not.
#[derive(Debug, Default)]
struct Strict(bool);

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl Service<Request<Fresh>> for Strict {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Fresh>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "called before it was ready");
        std::future::ready(Ok(Response::new(())))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let mut service = layered(&stack(parrot()), Strict::default());
    for body in [r#"{"id":"d1","said":[]}"#, r#"{"id":"d2","said":[]}"#] {
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service)
            .await
            .unwrap();
        let answer = ready.call(post(body)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_challenge_is_answered_and_never_handled() {
    let scheme =
        StaticToken::header("x-token".parse().unwrap(), "0123456789abcdef".try_into().unwrap()).unwrap();
    let challenge = Challenge::get(Some("the-verify-token".try_into().unwrap())).post_json(&["id"]);
    let endpoint = Endpoint::new("a", Parrot, scheme).unwrap().challenge(challenge);
    let never = service_fn(
        |_: Request<Fresh>| -> std::future::Ready<Result<Response<()>, Infallible>> {
            unreachable!("a challenge is no delivery")
        },
    );
    let service = layered(&stack(endpoint), never);
    let get = |token: &str| {
        let uri = format!("/?hub.challenge=42&hub.verify_token={token}");
        Request::get(uri).body(Full::<Bytes>::default()).unwrap()
    };
    let answer = text(call(&service, get("the-verify-token")).await).await;
    assert_eq!(answer, (StatusCode::OK, "42".to_owned()));
    assert_eq!(
        text(call(&service, get("another")).await).await,
        (StatusCode::FORBIDDEN, String::new())
    );
    let mut signed = post(r#"{"challenge":"abc"}"#);
    signed
        .headers_mut()
        .insert("x-token", "0123456789abcdef".parse().unwrap());
    let answer = text(call(&service, signed).await).await;
    assert_eq!(answer, (StatusCode::OK, r#"{"challenge":"abc"}"#.to_owned()));
}

#[tokio::test]
async fn v4_hints_are_for_small_bodies_and_at_most_one_a_second() {
    let scheme = BodyHmac::new(
        "x-sig".parse().unwrap(),
        Algorithm::Sha256,
        "0123456789abcdef".try_into().unwrap(),
    );
    let endpoint = Endpoint::new("a", Parrot, scheme.unwrap()).unwrap();
    let notes = Arc::new(Notes::default());
    let clock = Arc::new(ManualClock::default());
    let service = layered(
        &stack(endpoint).observer(notes.clone()).clock(clock.clone()),
        ok!(),
    );
    let refused = async |body: &[u8]| {
        let mut request = post(body.to_vec());
        request
            .headers_mut()
            .insert("x-sig", "00".repeat(32).parse().unwrap());
        assert_eq!(call(&service, request).await.status(), StatusCode::UNAUTHORIZED);
        tokio::task::yield_now().await;
    };
    refused(&[b' '; (64 << 10) + 1]).await;
    for second in 1..=3 {
        clock.advance(Duration::from_secs(1));
        while notes.count("BodyCut") < second {
            refused(b"{").await;
        }
        for _ in 0..50 {
            refused(b"{").await;
        }
        assert_eq!(notes.count("BodyCut"), second);
    }
    assert_eq!(notes.count("OtherSecret"), 0, "of the large body nothing is said");
}
