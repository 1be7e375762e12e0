//! The whole way of a delivery in one process, without sockets: each way is called as a tower service with a freshly
//! signed request. Signing is not measured.

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, StatusCode};
use tower::{Service as _, ServiceExt as _};

use crate::{
    Group,
    apps::{self, App, Handled},
    count::Against,
    harness::Subject,
    report::Report,
    request::{Family, Signer, message},
};

pub const GROUP: Group = Group {
    name: "stack",
    about: "verify, deduplicate, parse and answer, against an axum handler that only reads the body",
    run,
    is_counted: true,
};

/// What a table calls a body, and its length.
pub const SIZES: [(&str, usize); 2] = [("700 B", 700), ("20 KiB of text", 20 * 1024)];

fn run(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for (size, bytes) in SIZES {
        let body = message(bytes);
        let mut subjects: Vec<_> = apps::ALL
            .iter()
            .map(|App { name, make, guards }| {
                let handled = Handled::default();
                let app = make(handled.clone());
                let mut signer = Signer::new(Family::Svix);
                if *guards {
                    runtime.block_on(prove(&app, &handled, &mut signer, &body));
                }
                let body = body.clone();
                let make = move || signer.sign(&body).map(Body::from);
                Subject::with_future(*name, &runtime, make, move |request| {
                    let answer = app.clone().call(request);
                    async move {
                        let answer = answer.await.expect("a router never fails");
                        assert_eq!(answer.status(), StatusCode::OK);
                    }
                })
            })
            .collect();
        report.table(&format!("stack, {size}"), Against::Part, &mut subjects);
    }
}

/// A stack that lets everything through would be fast, and so would one that takes nothing.
async fn prove(app: &Router, handled: &Handled, signer: &mut Signer, body: &Bytes) {
    let is_taken = async |request: Request<Bytes>| -> bool {
        let answer = app.clone().oneshot(request.map(Body::from)).await;
        answer.expect("a router never fails").status().is_success()
    };
    let mut forged = signer.sign(body);
    *forged.body_mut() = Bytes::from_static(b"{}");
    assert!(!is_taken(forged).await, "a forged body is accepted");
    assert_eq!(handled.count(), 0, "a forged body is handled");
    let good = signer.sign(body);
    assert!(is_taken(good.clone()).await, "a good request is refused");
    assert!(is_taken(good).await, "a duplicate is refused");
    assert_eq!(handled.count(), 1, "what came twice is handled once");
}
