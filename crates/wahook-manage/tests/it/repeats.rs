//! What is repeated, how often, and after which pauses.

use std::{sync::Arc, time::Duration};

use wahook_core::Secret;
use wahook_manage::{
    Error, ErrorKind, Options,
    wazapin::{EndpointChange, NewEndpoint, Wazapin},
};
use wahook_testkit::stand_in::{self, Forced, Form, StandIn};

use crate::pauses::{Noted, options};

type Server = StandIn<stand_in::Wazapin>;

const URL: &str = "https://example.com/hook";

async fn with(change: impl FnOnce(Options) -> Options) -> (Server, Wazapin, Arc<Noted>) {
    let stand_in = StandIn::start(stand_in::Wazapin::new("wz_key")).await.unwrap();
    let (options, noted) = options(stand_in.url());
    let wazapin = Wazapin::new(Secret::new("wz_key").unwrap(), change(options)).unwrap();
    (stand_in, wazapin, noted)
}

/// The calls that must not be made twice.
async fn once(wazapin: &Wazapin, which: usize) -> Result<(), Error> {
    match which {
        0 => wazapin.create(&NewEndpoint::new(URL)).await.map(drop),
        1 => wazapin.rotate_secret("ep_1").await.map(drop),
        2 => wazapin.test("ep_1").await.map(drop),
        _ => wazapin.retry_delivery("msg_1").await.map(drop),
    }
}

/// What may have been done.
fn uncertain() -> [Forced; 9] {
    [
        Forced::error(500, Form::Problem),
        Forced::error(502, Form::Html),
        Forced::error(503, Form::Envelope).header("retry-after", "0"),
        Forced::error(504, Form::Empty),
        Forced::error(408, Form::Empty),
        Forced::cut(),
        Forced::silence(),
        Forced::raw(200, "application/json", r#"{"id":"ep_1"}"#).torn(),
        Forced::raw(200, "application/json", r#"{"id":"ep_1"}"#).stalling(),
    ]
}

#[tokio::test]
async fn what_must_not_be_done_twice_is_sent_once_whatever_becomes_of_it() {
    let (stand_in, wazapin, noted) = with(|options| options.timeout(Duration::from_millis(150))).await;
    for which in 0..4 {
        for forced in uncertain() {
            stand_in.answer_next(forced.clone());
            let error = once(&wazapin, which).await.unwrap_err();
            assert_eq!(error.attempts(), 1, "{forced:?}");
            assert_eq!(stand_in.take_requests().len(), 1, "{which} {forced:?}");
        }
    }
    assert!(noted.taken().is_empty());
    assert!(stand_in.with(|wazapin| wazapin.hooks().is_empty()));
}

#[tokio::test]
async fn what_may_have_been_done_is_told_so_whatever_the_last_attempt_was_answered() {
    let quick = |options: Options| options.retries(1).timeout(Duration::from_millis(150));
    let (stand_in, wazapin, _) = with(quick).await;
    for (first, second, expected) in [
        (
            Forced::error(503, Form::Empty),
            Forced::error(401, Form::Empty),
            true,
        ),
        (Forced::silence(), Forced::too_many("1"), true),
        (Forced::too_many("1"), Forced::error(401, Form::Empty), false),
        (Forced::too_many("1"), Forced::too_many("1"), false),
    ] {
        let about = format!("{first:?} {second:?}");
        stand_in.answer_next(first);
        stand_in.answer_next(second);
        let change = EndpointChange::new().url(URL);
        let error = wazapin.update("ep_1", &change).await.unwrap_err();
        assert_eq!((error.attempts(), error.may_be_done()), (2, expected), "{about}");
        stand_in.answer_as_usual();
    }
}

#[tokio::test]
async fn what_was_refused_for_now_is_repeated_even_then() {
    let (stand_in, wazapin, noted) = with(|options| options).await;
    stand_in.answer_next(Forced::too_many("3"));
    stand_in.answer_next(
        Forced::too_many("Thu, 01 Jan 2026 00:00:07 GMT").header("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    );
    wazapin.create(&NewEndpoint::new(URL)).await.unwrap();
    assert_eq!(noted.taken(), [Duration::from_secs(3), Duration::from_secs(7)]);
    assert_eq!(stand_in.with(|wazapin| wazapin.hooks().len()), 1);

    // But not after something else came in between.
    stand_in.take_requests();
    stand_in.answer_next(Forced::too_many("1"));
    stand_in.answer_next(Forced::error(503, Form::Empty));
    let error = wazapin.test("ep_1").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 2));
    assert_eq!(stand_in.take_requests().len(), 2);
}

#[tokio::test]
async fn what_may_be_done_twice_is_repeated_after_growing_pauses() {
    let (stand_in, wazapin, noted) = with(|options| options.timeout(Duration::from_millis(300))).await;
    wazapin.create(&NewEndpoint::new(URL)).await.unwrap();
    let id = stand_in.with(|wazapin| wazapin.hooks()[0].id.clone());
    for forced in uncertain() {
        let asked = |noted: &Noted| noted.taken().len();
        stand_in.answer_next(forced.clone());
        wazapin.settings().await.unwrap();
        stand_in.answer_next(forced.clone());
        wazapin
            .update(&id, &EndpointChange::new().url(URL))
            .await
            .unwrap();
        assert_eq!(asked(&noted), 2, "{forced:?}");
    }
    for _ in 0..4 {
        stand_in.answer_next(Forced::error(500, Form::Empty));
    }
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Unavailable, 4));
    assert_eq!(noted.taken(), [500, 1000, 2000].map(Duration::from_millis));
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_not_repeated() {
    let (stand_in, wazapin, noted) = with(|options| options).await;
    for status in [301, 400, 401, 403, 404, 409, 422] {
        stand_in.answer_next(Forced::error(status, Form::Problem));
        assert_eq!(wazapin.settings().await.unwrap_err().attempts(), 1);
    }
    stand_in.answer_next(Forced::raw(200, "application/json", "{"));
    assert_eq!(wazapin.settings().await.unwrap_err().attempts(), 1);
    assert!(noted.taken().is_empty());
}

#[tokio::test]
async fn a_pause_beyond_the_deadline_is_not_begun() {
    let (stand_in, wazapin, noted) = with(|options| options.deadline(Duration::from_secs(10))).await;
    stand_in.answer_next(Forced::too_many("4"));
    stand_in.answer_next(Forced::too_many("5"));
    stand_in.answer_next(Forced::too_many("4"));
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 3));
    assert_eq!(noted.taken(), [4, 5].map(Duration::from_secs));
    stand_in.answer_next(Forced::too_many("99999999999999999999999"));
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!(
        (error.attempts(), error.retry_after()),
        (1, Some(Duration::from_secs(u64::MAX)))
    );
}

