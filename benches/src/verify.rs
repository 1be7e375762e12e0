//! Does this request come from the provider? The whole check, against the MAC that no check can do without.

use bytes::Bytes;
use hmac::Mac as _;
use http::request::Parts;
use jiff::Timestamp;
use wahook_core::Endpoint;
use wahook_providers::wazapin;

use crate::{
    Group,
    harness::{Plan, Subject, measure, print},
    request::{Family, SECRET, Signer, mac, message},
};

const SIZES: [(&str, usize); 4] = [("250 B", 250), ("700 B", 700), ("4 KiB", 4096), ("64 KiB", 65536)];

pub const GROUP: Group = Group {
    name: "verify",
    about: "the whole check of a Standard Webhooks signature, against HMAC-SHA256 alone with a kept key",
    run,
};

fn run(plan: Plan) {
    let endpoint = wazapin::endpoint("shop", SECRET).expect("a good secret");
    let svix = svix::webhooks::Webhook::new(SECRET).expect("a good secret");
    let standard = standardwebhooks::Webhook::new(SECRET).expect("a good secret");
    let kept = mac();
    for (size, bytes) in SIZES {
        let body = message(bytes);
        // Each library gets the header names that it looks for first.
        let (head, body) = Signer::new(Family::Svix).sign(&body).into_parts();
        let (unbranded, _) = Signer::new(Family::Webhook).sign(&body).into_parts();
        prove(&endpoint, &head, &body);
        let bare = || {
            let mut mac = kept.clone();
            for name in ["svix-id", "svix-timestamp"] {
                mac.update(head.headers[name].as_bytes());
                mac.update(b".");
            }
            mac.update(&body);
            mac.finalize().into_bytes()
        };
        let ours = || {
            let mut check = endpoint.begin(&head, Timestamp::now()).expect("a good head");
            check.update(body.clone());
            check.finish().expect("a good signature")
        };
        let lines = measure(
            plan,
            &mut [
                Subject::new("HMAC-SHA256 alone", bare),
                Subject::new("wahook", ours),
                Subject::new("svix 2.9", || {
                    svix.verify(&body, &head.headers).expect("a good signature")
                }),
                Subject::new("standardwebhooks 1.0", || {
                    standard
                        .verify(&body, &unbranded.headers)
                        .expect("a good signature");
                }),
            ],
        );
        print(&format!("verify, {size}"), &lines);
    }
}

/// A check that lets everything through would be fast.
fn prove(endpoint: &Endpoint, head: &Parts, body: &Bytes) {
    let verifies = |body: Bytes| {
        let mut check = endpoint.begin(head, Timestamp::now()).expect("a good head");
        check.update(body);
        check.finish().is_ok()
    };
    let mut forged = body.to_vec();
    forged[20] ^= 1;
    assert!(verifies(body.clone()), "a good signature is refused");
    assert!(!verifies(Bytes::from(forged)), "a forged body is accepted");
}
