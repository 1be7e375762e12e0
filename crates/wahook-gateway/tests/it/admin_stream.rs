//! Events as they are filed.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, BodyDataStream},
};
use futures_util::StreamExt;
use http::{Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;
use wahook_core::{guard::StoreErrorKind, inbox::Inbox};
use wahook_testkit::inbox::Verb;

use crate::admin_scene::{CANARIES, Scene};

/// Reads a stream by its messages: name, id and data.
struct Listener {
    parts: BodyDataStream,
    text: String,
}

impl Listener {
    async fn at(router: &Router, path: &str, last: Option<i64>) -> Self {
        let mut request = Request::get(path).header("host", "localhost");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let answer = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self {
            parts: answer.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    async fn next(&mut self) -> (String, Option<i64>, String) {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    message
                        .lines()
                        .find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
                };
                let Some(data) = field("data:") else { continue };
                let name = field("event:").unwrap_or_default();
                return (name, field("id:").map(|id| id.parse().unwrap()), data);
            }
            let part = tokio::time::timeout(Duration::from_secs(20), self.parts.next());
            let part = part.await.expect("nothing came").unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&part).unwrap());
        }
    }
}

async fn say(scene: &mut Scene, text: &str) {
    let incoming = scene.shop.message("15557770001", "15557770002@c.us", text);
    scene.inbox.accept(incoming).await.unwrap();
    scene.work().await;
}

#[tokio::test]
async fn what_is_filed_while_somebody_listens_is_told_in_order_and_masked() {
    let mut scene = Scene::with(2).await;
    let router = scene.router();
    let mut listener = Listener::at(&router, "/api/v1/events/stream", None).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        say(&mut scene, &format!("canary-text {number}")).await;
        let (name, id, data) = listener.next().await;
        assert_eq!(name, "");
        let event: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(event["cursor"].as_i64(), id);
        for canary in CANARIES {
            assert!(!data.contains(canary), "{data}");
        }
        ids.push(id.unwrap());
    }
    assert!(ids.is_sorted());

    // Whoever comes back says how far it was, and misses nothing.
    let mut back = Listener::at(&router, "/api/v1/events/stream", Some(ids[0])).await;
    assert_eq!(back.next().await.1, Some(ids[1]));
    assert_eq!(back.next().await.1, Some(ids[2]));
    let path = format!("/api/v1/events/stream?after={}", ids[1]);
    assert_eq!(
        Listener::at(&router, &path, None).await.next().await.1,
        Some(ids[2])
    );
}

#[tokio::test]
async fn a_filter_leaves_the_others_out() {
    let mut scene = Scene::empty();
    let router = scene.router();
    let mut listener = Listener::at(&router, "/api/v1/events/stream?chat=15557770009%40c.us", None).await;
    say(&mut scene, "not this").await;
    let incoming = scene.shop.message("15557770001", "15557770009@c.us", "this");
    scene.inbox.accept(incoming).await.unwrap();
    scene.work().await;
    let (_, _, data) = listener.next().await;
    let event: Value = serde_json::from_str(&data).unwrap();
    assert_eq!(event["place"], 0);
    let all = scene.inbox.clone();
    let rows = wahook_core::inbox::Desk::events(
        &*all,
        &wahook_core::inbox::EventQuery {
            limit: 10,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    assert_eq!(
        event["cursor"].as_i64().unwrap(),
        rows[0].cursor,
        "the second one"
    );
}

#[tokio::test]
async fn i5_an_outage_is_told_and_the_stream_goes_on_after_it() {
    let mut scene = Scene::with(1).await;
    let router = scene.router();
    let mut listener = Listener::at(&router, "/api/v1/events/stream", None).await;
    scene.inbox.fail_next(Verb::Ask, StoreErrorKind::Unavailable);
    let (name, _, why) = listener.next().await;
    assert_eq!(name, "trouble");
    assert!(why.contains("unavailable"), "{why}");
    say(&mut scene, "after").await;
    assert!(listener.next().await.1.is_some());
}
