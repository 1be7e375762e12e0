//! What the tests of the admin API look at: an inbox with events, one sink that took them and one that gave up.

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Method, Request, StatusCode, header::HeaderMap};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use wahook_core::{
    Clock, Secret,
    inbox::{DeadQuery, Desk, EntryState, EventQuery, Inbox, Replay},
    sink::{SinkError, SinkErrorKind},
};
use wahook_gateway::admin::{self, AdminState, Health, Reader, SinkNames};
use wahook_testkit::{
    ManualClock,
    inbox::{Deliveries, MemoryInbox, RecordingSink},
};
use wahook_worker::{Options, Plan, Retries, Route, Workers};

pub(crate) const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978";
/// What must not be shown: numbers, texts, and what could be put together to them.
pub(crate) const CANARIES: [&str; 6] = [
    "15557770001",
    "15557770002",
    "+1555777",
    "canary-text",
    "Canary Name",
    "NTU1Nzc3",
];

pub(crate) struct Scene {
    pub(crate) inbox: Arc<MemoryInbox>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) health: Arc<Health>,
    pub(crate) shop: Deliveries,
}

impl Scene {
    /// Nothing has come yet.
    pub(crate) fn empty() -> Self {
        let clock = Arc::new(ManualClock::default());
        Self {
            inbox: Arc::new(MemoryInbox::new(Arc::clone(&clock) as _)),
            clock,
            health: Arc::default(),
            shop: Deliveries::of("wawp", "shop"),
        }
    }

    /// So many messages; `good` took them, `bad` gave up on each.
    pub(crate) async fn with(count: usize) -> Self {
        let mut scene = Self::empty();
        for number in 0..count {
            let text = format!("canary-text {number}");
            let incoming = scene.shop.message("15557770001", "15557770002@c.us", &text);
            scene.inbox.accept(incoming).await.unwrap();
        }
        scene.work().await;
        scene
    }

    /// Lets workers do what there is to do.
    pub(crate) async fn work(&self) {
        // The part of a reader who was here before is free when its lease is over.
        self.clock.advance(Duration::from_secs(60));
        let good = Arc::new(RecordingSink::new());
        let bad = Arc::new(RecordingSink::answering(|_| {
            Err(SinkError::new(
                SinkErrorKind::Refused,
                "HTTP 422 for +15557770002",
            ))
        }));
        let once = Retries {
            attempts: 1,
            ..Retries::default()
        };
        let plan = Plan::new()
            .endpoint(self.shop.endpoint().clone())
            .route(Route::new("good", good))
            .route(Route::new("bad", bad).retries(once));
        let options = Options::default().clock(Arc::clone(&self.clock) as Arc<dyn Clock>);
        let workers = Workers::start(Arc::clone(&self.inbox) as _, plan, options);
        loop {
            let status = self.inbox.status().await.unwrap();
            if status.unread == 0 && status.sinks.iter().all(|sink| sink.waiting == 0) {
                break;
            }
            tokio::task::yield_now().await;
        }
        workers.stop(Duration::from_secs(5)).await;
    }

    pub(crate) fn state(&self) -> AdminState {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        AdminState::new(Arc::clone(&self.inbox) as Arc<dyn Desk>, clock, [7; 16])
            .health(Arc::clone(&self.health))
            .reader(Reader::of([self.shop.endpoint().clone()]))
            .sinks(SinkNames::of(["good", "bad"].map(str::to_owned)))
    }

    /// As a gateway on this machine has it.
    pub(crate) fn router(&self) -> Router {
        admin::router(self.state().token(Secret::new(TOKEN).unwrap()))
    }

    pub(crate) async fn dead(&self) -> Vec<i64> {
        let query = DeadQuery {
            limit: 1_000,
            ..DeadQuery::default()
        };
        let dead = self.inbox.dead(&query).await.unwrap();
        dead.iter().map(|one| one.id.0).collect()
    }

    /// So many events wait for this sink, which was configured once.
    pub(crate) async fn wait_for(&self, sink: &str, count: u32) {
        let query = EventQuery {
            limit: count,
            ..EventQuery::default()
        };
        let replay = Replay {
            query,
            to: Some(sink.to_owned()),
            ..Replay::default()
        };
        self.inbox.replay(&replay).await.unwrap();
    }

    /// How many events wait for their sinks.
    pub(crate) async fn waiting(&self) -> usize {
        let query = EventQuery {
            limit: 1_000,
            ..EventQuery::default()
        };
        let rows = self.inbox.events(&query).await.unwrap();
        rows.iter()
            .flat_map(|row| &row.progress)
            .filter(|one| one.state == EntryState::Waiting)
            .count()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The kind of what is wrong.
    pub(crate) fn kind(&self) -> String {
        let json = self.json();
        let message = json["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message:?}");
        json["error"]["kind"].as_str().unwrap().to_owned()
    }
}

/// A question with these headers; the host is this machine unless they say otherwise.
pub(crate) async fn ask(
    router: &Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "localhost:8081");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = router
        .clone()
        .oneshot(request.body(Body::from(body.to_owned())).unwrap())
        .await
        .unwrap();
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: head.status,
        headers: head.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

pub(crate) async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Method::GET, path, &[], "").await
}

pub(crate) fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

/// With the token.
pub(crate) async fn get_all(router: &Router, path: &str) -> Answer {
    ask(router, Method::GET, path, &[("authorization", &bearer())], "").await
}

/// With everything that a change needs.
pub(crate) async fn post(router: &Router, path: &str, body: &str) -> Answer {
    let headers = [
        ("authorization", &*bearer()),
        ("x-wahook-request", "1"),
        ("content-type", "application/json"),
    ];
    ask(router, Method::POST, path, &headers, body).await
}
