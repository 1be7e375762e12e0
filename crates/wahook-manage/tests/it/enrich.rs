//! Thin events and the records behind them, over real HTTP.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::HeaderMap;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use wahook_core::{
    AnyProvider as _, BoxFuture, Clock, Delivery, Secret,
    model::{Event, Kind},
    sink::{Delivered, Sink, SinkErrorKind},
};
use wahook_manage::{
    ErrorKind, Options,
    wazapin::{
        Wazapin,
        enrich::{Enriched, Enricher, Outcome, Settings},
    },
};
use wahook_providers::wazapin;
use wahook_testkit::{
    ManualClock,
    stand_in::{self, Forced, Form, Shape, StandIn},
};

use crate::pauses::options;

const KEY: &str = "wz_live_0123456789abcdef";
const TEXT: &str = "the moon is blue";
const PHONE: &str = "628000000001";

/// What a receiver makes of a body that came now.
fn received(clock: &ManualClock, body: &Value) -> Event {
    let body = body.to_string().into();
    let delivery = Delivery::dangerous_unverified("shop", HeaderMap::new(), body, clock.now());
    let provider = wazapin::Wazapin::declaring("message.new");
    let mut event = provider.read(&delivery).remove(0);
    event.attempt = Some(1);
    event
}

fn thin(clock: &ManualClock, id: &str) -> Event {
    let body = json!({
        "message_id": id, "conversation_id": "c-1", "channel_id": "wzp_x", "direction": "inbound",
        "from_phone": PHONE, "msg_type": "text",
    });
    received(clock, &body)
}

fn text(event: &Event) -> Value {
    serde_json::to_value(event).unwrap()["data"]["content"]["text"].clone()
}

struct Scene {
    stand_in: StandIn<stand_in::Wazapin>,
    enricher: Enricher,
    clock: Arc<ManualClock>,
}

async fn scene(shape: Shape, change: impl Fn(Options) -> Options) -> Scene {
    let play = stand_in::Wazapin::new(KEY).shape(shape).message(json!({
        "id": "m-1", "type": "text", "direction": "inbound", "sender_phone": PHONE,
        "content": {"text": TEXT},
    }));
    let stand_in = StandIn::start(play).await.unwrap();
    let options = change(options(stand_in.url()).0.retries(0));
    let wazapin = Wazapin::new(Secret::new(KEY).unwrap(), options).unwrap();
    let clock = Arc::new(ManualClock::new("2026-10-03T10:00:00Z".parse().unwrap()));
    let settings = Settings::new().clock(Arc::clone(&clock) as Arc<dyn Clock>);
    Scene {
        stand_in,
        enricher: Enricher::with(wazapin, settings),
        clock,
    }
}

#[derive(Debug, Default)]
struct Till(Mutex<Vec<Event>>);

impl Sink for Till {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        self.0.lock().unwrap().extend_from_slice(events);
        Box::pin(async { Delivered::all(events) })
    }
}

impl Scene {
    fn before_a_till(&self) -> (Enriched, Arc<Till>) {
        let till = Arc::new(Till::default());
        let sink = Enriched::new(self.enricher.clone(), Arc::clone(&till) as Arc<dyn Sink>);
        (sink, till)
    }

