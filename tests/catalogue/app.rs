//! An app as a user writes it, and a provider that calls it.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::State};
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;
use tower::ServiceExt as _;
use wahook_axum::{Events, accept, endpoint};
use wahook_core::{Clock, Endpoint, Secret, guard::GuardStore, inbox::Inbox};
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::{
    Outgoing, Sender,
    conform::{Conform, Counter, InProcess, Scenario, Verdict},
    sample,
};
use wahook_tower::{Intake, Stack, in_memory};

pub(crate) const PATH: &str = "/hooks/one";

/// One endpoint, and the provider's side of it.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) sender: Sender,
    pub(crate) secret: String,
}

impl Hook {
    pub(crate) fn of(provider: &str) -> Self {
        Self::with(provider, &Value::Null)
    }

    /// With these options of the provider.
    pub(crate) fn with(provider: &str, options: &Value) -> Self {
        let row = wahook_providers::provider(provider).unwrap();
        let secret = (row.make_secret)([3; 32]);
        let options = Options::new(options.as_object().cloned().unwrap_or_default());
        let endpoint = (row.build)("one", secret.as_str().try_into().unwrap(), &options).unwrap();
        let url = format!("https://example.com{PATH}").parse().unwrap();
        let sender = Sender::new(endpoint, Secret::new(secret.as_str()).unwrap(), url);
        Self { sender, secret }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        PROVIDERS.iter().map(|row| Self::of(row.id))
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.sender.endpoint().clone()
    }

    /// The n-th message of a contact.
    pub(crate) fn message(&self, n: u64) -> Outgoing {
        let name = match self.endpoint().provider().id() {
            "generic" | "waping" => "message.received",
            "wazapin" => "message.new",
            _ => "message",
        };
        let provider = self.endpoint().provider().id();
        Outgoing::personalise(&sample(provider, name).unwrap(), n)
    }

    pub(crate) fn signed(&self, outgoing: &Outgoing) -> Request<Body> {
        let now = wahook_tower::SystemClock::new().now();
        self.signed_at(outgoing, now)
    }

    pub(crate) fn signed_at(&self, outgoing: &Outgoing, at: Timestamp) -> Request<Body> {
        self.sender.request(outgoing, at).unwrap().map(Body::from)
    }

    /// An app with a handler, and a guard of its own.
    pub(crate) fn app(&self, counter: &Counter) -> Router {
        self.guarded(counter, in_memory())
    }

    pub(crate) fn guarded(&self, counter: &Counter, store: Arc<dyn GuardStore>) -> Router {
        // Without the keys of events: they would hide what is wrong with those of deliveries.
        let stack = Stack::with_store(self.endpoint(), store);
        Router::new().route(PATH, endpoint(stack, work, counter.clone()))
    }

    /// An app that stores deliveries before it answers.
    pub(crate) fn stored(&self, inbox: Arc<dyn Inbox>) -> Router {
        Router::new().route(PATH, accept(Intake::new(self.endpoint(), inbox)))
    }

    /// The same, by another clock.
    pub(crate) fn stored_by(&self, inbox: Arc<dyn Inbox>, clock: Arc<dyn Clock>) -> Router {
        Router::new().route(PATH, accept(Intake::new(self.endpoint(), inbox).clock(clock)))
    }

    /// What the conformance kit says of our own app in this scenario.
    pub(crate) async fn stands(&self, scenario: Scenario) -> Verdict {
        let counter = Counter::default();
        let kit = Conform::new(self.sender.clone(), InProcess::new(self.app(&counter)));
        let report = kit.observe(counter).only([scenario]).run().await.unwrap();
        let verdict = report.finding(scenario).unwrap().verdict;
        assert!(verdict <= Verdict::Pass, "{report}");
        verdict
    }
}

async fn work(State(counter): State<Counter>, Events(events): Events) -> StatusCode {
    if counter.must_fail() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    sleep(Duration::from_millis(300)).await;
    counter.add(events.len() as u64);
    StatusCode::OK
}

/// The answer: its status, and whether it says when to come again.
pub(crate) async fn ask(app: &Router, request: Request<Body>) -> (u16, bool) {
    let answer = app.clone().oneshot(request).await.unwrap();
    let says_when = answer.headers().contains_key("retry-after");
    (answer.status().as_u16(), says_when)
}

/// Every provider.
pub(crate) const EVERY: usize = PROVIDERS.len();

/// A scenario of the kit, for every provider; so many of them have it.
pub(crate) async fn all_stand(scenario: Scenario, so_many: usize) {
    let mut passed = 0;
    for hook in Hook::all() {
        passed += usize::from(hook.stands(scenario).await == Verdict::Pass);
    }
    assert_eq!(passed, so_many, "{scenario}");
}