#[tokio::test]
async fn no_answer_in_time_is_a_timeout_also_in_the_middle_of_one() {
    let (stand_in, wazapin, _) = with(|options| options.timeout(Duration::from_millis(150)).retries(0)).await;
    stand_in.answer_next(Forced::silence());
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, None));
    stand_in.answer_next(Forced::raw(200, "application/json", "[]").after(Duration::from_secs(60)));
    assert_eq!(wazapin.settings().await.unwrap_err().kind(), ErrorKind::Timeout);
    stand_in.answer_next(Forced::raw(200, "application/json", "[    ]").stalling());
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Timeout, Some(200)));
    // Its status has said it all.
    stand_in.answer_next(Forced::error(422, Form::Envelope).stalling());
    let error = wazapin.settings().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Invalid, None));
}

#[tokio::test]
async fn what_a_repeat_no_longer_finds_was_deleted() {
    let (stand_in, wazapin, _) = with(|options| options).await;
    for forced in [
        Forced::done_then_cut(),
        Forced::error(502, Form::Html).though_done(),
    ] {
        let made = wazapin.create(&NewEndpoint::new(URL)).await.unwrap();
        stand_in.answer_next(forced);
        wazapin.delete(&made.id).await.unwrap();
        assert!(stand_in.with(|wazapin| wazapin.hooks().is_empty()));
    }
    // Where it was refused, it was not deleted by us.
    stand_in.answer_next(Forced::too_many("0"));
    let error = wazapin.delete("ep_none").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::NotFound, 2));
}
