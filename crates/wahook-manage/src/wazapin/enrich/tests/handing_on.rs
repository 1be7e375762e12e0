//! What a sink gets, and when.

use std::sync::{Arc, Mutex};

use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

use super::{Fake, SECOND, content_of, event, thin, with};
use crate::{
    ErrorKind,
    wazapin::enrich::{Enriched, Enricher},
};

/// Takes so many of what it gets.
#[derive(Debug, Default)]
struct Till {
    got: Mutex<Vec<Event>>,
    refuses: Mutex<Option<usize>>,
}

impl Sink for Till {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        self.got.lock().unwrap().extend_from_slice(events);
        let refuses = *self.refuses.lock().unwrap();
        Box::pin(async move {
            match refuses.filter(|at| *at < events.len()) {
                Some(at) => Delivered::up_to(at, SinkError::new(SinkErrorKind::Refused, "no")),
                None => Delivered::all(events),
            }
        })
    }
}

impl Till {
    fn texts(&self) -> Vec<Option<String>> {
        let got = std::mem::take(&mut *self.got.lock().unwrap());
        let text = |event: &Event| content_of(event)["text"].as_str().map(str::to_owned);
        got.iter().map(text).collect()
    }
}

fn before(enricher: &Enricher) -> (Enriched, Arc<Till>) {
    let till = Arc::new(Till::default());
    let sink = Enriched::new(enricher.clone(), Arc::clone(&till) as Arc<dyn Sink>);
    (sink, till)
}

fn at(attempt: Option<u32>, id: &str) -> Event {
    let mut event = thin(id);
    event.attempt = attempt;
    event
}

fn words(id: &str) -> Option<String> {
    Some(format!("the words of {id}"))
}

#[tokio::test]
async fn i3_all_are_filled_and_handed_on_in_their_order() {
    let (enricher, fake, _) = with(Fake::default(), |settings| settings);
    let (sink, till) = before(&enricher);
    let full = event(
        "m2",
        "message.sent",
        &serde_json::json!({"type": "text", "text": "full"}),
    );
    let delivered = sink.deliver(&[thin("m1"), full, thin("m3")]).await;
    assert_eq!((delivered.done, delivered.error.is_none()), (3, true));
    assert_eq!(till.texts(), [words("m1"), Some("full".to_owned()), words("m3")]);
    assert_eq!(fake.calls(), 2);
}

#[tokio::test]
async fn i3_what_is_before_an_event_that_waits_is_handed_on_and_what_is_behind_it_is_not() {
    let (enricher, fake, _) = with(Fake::default(), |settings| settings.calls(1));
    let (sink, till) = before(&enricher);
    let events = [at(Some(2), "m1"), thin("m2"), thin("m3")];
    *fake.errors.lock().unwrap() = vec![ErrorKind::Unavailable, ErrorKind::Timeout];
    // It is asked in their order: the first fails, too, and is handed on, since it came again for the last time.
    let sink = sink.attempts(2);
    let delivered = sink.deliver(&events).await;
    assert_eq!(delivered.done, 1);
    let error = delivered.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::NotYet { after: None });
    assert_eq!(till.texts(), [None]);
    assert!(error.to_string().ends_with("it is down or overloaded"), "{error}");

    // The sink's own word comes first: it was not asked about what waits.
    *fake.errors.lock().unwrap() = vec![ErrorKind::Timeout];
    *till.refuses.lock().unwrap() = Some(1);
    let events = [thin("m3"), thin("m3"), thin("m4")];
    let delivered = sink.deliver(&events).await;
    assert_eq!(delivered.done, 1);
    assert_eq!(delivered.error.unwrap().kind(), SinkErrorKind::Refused);
}

#[tokio::test]
async fn i3_nothing_is_lost_because_an_api_is_away() {
    let (enricher, fake, _) = with(Fake::default(), |settings| settings);
    let (sink, till) = before(&enricher);
    for (attempt, done) in [(Some(1), 0), (Some(2), 0), (Some(3), 1), (Some(9), 1), (None, 1)] {
        for kind in [
            ErrorKind::Timeout,
            ErrorKind::Unavailable,
            ErrorKind::Unreachable,
            ErrorKind::RateLimited,
            ErrorKind::NotFound,
        ] {
            fake.errors.lock().unwrap().push(kind);
            let delivered = sink.deliver(&[at(attempt, "m1")]).await;
            assert_eq!(delivered.done, done, "{attempt:?}, {kind:?}");
            assert_eq!(delivered.error.is_none(), done == 1);
            assert_eq!(till.texts(), vec![None; done]);
        }
    }
}

#[tokio::test]
async fn i3_nobody_waits_for_what_will_not_come() {
    let (enricher, fake, clock) = with(Fake::default(), |settings| settings);
    let (sink, till) = before(&enricher);
    for kind in [ErrorKind::Invalid, ErrorKind::Config, ErrorKind::Unauthorized] {
        fake.errors.lock().unwrap().push(kind);
        assert_eq!(sink.deliver(&[thin("m1")]).await.done, 1, "{kind:?}");
        assert_eq!(till.texts(), [None]);
    }
    // The event is ten seconds old at the beginning, and a minute old now.
    clock.advance(SECOND * 60);
    fake.errors.lock().unwrap().push(ErrorKind::NotFound);
    assert_eq!(sink.deliver(&[thin("m1")]).await.done, 1);
    assert_eq!(till.texts(), [None]);
}

#[tokio::test]
async fn an_endpoint_that_nobody_is_asked_about_is_left_alone() {
    let (enricher, fake, _) = with(Fake::default(), |settings| settings);
    let till = Arc::new(Till::default());
    let pick = move |event: &Event| (event.endpoint.as_str() == "other").then(|| enricher.clone());
    let sink = Enriched::picking(pick, Arc::clone(&till) as Arc<dyn Sink>);
    assert_eq!(sink.deliver(&[thin("m1")]).await.done, 1);
    assert_eq!((till.texts(), fake.calls()), (vec![None], 0));
    let mut other = thin("m1");
    other.endpoint = "other".into();
    sink.deliver(&[other]).await;
    assert_eq!(till.texts(), [words("m1")]);
}
