//! The whole way of a delivery in one process, without sockets: each way is called as a tower service with a freshly
//! signed request. Signing is not measured.

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode};
use tower::{Service as _, ServiceExt as _};

use crate::{
    Group,
    apps::{self, App},
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

fn run(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for (size, bytes) in [("700 B", 700), ("20 KiB", 20 * 1024)] {
        let body = message(bytes);
        let mut subjects: Vec<_> = apps::ALL
            .iter()
            .map(|App { name, make, guards }| {
                let app = make();
                let mut signer = Signer::new(Family::Svix);
                if *guards {
                    runtime.block_on(prove(&app, &mut signer, &body));
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
        report.table(&format!("stack, {size}"), &mut subjects);
    }
}

/// A stack that lets everything through would be fast.
async fn prove(app: &Router, signer: &mut Signer, body: &bytes::Bytes) {
    let call = async |request: Request<Body>| -> Response<Body> {
        app.clone().oneshot(request).await.expect("a router never fails")
    };
    let mut forged = signer.sign(body);
    *forged.body_mut() = bytes::Bytes::from_static(b"{}");
    assert!(
        !call(forged.map(Body::from)).await.status().is_success(),
        "a forged body is accepted"
    );
    assert!(
        call(signer.sign(body).map(Body::from))
            .await
            .status()
            .is_success(),
        "a good request is refused"
    );
}
