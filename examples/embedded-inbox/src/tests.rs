//! The app against deliveries that are signed as the provider signs them, and against its own end.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, http::StatusCode};
use tower::ServiceExt;
use wahook::{
    Clock, Secret,
    sink::{SinkError, SinkErrorKind},
    tower::SystemClock,
};
use wahook_testkit::{Fault, Outgoing, Sender, inbox::RecordingSink, samples};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn i1_what_is_answered_reaches_the_handler_once_across_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("inbox.db");
    let endpoint = wahook::wazapin::endpoint("shop", SECRET).unwrap();
    let sender = Sender::new(
        endpoint.clone(),
        Secret::new(SECRET).unwrap(),
        "/hooks/shop".parse().unwrap(),
    );

    // A handler that is never done.
    let down = Arc::new(RecordingSink::answering(|_| {
        Err(SinkError::new(SinkErrorKind::Failed, "not today"))
    }));
    let (router, workers) = super::app(SECRET.to_owned(), &file, down.clone()).await.unwrap();
    let mut said = BTreeSet::new();
    for (n, sample) in (0..).zip(samples("wazapin").into_iter().take(10)) {
        let outgoing = Outgoing::personalise(&sample, n);
        for fault in [Some(Fault::Duplicate), Some(Fault::Tamper)] {
            let plan = sender.plan(fault, &outgoing, SystemClock::new().now()).unwrap();
            for shot in plan.shots {
                let answer = router
                    .clone()
                    .oneshot(shot.request.map(Body::from))
                    .await
                    .unwrap();
                assert!(
                    shot.expected.takes(answer.status()),
                    "{fault:?}: {}",
                    answer.status()
                );
                assert!(fault != Some(Fault::Duplicate) || answer.status() == StatusCode::OK);
            }
        }
        said.insert(n);
    }
    assert!(!said.is_empty());
    drop(router);
    workers.stop(PATIENCE).await;
    drop(workers);
    assert!(down.done().is_empty());

    // Another life of the program.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = seen.clone();
    let up = wahook_worker::handler(move |event| {
        inner.lock().unwrap().push(event);
        async { Ok::<_, std::io::Error>(()) }
    });
    let (router, workers) = super::app(SECRET.to_owned(), &file, up).await.unwrap();
    let outgoing = Outgoing::personalise(&samples("wazapin")[0], 99);
    let request = sender.request(&outgoing, SystemClock::new().now()).unwrap();
    let answer = router.clone().oneshot(request.map(Body::from)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let waited = tokio::time::timeout(PATIENCE, async {
        while seen.lock().unwrap().len() < said.len() + 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(waited.await.is_ok(), "{} came", seen.lock().unwrap().len());
    workers.stop(PATIENCE).await;
    let keys: Vec<_> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|event| event.key.clone())
        .collect();
    let different: BTreeSet<_> = keys.iter().collect();
    assert_eq!(different.len(), keys.len(), "each of them once");
}
