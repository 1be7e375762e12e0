//! Credentials are in no error and no log, whoever quotes them.

use std::{
    error::Error as _,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;
use wahook_core::Secret;
use wahook_manage::{
    Error,
    waping::Waping,
    wawp::{self, NewWebhook, Wawp},
    wazapin::{Credentials, NewEndpoint, Wazapin},
};
use wahook_testkit::stand_in::{self, Forced, Form, StandIn};

use crate::pauses::options;

/// With characters that are written otherwise in a URL.
const KEY: &str = "hush/0123+abc=XYZ";
const HMAC: &str = "hmac-hush-98765";

/// What is logged, at every level, by every crate.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn is_silent(text: &str, about: &str) {
    for secret in ["hush", "0123+", "0123%2", "XYZ", "X%59Z", "xyz"] {
        assert!(!text.contains(secret), "{about}: {text}");
    }
}

fn error_is_silent(error: &Error, about: &str) {
    is_silent(&format!("{error} {error:?} {error:#?}"), about);
    is_silent(
        &format!(
            "{:?} {:?} {:?}",
            error.code(),
            error.request_id(),
            error.details()
        ),
        about,
    );
    let mut cause = error.source();
    while let Some(error) = cause {
        is_silent(&format!("{error} {error:?}"), about);
        cause = error.source();
    }
}

/// Answers that quote what they were asked with, and no answers.
fn quoting() -> Vec<Forced> {
    let encoded = "hush%2F0123%2Babc%3DXYZ";
    let lower = "hush%2f0123%2babc%3dXYZ";
    let in_part = "hush/0123%2Babc=X%59Z";
    let mut all = Vec::new();
    for form in Form::ALL {
        for text in [KEY, encoded, lower, in_part, &encoded.to_lowercase()] {
            let text = format!("The key {text} (Bearer {text}) is unknown: ?access_token={text}");
            all.push(Forced::saying(401, *form, &text, &text).header("x-request-id", &text));
            // Across the end of what is kept.
            let long = format!("{}{text}", "x".repeat(285));
            all.push(Forced::saying(401, *form, &long, &long));
        }
    }
    let location = format!("http://127.0.0.1:1/?access_token={KEY}");
    all.push(Forced::raw(302, "text/plain", "").header("location", &location));
    all.extend([
        Forced::cut(),
        Forced::raw(200, "text/html", KEY),
        Forced::silence(),
    ]);
    all
}

#[test]
fn credentials_are_in_no_error_and_no_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber, || runtime.block_on(all_calls()));
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("repeats a call"), "the log was listened to");
    is_silent(&log, "log");
}

async fn all_calls() {
    let key = || Secret::new(KEY).unwrap();
    let quick = |url| options(url).0.timeout(Duration::from_millis(100)).retries(1);
    let stand_in = StandIn::start(stand_in::Wazapin::new("x")).await.unwrap();
    let by_key = Wazapin::new(key(), quick(stand_in.url())).unwrap();
    let by_token = Wazapin::new(Credentials::bearer(key()), quick(stand_in.url())).unwrap();
    is_silent(
        &format!("{by_key:?} {by_token:?} {:?}", Credentials::api_key(key())),
        "client",
    );
    for forced in quoting() {
        let about = format!("{forced:?}");
        for wazapin in [&by_key, &by_token] {
            stand_in.answer_next(forced.clone());
            stand_in.answer_next(forced.clone());
            error_is_silent(&wazapin.settings().await.unwrap_err(), &about);
            stand_in.answer_next(forced.clone());
            if let Err(error) = wazapin.create(&NewEndpoint::new("https://x.example")).await {
                error_is_silent(&error, &about);
            }
            stand_in.answer_as_usual();
        }
    }

    let stand_in = StandIn::start(stand_in::Wawp::new("i", "x")).await.unwrap();
    let credentials = || wawp::Credentials::new("INSTANCE0001", key());
    let by_header = Wawp::new(credentials(), quick(stand_in.url())).unwrap();
    let by_query = credentials().dangerous_token_in_query();
    let by_query = Wawp::new(by_query, quick(stand_in.url())).unwrap();
    is_silent(&format!("{by_header:?} {by_query:?}"), "client");
    let webhook = NewWebhook::new("https://x.example", ["message"]).hmac(Secret::new(HMAC).unwrap());
    is_silent(&format!("{webhook:?}"), "webhook");
    for forced in quoting() {
        let about = format!("{forced:?}");
        for wawp in [&by_header, &by_query] {
            stand_in.answer_next(forced.clone());
            stand_in.answer_next(forced.clone());
            error_is_silent(&wawp.webhooks().await.unwrap_err(), &about);
            stand_in.answer_as_usual();
        }
    }
    for form in Form::ALL {
        stand_in.answer_next(Forced::saying(400, *form, HMAC, HMAC));
        error_is_silent(&by_header.set(&webhook).await.unwrap_err(), "hmac");
    }
    let (token, encoded) = ("hush/0123+tok=9", "hush%2F0123%2Btok%3D9");
    let url = format!("https://x.example/hooks/phone?secret={encoded}&v=1");
    let webhook = NewWebhook::new(&url, ["message"]);
    for form in Form::ALL {
        for text in [&url, token, encoded] {
            let forced = Forced::saying(400, *form, "bad", &format!("{text} is no good"));
            let about = format!("{text} {form:?}");
            stand_in.answer_next(forced.clone());
            error_is_silent(&by_header.set(&webhook).await.unwrap_err(), &about);
            stand_in.answer_next(forced.clone());
            error_is_silent(&by_header.delete(&url).await.unwrap_err(), &about);
            stand_in.answer_next(forced.clone());
            let change = wawp::WebhookChange::new().active(true);
            error_is_silent(&by_header.update(&url, &change).await.unwrap_err(), &about);
            stand_in.answer_next(forced);
            let list = [webhook.clone()];
            error_is_silent(&by_header.overwrite(&list).await.unwrap_err(), &about);
        }
    }
    let dead = "http://127.0.0.1:1".to_owned();
    let by_query = credentials().dangerous_token_in_query();
    let by_query = Wawp::new(by_query, quick(dead.clone())).unwrap();
    error_is_silent(&by_query.webhooks().await.unwrap_err(), "nobody there");

    let waping = Waping::new(key(), quick(dead)).unwrap();
    is_silent(&format!("{waping:?}"), "client");
    error_is_silent(&waping.devices().await.unwrap_err(), "nobody there");
    let unfit = Secret::new("hush\u{1}hush").unwrap();
    error_is_silent(
        &Waping::new(unfit, quick("http://127.0.0.1:1".to_owned())).unwrap_err(),
        "unfit",
    );
}