    /// Hands one over, and tells why it was too early for it.
    async fn too_early(&self, sink: &Enriched, event: &Event) -> Option<(Option<Duration>, String)> {
        let Delivered { done, error } = sink.deliver(std::slice::from_ref(event)).await;
        assert_eq!(done, usize::from(error.is_none()));
        let error = error?;
        let told = error.to_string();
        assert!(
            !told.contains(TEXT) && !told.contains(PHONE) && !told.contains(KEY),
            "{told}"
        );
        match error.kind() {
            SinkErrorKind::NotYet { after } => Some((after, told)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn n4_a_thin_event_says_what_its_record_says_in_either_form() {
    for shape in [Shape::Data, Shape::Bare] {
        let scene = scene(shape, |options| options).await;
        let mut event = thin(&scene.clock, "m-1");
        let before = event.clone();
        assert_eq!(text(&event), Value::Null);
        assert_eq!(scene.enricher.enrich(&mut event).await, Outcome::Filled);
        assert_eq!(text(&event), TEXT, "{shape:?}");
        assert_eq!(event.enriched_at, Some(scene.clock.now()));
        assert_eq!(event.kind(), Kind::MessageReceived);
        assert_eq!((&event.key, &event.raw), (&before.key, &before.raw));

        // It is read back as it was written, and is not asked for again.
        let written = serde_json::to_string(&event).unwrap();
        let mut read: Event = serde_json::from_str(&written).unwrap();
        assert_eq!(read.enriched_at, event.enriched_at);
        assert_eq!(scene.enricher.enrich(&mut read).await, Outcome::NothingToFill);
        assert_eq!(
            scene.enricher.enrich(&mut thin(&scene.clock, "m-1")).await,
            Outcome::Filled
        );
        let asked = scene.stand_in.requests();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].path, "/v1/messages/m-1");
    }
}

#[tokio::test]
async fn i3_a_record_that_is_not_there_is_waited_for_while_the_message_is_young() {
    let scene = scene(Shape::Data, |options| options).await;
    let (sink, till) = scene.before_a_till();
    let event = thin(&scene.clock, "m-2");
    assert!(scene.too_early(&sink, &event).await.is_some());
    // Here it is.
    let late = json!({"id": "m-2", "type": "text", "content": {"body": "late"}});
    let add = |play: &mut stand_in::Wazapin| {
        *play = std::mem::replace(play, stand_in::Wazapin::new(KEY)).message(late.clone());
    };
    scene.stand_in.with(add);
    assert!(scene.too_early(&sink, &event).await.is_none());
    assert_eq!(text(&till.0.lock().unwrap()[0]), "late");

    let old = thin(&scene.clock, "m-3");
    scene.clock.advance(Duration::from_secs(60));
    assert!(scene.too_early(&sink, &old).await.is_none());
    assert_eq!(till.0.lock().unwrap()[1], old);
}

#[tokio::test]
async fn i3_an_api_that_is_away_is_asked_again_and_one_that_wants_peace_is_left_in_it() {
    let scene = scene(Shape::Data, |options| options.timeout(Duration::from_millis(200))).await;
    let (sink, till) = scene.before_a_till();
    let event = thin(&scene.clock, "m-1");
    let wants = |seconds| Some(Duration::from_secs(seconds));
    for (forced, after, part) in [
        (Forced::error(503, Form::Html), None, "down or overloaded"),
        (Forced::too_many("7"), wants(7), "wants fewer calls"),
        (Forced::silence(), None, "did not answer in time"),
        (Forced::cut(), None, "no connection"),
        (Forced::raw(200, "text/html", "<p>hello"), None, "cannot be read"),
    ] {
        scene.stand_in.answer_next(forced);
        let (told, why) = scene.too_early(&sink, &event).await.unwrap();
        assert_eq!(told, after, "{why}");
        assert!(why.contains(part), "{why}");
    }
    assert!(scene.too_early(&sink, &event).await.is_none());
    assert_eq!(text(&till.0.lock().unwrap()[0]), TEXT);

    let mut last = thin(&scene.clock, "m-9");
    last.attempt = Some(3);
    scene.stand_in.answer_next(Forced::error(503, Form::Empty));
    assert!(scene.too_early(&sink, &last).await.is_none());
    assert_eq!(till.0.lock().unwrap()[1], last);
}

#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn p_refused_credentials_are_told_of_once_an_hour_and_events_go_on() {
    let written = Written::default();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(written.clone())
        .finish();
    let _log = tracing::subscriber::set_default(log);
    let scene = scene(Shape::Data, |options| options).await;
    let (sink, till) = scene.before_a_till();
    let told = || {
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        for secret in [KEY, PHONE, TEXT, "m-1"] {
            assert!(!text.contains(secret), "{text}");
        }
        text.matches("refuses the key").count()
    };
    for status in [401, 403] {
        scene.stand_in.answer_next(Forced::error(status, Form::Problem));
        let event = thin(&scene.clock, "m-1");
        assert!(scene.too_early(&sink, &event).await.is_none());
        assert_eq!(till.0.lock().unwrap().pop().unwrap(), event);
        assert_eq!(told(), 1);
        scene.clock.advance(Duration::from_secs(61));
    }
    scene.clock.advance(Duration::from_secs(3_600));
    scene.stand_in.answer_next(Forced::error(401, Form::Problem));
    let mut event = thin(&scene.clock, "m-1");
    assert_eq!(scene.enricher.enrich(&mut event).await, Outcome::Refused);
    assert_eq!(told(), 2);
    scene.clock.advance(Duration::from_secs(61));
    assert_eq!(scene.enricher.enrich(&mut event).await, Outcome::Filled);
}

#[tokio::test]
async fn an_answer_that_is_no_record_of_the_message_fills_nothing() {
    let scene = scene(Shape::Data, |options| options).await;
    let other = json!({"data": {"id": "m-7", "type": "text", "content": {"text": TEXT}}});
    for (body, wanted) in [
        (other.to_string(), Some(ErrorKind::Unreadable)),
        ("[]".to_owned(), Some(ErrorKind::Unreadable)),
        ("{}".to_owned(), None),
    ] {
        scene
            .stand_in
            .answer_next(Forced::raw(200, "application/json", body.clone()));
        let mut event = thin(&scene.clock, "m-1");
        let outcome = scene.enricher.enrich(&mut event).await;
        match wanted {
            Some(kind) => assert!(
                matches!(outcome, Outcome::Failed { kind: told, .. } if told == kind),
                "{body}"
            ),
            None => assert_eq!(outcome, Outcome::NothingToFill),
        }
        assert_eq!(event, thin(&scene.clock, "m-1"));
    }
}
