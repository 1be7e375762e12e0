//! A receiver by hand, as somebody would write it with axum alone; each flaw is one thing done wrong.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use wahook_core::{Challenge, Clock as _, Endpoint, Secret};
use wahook_testkit::{
    Sender,
    conform::{Conform, Counter, InProcess, Report, Scenario},
};
use wahook_tower::SystemClock;

/// What is done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    Nothing,
    VerifiesReprintedJson,
    ParsesBeforeItVerifies,
    LooksAtTheFirstSignatureOnly,
    LooksAtTheLastSignatureOnly,
    LooksWhetherThereIsASignature,
    ComparesTheLengthOnly,
    CutsTheId,
    TriesTheSecondBefore,
    TakesAnEmptySignature,
    TakesTheBeginningOfASignature,
    TakesAnyTime,
    TakesWhatIsNotSigned,
    DedupesOnAnUnsignedHeader,
    DedupesBeforeItVerifies,
    DedupesNothing,
    MarksBeforeTheWork,
    ChecksThenInserts,
    AnswersCopies409,
    AnswersConflicts422,
    DropsConflicts,
    HasASmallCap,
    HasNoCap,
    HasNoDeadline,
    HandlesTheFirstItemOnly,
    HandlesNothing,
    HandlesOneEventOnly,
    DropsUnknownEvents,
    RefusesUnknownEvents,
    PanicsAtBodies,
    TellsTheExpectedSignature,
    DropsWhatIsOlder,
    HandlesWhatItRefuses,
    TakesEveryMethod,
    EchoesTheChallengeAsHtml,
    AnswersTooLate,
    AnswersAtOnce,
    NeverFails,
}

#[derive(Clone, Debug)]
struct App {
    flaw: Flaw,
    hook: Endpoint,
    secret: String,
    counter: Counter,
    seen: Arc<Mutex<HashSet<String>>>,
    newest: Arc<Mutex<String>>,
}

/// All scenarios, or some, against a receiver with this flaw.
pub(super) async fn report(provider: &str, flaw: Flaw, only: &[Scenario]) -> Report {
    let row = wahook_providers::provider(provider).unwrap();
    let secret = (row.make_secret)([5; 32]);
    let options = wahook_providers::Options::default();
    let hook = (row.build)("hook", secret.as_str().try_into().unwrap(), &options).unwrap();
    let token: wahook_core::Secrets = "a-token-of-ours".try_into().unwrap();
    let hook = match hook.answers_challenge() {
        Some(_) => hook.challenge(Challenge::get(Some(token)).post_json(&["eventId"])),
        None => hook,
    };
    let counter = Counter::default();
    let app = App {
        flaw,
        hook: hook.clone(),
        secret: secret.clone(),
        counter: counter.clone(),
        seen: Arc::default(),
        newest: Arc::default(),
    };
    let route = if flaw == Flaw::TakesEveryMethod {
        axum::routing::any(receive)
    } else {
        post(receive)
    };
    let router = Router::new().route("/hook", route).with_state(app);
    let url = "https://example.com/hook".parse().unwrap();
    let sender = Sender::new(hook, Secret::new(secret).unwrap(), url);
    let mut kit = Conform::new(sender, InProcess::new(router))
        .observe(counter)
        .patience(Duration::from_secs(30));
    if !only.is_empty() {
        kit = kit.only(only.iter().copied());
    }
    kit.run().await.unwrap()
}

