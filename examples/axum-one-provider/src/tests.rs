//! The app against deliveries that are signed as the provider signs them.

use axum::{body::Body, http::StatusCode};
use tower::ServiceExt;
use wahook::{Clock, Secret, tower::SystemClock};
use wahook_testkit::{Fault, Outgoing, Sender, samples};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[tokio::test]
async fn every_sample_is_taken_and_every_forgery_is_refused() {
    let app = super::app(SECRET.to_owned()).unwrap();
    let endpoint = wahook::wazapin::endpoint("shop", SECRET).unwrap();
    let sender = Sender::new(
        endpoint,
        Secret::new(SECRET).unwrap(),
        "/hooks/shop".parse().unwrap(),
    );
    for (n, sample) in (0..).zip(samples("wazapin")) {
        let outgoing = Outgoing::personalise(&sample, n);
        for fault in [
            None,
            Some(Fault::Duplicate),
            Some(Fault::Tamper),
            Some(Fault::WrongSecret),
        ] {
            for shot in sender
                .plan(fault, &outgoing, SystemClock::new().now())
                .unwrap()
                .shots
            {
                let answer = app.clone().oneshot(shot.request.map(Body::from)).await.unwrap();
                assert!(
                    shot.expected.takes(answer.status()),
                    "{} {fault:?}: {}",
                    sample.name(),
                    answer.status()
                );
            }
        }
    }
    let nowhere = axum::http::Request::post("/").body(Body::empty()).unwrap();
    assert_eq!(
        app.oneshot(nowhere).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}
