//! What is told of an error, in whatever form it comes.

use std::time::Duration;

use serde_json::json;
use wahook_core::Secret;
use wahook_manage::{Error, ErrorKind, wazapin::Wazapin};
use wahook_testkit::stand_in::{self, Forced, Form, StandIn};

use crate::pauses::options;

async fn with_one_attempt() -> (StandIn<stand_in::Wazapin>, Wazapin) {
    let stand_in = StandIn::start(stand_in::Wazapin::new("wz_key")).await.unwrap();
    let (options, _) = options(stand_in.url());
    let options = options.retries(0).timeout(Duration::from_secs(5));
    let wazapin = Wazapin::new(Secret::new("wz_key").unwrap(), options).unwrap();
    (stand_in, wazapin)
}

async fn failed(stand_in: &StandIn<stand_in::Wazapin>, wazapin: &Wazapin, forced: Forced) -> Error {
    stand_in.answer_next(forced);
    wazapin.settings().await.unwrap_err()
}

#[tokio::test]
async fn each_status_has_its_kind_in_every_form() {
    let (stand_in, wazapin) = with_one_attempt().await;
    for form in Form::ALL {
        for (status, kind) in [
            (400, ErrorKind::Invalid),
            (401, ErrorKind::Unauthorized),
            (402, ErrorKind::Subscription),
            (403, ErrorKind::Forbidden),
            (404, ErrorKind::NotFound),
            (408, ErrorKind::Timeout),
            (409, ErrorKind::Conflict),
            (410, ErrorKind::NotFound),
            (418, ErrorKind::Invalid),
            (422, ErrorKind::Invalid),
            (429, ErrorKind::RateLimited),
            (500, ErrorKind::Unavailable),
            (502, ErrorKind::Unavailable),
            (599, ErrorKind::Unavailable),
            (999, ErrorKind::Invalid),
        ] {
            let error = failed(&stand_in, &wazapin, Forced::error(status, *form)).await;
            assert_eq!((error.kind(), error.status()), (kind, Some(status)), "{form:?}");
            let (code, message) = match form {
                Form::Envelope | Form::Flat | Form::Xml => {
                    (Some(Forced::CODE), Some(Forced::MESSAGE.to_owned()))
                }
                Form::Problem => (None, Some(format!("Error: {}", Forced::MESSAGE))),
                Form::Empty => (None, None),
                _ => (None, Some(Forced::MESSAGE.to_owned())),
            };
            assert_eq!(error.code(), code, "{form:?}");
            assert_eq!(error.message(), message.as_deref(), "{form:?}");
            assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
        }
    }
}

#[tokio::test]
async fn details_and_the_id_of_the_request_are_told() {
    let (stand_in, wazapin) = with_one_attempt().await;
    let error = failed(&stand_in, &wazapin, Forced::error(422, Form::Envelope)).await;
    assert_eq!(error.request_id(), Some("req_1"));
    let detail = &error.details()[0];
    assert_eq!(
        (detail.field.as_deref(), detail.reason.as_deref()),
        (Some("url"), Some("not https"))
    );
    let forced = Forced::error(500, Form::Empty).header("x-request-id", "req_2");
    assert_eq!(
        failed(&stand_in, &wazapin, forced).await.request_id(),
        Some("req_2")
    );
}

#[tokio::test]
async fn forms_that_nobody_documented_are_read_as_well() {
    let (stand_in, wazapin) = with_one_attempt().await;
    for (body, code, message) in [
        (
            json!({"message": ["a is bad", "b is bad"], "error": "Bad Request", "statusCode": 400})
                .to_string(),
            None,
            Some("a is bad; b is bad"),
        ),
        (
            json!({"error": "invalid_token", "error_description": "It ended."}).to_string(),
            Some("invalid_token"),
            Some("It ended."),
        ),
        (
            json!({"success": false, "data": {"code": 17, "message": "No."}}).to_string(),
            Some("17"),
            Some("No."),
        ),
        (
            json!({"errors": [{"message": "expected a URL", "location": "body.url", "value": 5}]})
                .to_string(),
            None,
            Some("expected a URL"),
        ),
        (json!({"errors": {"0": "first"}}).to_string(), None, Some("first")),
        (
            json!({"errors": {"url": "is bad"}}).to_string(),
            None,
            Some("is bad"),
        ),
        (
            json!([{"message": "in a list"}]).to_string(),
            None,
            Some("in a list"),
        ),
        (json!("a sentence").to_string(), None, Some("a sentence")),
        (
            json!({"error": null, "message": null, "code": {}}).to_string(),
            None,
            None,
        ),
        (json!({"error": [], "title": ""}).to_string(), None, None),
        ("null".to_owned(), None, None),
        (
            "\u{feff}{\"message\":\"with a mark\"}".to_owned(),
            None,
            Some("with a mark"),
        ),
        ("{\"message\":".to_owned(), None, Some("{\"message\":")),
        (
            "<a:Error><a:Code>X1</a:Code><a:Message><![CDATA[a < b]]></a:Message></a:Error>".to_owned(),
            Some("X1"),
            Some("a < b"),
        ),
        (
            "<html><script>var a = '<b>';</script><p>Bad&nbsp;gateway &#33;</p><!-- x --> now</html>"
                .to_owned(),
            None,
            Some("Bad gateway ! now"),
        ),
        ("<".to_owned(), None, None),
        ("<title>never closed".to_owned(), None, Some("never closed")),
        ("&".to_owned(), None, Some("&")),
    ] {
        let error = failed(&stand_in, &wazapin, Forced::raw(400, "text/plain", body.clone())).await;
        assert_eq!((error.code(), error.message()), (code, message), "{body}");
    }
}

