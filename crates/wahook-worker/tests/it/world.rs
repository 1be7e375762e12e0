//! An inbox, a provider that fills it, and a worker on tokio's clock.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;
use wahook_core::{
    BoxFuture, Clock,
    inbox::{Accepted, DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Inbox, Incoming, Order},
    model::Event,
    sink::{Delivered, Sink},
};
use wahook_testkit::inbox::{Deliveries, MemoryInbox};
use wahook_worker::{Observer, Options, Plan, Retries, Signal, Workers};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// Nothing here takes this long: what does not come to an end fails.
const EVER: Duration = Duration::from_secs(2 * 3600);

/// What must come to an end.
pub(crate) async fn end<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(EVER, future)
        .await
        .expect("it comes to an end")
}

/// Lets time pass, and all that it brings happen.
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Tokio's clock, which a test lets jump.
#[derive(Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::constant(1_767_225_600, 0) + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) struct World {
    pub(crate) inbox: Arc<MemoryInbox>,
    pub(crate) shop: Deliveries,
    pub(crate) signals: Arc<Signals>,
    clock: Arc<dyn Clock>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TokioClock(Instant::now()));
        Self {
            inbox: Arc::new(MemoryInbox::new(Arc::clone(&clock))),
            shop: Deliveries::of("wawp", "shop"),
            signals: Arc::default(),
            clock,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        Plan::new().endpoint(self.shop.endpoint().clone())
    }

    pub(crate) fn options(&self) -> Options {
        Options::default()
            .clock(Arc::clone(&self.clock))
            .observer(self.signals.clone())
            .lease(LEASE)
    }

    pub(crate) fn start(&self, plan: Plan) -> Workers {
        self.start_with(plan, self.options())
    }

    pub(crate) fn start_with(&self, plan: Plan, options: Options) -> Workers {
        Workers::start(self.inbox.clone(), plan, options)
    }

    pub(crate) async fn accept(&self, incoming: Incoming) {
        let accepted = self.inbox.accept(incoming).await.unwrap();
        assert_eq!(accepted, Accepted::Stored { conflict: false });
    }

    /// A contact says something in a chat.
    pub(crate) async fn say(&mut self, chat: &str, text: &str) {
        let incoming = self.shop.message("A1B2C3", chat, text);
        self.accept(incoming).await;
    }

    pub(crate) async fn events(&self) -> Vec<EventRow> {
        let query = EventQuery {
            order: Order::Oldest,
            limit: 10_000,
            ..EventQuery::default()
        };
        self.inbox.events(&query).await.unwrap()
    }

    pub(crate) async fn dead(&self) -> Vec<DeadLetter> {
        let query = DeadQuery {
            limit: 10_000,
            ..DeadQuery::default()
        };
        self.inbox.dead(&query).await.unwrap()
    }

    /// Events of a sink that are not done.
    pub(crate) async fn waiting(&self, sink: &str) -> u64 {
        let status = self.inbox.status().await.unwrap();
        status
            .sinks
            .iter()
            .find(|row| row.name == *sink)
            .map_or(0, |row| row.waiting)
    }
}

/// Writes down what the operator is told.
#[derive(Debug, Default)]
pub(crate) struct Signals(Mutex<Vec<String>>);

impl Observer for Signals {
    fn observe(&self, signal: &Signal<'_>) {
        wahook_worker::TracingObserver::default().observe(signal);
        self.0.lock().unwrap().push(format!("{signal:?}"));
    }
}

impl Signals {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Those of this name.
    pub(crate) fn of(&self, name: &str) -> Vec<String> {
        let mut all = self.all();
        all.retain(|signal| signal.split([' ', '{']).next() == Some(name));
        all
    }
}

/// What a message says.
pub(crate) fn text(event: &Event) -> String {
    let data = serde_json::to_value(&event.data).unwrap();
    data.pointer("/content/text")
        .and_then(|text| text.as_str())
        .unwrap_or_default()
        .to_owned()
}

pub(crate) fn texts<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    events.into_iter().map(text).collect()
}

/// Few attempts, a second apart at first.
pub(crate) fn few() -> Retries {
    Retries {
        attempts: 3,
        ..Retries::default()
    }
}

type Deliver = dyn for<'a> Fn(&'a [Event]) -> BoxFuture<'a, Delivered> + Send + Sync;

/// A sink that is a function.
pub(crate) struct FnSink(Box<Deliver>);

impl FnSink {
    pub(crate) fn new(
        deliver: impl for<'a> Fn(&'a [Event]) -> BoxFuture<'a, Delivered> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self(Box::new(deliver)))
    }
}

impl std::fmt::Debug for FnSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FnSink")
    }
}

impl Sink for FnSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        (self.0)(events)
    }
}