async fn receive(State(app): State<App>, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    let cap = match app.flaw {
        Flaw::HasNoCap => usize::MAX,
        Flaw::HasASmallCap => 100 << 10,
        _ => 4 << 20,
    };
    let claimed: Option<usize> = head
        .headers
        .get("content-length")
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .or(http_body::Body::size_hint(&body)
            .exact()
            .and_then(|length| length.try_into().ok()));
    if claimed.is_some_and(|length| length > cap) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let deadline = if app.flaw == Flaw::HasNoDeadline { 3600 } else { 10 };
    let body = match timeout(Duration::from_secs(deadline), to_bytes(body, cap)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    if app.flaw == Flaw::PanicsAtBodies {
        std::str::from_utf8(&body).unwrap();
    }
    if app.flaw == Flaw::ParsesBeforeItVerifies && serde_json::from_slice::<Value>(&body).is_err() {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if app.flaw == Flaw::DedupesBeforeItVerifies
        && !app.seen.lock().unwrap().insert(key(&head.headers, &body))
    {
        return StatusCode::OK.into_response();
    }
    let signed = match app.flaw {
        Flaw::VerifiesReprintedJson => match serde_json::from_slice::<Value>(&body) {
            Ok(value) => value.to_string().into(),
            Err(_) => body.clone(),
        },
        _ => body.clone(),
    };
    bend(app.flaw, &mut head.headers);
    if !is_genuine(&app, &head, &signed) {
        if app.flaw == Flaw::HandlesWhatItRefuses {
            app.counter.add(1);
        }
        let expected = match app.flaw {
            Flaw::TellsTheExpectedSignature => format!("expected {}", expected(&app, &head, &body)),
            _ => String::new(),
        };
        return (StatusCode::UNAUTHORIZED, expected).into_response();
    }
    handle(&app, &head.headers, &body).await
}

/// What a careless reading of the signature header makes of it.
fn bend(flaw: Flaw, headers: &mut HeaderMap) {
    let Some(list) = headers.get("svix-signature").and_then(|list| list.to_str().ok()) else {
        return;
    };
    let one = match flaw {
        Flaw::LooksAtTheFirstSignatureOnly => list.split(' ').next(),
        Flaw::LooksAtTheLastSignatureOnly => list.rsplit(' ').next(),
        _ => None,
    };
    if let Some(one) = one.map(str::to_owned) {
        headers.insert("svix-signature", one.parse().unwrap());
    }
}

fn is_genuine(app: &App, head: &Parts, body: &Bytes) -> bool {
    let signature = head
        .headers
        .get("svix-signature")
        .map(|value| value.as_bytes().to_vec());
    match (app.flaw, signature) {
        (Flaw::TakesWhatIsNotSigned, None) | (Flaw::LooksWhetherThereIsASignature, Some(_)) => return true,
        (Flaw::ComparesTheLengthOnly, Some(signature)) => {
            return signature.len() == expected(app, head, body).len();
        }
        (Flaw::TakesAnEmptySignature, Some(signature)) if signature.is_empty() => return true,
        (Flaw::TakesTheBeginningOfASignature, Some(signature))
            if expected(app, head, body).as_bytes().starts_with(&signature) =>
        {
            return true;
        }
        _ => {}
    }
    let mut now = SystemClock::new().now();
    if let (Flaw::TakesAnyTime, Some(signed_at)) = (app.flaw, head.headers.get("svix-timestamp")) {
        now = jiff::Timestamp::from_second(signed_at.to_str().unwrap().parse().unwrap()).unwrap();
    }
    let verifies = |head: &Parts| {
        let Ok(mut check) = app.hook.begin(head, now) else {
            return false;
        };
        check.update(body.clone());
        check.finish().is_ok()
    };
    verifies(head)
        || match app.flaw {
            Flaw::CutsTheId => verifies(&with(head, "svix-id", |id| id[..id.len() - 1].to_owned())),
            Flaw::TriesTheSecondBefore => verifies(&with(head, "svix-timestamp", |at| {
                (at.parse::<i64>().unwrap_or(1) - 1).to_string()
            })),
            _ => false,
        }
}

/// With another value of this header.
fn with(head: &Parts, name: &'static str, other: impl Fn(&str) -> String) -> Parts {
    let mut head = head.clone();
    if let Some(value) = head.headers.get(name) {
        let value = other(value.to_str().unwrap()).parse().unwrap();
        head.headers.insert(name, value);
    }
    head
}

/// The signature as it should be.
fn expected(app: &App, head: &Parts, body: &[u8]) -> String {
    let text = |name: &str| {
        head.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let at = text("svix-timestamp").parse().unwrap_or(0);
    let signed = app.hook.verifier().recipe().sign(
        &Secret::new(app.secret.as_str()).unwrap(),
        body,
        text("svix-id"),
        jiff::Timestamp::from_second(at).unwrap_or_default(),
        &head.uri,
    );
    let signed = signed.unwrap().headers;
    let found = signed.iter().find(|(name, _)| name.as_str() == "svix-signature");
    found.map_or_else(String::new, |(_, value)| value.to_str().unwrap().to_owned())
}

/// A signed id, and what it says: another body under one id is something else.
fn key(headers: &HeaderMap, body: &[u8]) -> String {
    format!("{} {body:?}", id(headers).unwrap_or_default())
}

fn id(headers: &HeaderMap) -> Option<&str> {
    headers.get("svix-id")?.to_str().ok()
}

async fn handle(app: &App, headers: &HeaderMap, body: &Bytes) -> Response {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    if let (Some(challenge), None) = (value["challenge"].as_str(), value.get("eventId")) {
        let kind = match app.flaw {
            Flaw::EchoesTheChallengeAsHtml => "text/html",
            _ => "application/json",
        };
        return (
            [("content-type", kind)],
            format!("{{\"challenge\":\"{challenge}\"}}"),
        )
            .into_response();
    }
    if app.flaw == Flaw::RefusesUnknownEvents && body.windows(10).any(|part| part == b"unheard_of") {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let is_dropped = match app.flaw {
        Flaw::HandlesNothing => true,
        Flaw::HandlesOneEventOnly => !body.windows(16).any(|part| part == b"message.received"),
        Flaw::DropsUnknownEvents => body.windows(10).any(|part| part == b"unheard_of"),
        _ => false,
    };
    if is_dropped {
        return StatusCode::OK.into_response();
    }
    let key = match app.flaw {
        Flaw::AnswersConflicts422 | Flaw::DropsConflicts => id(headers).unwrap_or_default().to_owned(),
        Flaw::DedupesOnAnUnsignedHeader => match headers.get("idempotency-key") {
            Some(key) => key.to_str().unwrap().to_owned(),
            None => key(headers, body),
        },
        _ => key(headers, body),
    };
    let copy = match app.flaw {
        Flaw::AnswersCopies409 => StatusCode::CONFLICT,
        Flaw::AnswersConflicts422 => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::OK,
    };
    let known = match app.flaw {
        Flaw::DedupesNothing | Flaw::DedupesBeforeItVerifies => false,
        Flaw::ChecksThenInserts | Flaw::MarksBeforeTheWork => app.seen.lock().unwrap().contains(&key),
        // Claimed in one step, and given back below where the work fails.
        _ => !app.seen.lock().unwrap().insert(key.clone()),
    };
    if known {
        return copy.into_response();
    }
    if app.flaw == Flaw::MarksBeforeTheWork {
        app.seen.lock().unwrap().insert(key.clone());
        return done(app, &value).await.into_response();
    }
    // In a task of its own: a sender that hangs up ends nothing.
    let (task, of_task) = (app.clone(), key.clone());
    let work = tokio::spawn(async move {
        let status = done(&task, &value).await;
        if status.is_success() {
            task.seen.lock().unwrap().insert(of_task);
        } else {
            task.seen.lock().unwrap().remove(&of_task);
        }
        status
    });
    work.await.unwrap().into_response()
}

/// The work itself.
async fn done(app: &App, value: &Value) -> StatusCode {
    if app.flaw != Flaw::NeverFails && app.counter.must_fail() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    let pause = match app.flaw {
        Flaw::AnswersTooLate => 8_000,
        Flaw::AnswersAtOnce => 0,
        _ => 200,
    };
    sleep(Duration::from_millis(pause)).await;
    if app.flaw == Flaw::DropsWhatIsOlder {
        let time = value["timestamp"].as_str().unwrap_or_default().to_owned();
        let mut newest = app.newest.lock().unwrap();
        if time < *newest {
            return StatusCode::OK;
        }
        *newest = time;
    }
    let items = value.as_array().map_or(1, Vec::len) as u64;
    app.counter.add(if app.flaw == Flaw::HandlesTheFirstItemOnly {
        1
    } else {
        items
    });
    StatusCode::OK
}
