//! All providers, one handler, each event once.

use axum::{body::Body, http::StatusCode};
use tower::ServiceExt;
use wahook::{Clock, Endpoint, Secret, tower::SystemClock, waping, wawp, wazapin};
use wahook_testkit::{Outgoing, Sender, sample};

const WAZAPIN: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHERS: &str = "0123456789abcdef";

fn sender(endpoint: Endpoint, secret: &str, path: &str) -> Sender {
    Sender::new(endpoint, Secret::new(secret).unwrap(), path.parse().unwrap())
}

#[tokio::test]
async fn the_same_message_comes_once_whoever_repeats_it() {
    let (out, mut events) = tokio::sync::mpsc::channel(10);
    let secrets = super::Secrets {
        waping: OTHERS.into(),
        wazapin: WAZAPIN.into(),
        wawp: OTHERS.into(),
    };
    let app = super::app(secrets, out).unwrap();
    let providers = [
        (
            sender(waping::endpoint("a", OTHERS).unwrap(), OTHERS, "/hooks/alerts"),
            "waping",
            "message.received",
        ),
        (
            sender(wazapin::endpoint("a", WAZAPIN).unwrap(), WAZAPIN, "/hooks/shop"),
            "wazapin",
            "message.new",
        ),
        (
            sender(wawp::endpoint("a", OTHERS).unwrap(), OTHERS, "/hooks/line"),
            "wawp",
            "message",
        ),
        // The same message again, under the other event's name.
        (
            sender(wawp::endpoint("a", OTHERS).unwrap(), OTHERS, "/hooks/typed"),
            "wawp",
            "message",
        ),
    ];
    for (sender, provider, event) in providers {
        let outgoing = Outgoing::personalise(&sample(provider, event).unwrap(), 1);
        for _ in 0..2 {
            let request = sender.request(&outgoing, SystemClock::new().now()).unwrap();
            assert_eq!(
                app.clone()
                    .oneshot(request.map(Body::from))
                    .await
                    .unwrap()
                    .status(),
                StatusCode::OK
            );
        }
    }
    drop(app);
    let mut providers = Vec::new();
    while let Some(event) = events.recv().await {
        assert_eq!(event.kind().as_str(), "message.received");
        providers.push(event.provider);
    }
    assert_eq!(providers, ["waping", "wazapin", "wawp"]);
}

#[tokio::test]
async fn an_event_that_cannot_be_taken_now_is_sent_again() {
    let (out, mut events) = tokio::sync::mpsc::channel(1);
    let secrets = super::Secrets {
        waping: OTHERS.into(),
        wazapin: WAZAPIN.into(),
        wawp: OTHERS.into(),
    };
    let app = super::app(secrets, out).unwrap();
    let sender = sender(waping::endpoint("a", OTHERS).unwrap(), OTHERS, "/hooks/alerts");
    let send = async |n| {
        let outgoing = Outgoing::personalise(&sample("waping", "message.received").unwrap(), n);
        let request = sender.request(&outgoing, SystemClock::new().now()).unwrap();
        app.clone()
            .oneshot(request.map(Body::from))
            .await
            .unwrap()
            .status()
    };
    assert_eq!(send(1).await, StatusCode::OK);
    assert_eq!(send(2).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(events.recv().await.is_some());
    assert_eq!(send(2).await, StatusCode::OK);
}
