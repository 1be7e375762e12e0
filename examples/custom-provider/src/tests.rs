//! A stranger's provider keeps the same promises: the numbered contract, and an app that uses it.

use axum::body::Body;
use tower::ServiceExt;
use wahook::{Clock, Secret, tower::SystemClock};
use wahook_testkit::{Fault, Outgoing, Sender};

const SECRET: &str = "0123456789abcdef";
const LETTER: &str = r#"{"id":"l-1","line":"dev-1","from":"15550000001","text":"coo"}"#;

#[tokio::test]
async fn the_app_takes_what_pigeon_signed_and_nothing_else() {
    let app = super::app(SECRET.try_into().unwrap()).unwrap();
    let endpoint = super::pigeon("loft", SECRET.try_into().unwrap()).unwrap();
    let sender = Sender::new(
        endpoint,
        Secret::new(SECRET).unwrap(),
        "/hooks/loft".parse().unwrap(),
    );
    for fault in [
        None,
        Some(Fault::Duplicate),
        Some(Fault::Tamper),
        Some(Fault::Truncate),
    ] {
        for shot in sender
            .plan(fault, &Outgoing::new("1", LETTER), SystemClock::new().now())
            .unwrap()
            .shots
        {
            let answer = app.clone().oneshot(shot.request.map(Body::from)).await.unwrap();
            assert!(
                shot.expected.takes(answer.status()),
                "{fault:?}: {}",
                answer.status()
            );
        }
    }
}

wahook_testkit::provider_contract!(
    super::Pigeon,
    vec![wahook_testkit::Sample::new("pigeon", "letter", LETTER.as_bytes())]
);