#[tokio::test]
async fn messages_are_on_one_line_and_of_a_sane_length() {
    let (stand_in, wazapin) = with_one_attempt().await;
    let wild = format!("a\u{1b}[31m\r\nb\u{202e}c\0 {}", "é".repeat(100_000));
    for form in [Form::Envelope, Form::Text, Form::Html, Form::Xml] {
        let forced = Forced::saying(400, form, "co\nde", &wild);
        let error = failed(&stand_in, &wazapin, forced).await;
        let message = error.message().unwrap();
        assert!(message.starts_with("a [31m b c é"), "{message}");
        assert_eq!(message.chars().count(), 301);
        assert!(!error.to_string().contains(char::is_control));
        assert!(!format!("{error:?}").contains('\u{1b}'));
    }
}

#[tokio::test]
async fn a_subscription_that_is_missing_is_told_by_its_code() {
    let (stand_in, wazapin) = with_one_attempt().await;
    for form in [Form::Envelope, Form::Flat, Form::Xml] {
        let forced = Forced::saying(403, form, "subscription_required", "Pay.");
        let error = failed(&stand_in, &wazapin, forced).await;
        assert_eq!(error.kind(), ErrorKind::Subscription, "{form:?}");
    }
}

#[tokio::test]
async fn answers_without_end_are_not_read() {
    let (stand_in, wazapin) = with_one_attempt().await;
    let huge = format!("[\"{}\"]", "x".repeat(1 << 20));
    let sized = |status| Forced::raw(status, "application/json", huge.clone());
    for of in [Forced::clone, |forced: &Forced| {
        forced.clone().of_unknown_length()
    }] {
        let error = failed(&stand_in, &wazapin, of(&sized(200))).await;
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unreadable, Some(200)));
        let error = failed(&stand_in, &wazapin, of(&sized(422))).await;
        assert_eq!((error.kind(), error.message()), (ErrorKind::Invalid, None));
    }
    // As much as may be.
    let list = format!("[\"{}\"]", "x".repeat((1 << 20) - 4));
    stand_in.answer_next(Forced::raw(200, "application/json", list));
    assert_eq!(wazapin.settings().await.unwrap().unread.as_slice().len(), 1);
}

#[tokio::test]
async fn a_page_of_nothing_but_tags_costs_no_time() {
    let (stand_in, wazapin) = with_one_attempt().await;
    for tag in ["<message>", "<message></message>", "<", "&", "<!--", "<script>"] {
        let body = tag.repeat((1 << 20) / tag.len());
        let error = failed(
            &stand_in,
            &wazapin,
            Forced::raw(400, "text/html", format!("<a>{body}")),
        )
        .await;
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn redirects_are_refused_and_nobody_else_hears_of_the_credentials() {
    let (stand_in, wazapin) = with_one_attempt().await;
    let elsewhere = StandIn::start(stand_in::Wazapin::new("wz_key")).await.unwrap();
    for status in [301, 302, 303, 307, 308] {
        let forced = Forced::raw(status, "text/plain", "").header("location", &elsewhere.url());
        let error = failed(&stand_in, &wazapin, forced).await;
        assert_eq!(error.kind(), ErrorKind::Redirected);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let (stand_in, _) = with_one_attempt().await;
    let (options, noted) = options(stand_in.url());
    let wazapin = Wazapin::new(Secret::new("wz_key").unwrap(), options).unwrap();
    drop(stand_in);
    tokio::task::yield_now().await;
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unreachable, None));
    assert_eq!((error.attempts(), noted.taken().len()), (4, 3));
}

#[tokio::test]
async fn where_tls_was_expected_nothing_is_told_in_the_clear() {
    let (stand_in, _) = with_one_attempt().await;
    let (options, _) = options(stand_in.url().replace("http://", "https://"));
    let wazapin = Wazapin::new(Secret::new("wz_key").unwrap(), options.retries(0)).unwrap();
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
    assert!(stand_in.requests().is_empty());
}
