//! Does this request come from the provider? The whole check, against the MAC that no check can do without.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac};
use http::{HeaderValue, Request, request::Parts};
use jiff::Timestamp;
use sha2::{Sha256, Sha512};
use wahook_core::Endpoint;
use wahook_providers::{
    wawp::{self, Scheme},
    wazapin,
};
use webhook_verify::VerifyOptions;

use crate::{
    Group,
    count::Against,
    harness::Subject,
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::{Family, SECRET, Signer, mac, message},
};

/// How much longer than the MAC alone the check may take, and how much longer than we `svix` takes at least.
const SIZES: [(&str, usize, f64, f64); 4] = [
    ("250 B", 250, 1.30, 5.0),
    ("700 B", 700, 1.15, 5.0),
    ("4 KiB", 4096, 1.06, 4.5),
    ("64 KiB", 65536, 1.06, 4.5),
];

pub const GROUP: Group = Group {
    name: "verify",
    about: "the whole check of a signature, against the HMAC alone with a kept key",
    run,
    is_counted: true,
};

const BARE: &str = "HMAC-SHA256 alone";
const OURS: &str = "wahook";
const TWO: &str = "wahook, two secrets, signed with the second";
const SVIX: &str = "svix";

fn run(report: &mut Report) {
    for size in SIZES {
        standard_webhooks(report, size);
    }
    let sha256 = || Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length");
    body_hmac(
        report,
        "SHA-256",
        Scheme::hmac_sha256(),
        "x-wawp-signature",
        sha256,
    );
    let sha512 = || Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).expect("any length");
    body_hmac(report, "SHA-512", Scheme::hmac_sha512(), "x-webhook-hmac", sha512);
}

fn standard_webhooks(report: &mut Report, (size, bytes, most, svix_least): (&str, usize, f64, f64)) {
    let endpoint = wazapin::endpoint("shop", SECRET).expect("a good secret");
    let other = format!("whsec_{}", STANDARD.encode([9; 32]));
    let rotating = || {
        let secrets = vec![other.clone(), SECRET.to_owned()];
        wazapin::endpoint("shop", secrets).expect("two good secrets")
    };
    // One of each row: it remembers which secret fitted last.
    let (second, by_turns) = (rotating(), rotating());
    let svix = svix::webhooks::Webhook::new(SECRET).expect("a good secret");
    let standard = standardwebhooks::Webhook::new(SECRET).expect("a good secret");
    let webhook_verify = webhook_verify::Secret::new(SECRET);
    let options = || VerifyOptions::default().with_max_age(Some(Duration::from_secs(300)));
    let kept = mac(SECRET);
    let body = message(bytes);
    // Each library gets the header names that it looks for first.
    let (head, body) = Signer::new(Family::Svix).sign(&body).into_parts();
    let (unbranded, _) = Signer::new(Family::Webhook).sign(&body).into_parts();
    let (of_the_other, _) = Signer::with(&other, Family::Svix).sign(&body).into_parts();
    let mut turns = [&of_the_other, &head].into_iter().cycle();
    prove(&endpoint, &head, &body);
    prove(&second, &head, &body);
    prove(&by_turns, &of_the_other, &body);
    let signed = ["svix-id", "svix-timestamp"].map(|name| head.headers[name].as_bytes());
    let bare = || {
        let mut mac = kept.clone();
        for part in signed {
            mac.update(part);
            mac.update(b".");
        }
        mac.update(&body);
        mac.finalize().into_bytes()
    };
    let what = format!("verify, Standard Webhooks, {size}");
    let lines = report.table(
        &what,
        Against::Part,
        &mut [
            Subject::new(BARE, bare),
            Subject::new(OURS, || check(&endpoint, &head, &body)),
            Subject::new(TWO, || check(&second, &head, &body)),
            Subject::with_input(
                "wahook, two secrets, signed by turns",
                move || turns.next().expect("it goes round"),
                |head| check(&by_turns, head, &body),
            ),
            Subject::new("svix 2.9", || {
                svix.verify(&body, &head.headers).expect("a good signature")
            }),
            Subject::new("standardwebhooks 1.0", || {
                standard
                    .verify(&body, &unbranded.headers)
                    .expect("a good signature");
            }),
            Subject::new("webhook-verify 0.1", || {
                webhook_verify::verify(
                    webhook_verify::Provider::StandardWebhooks,
                    &unbranded.headers,
                    &body,
                    &webhook_verify,
                    options(),
                )
                .expect("a good signature");
            }),
        ],
    );
    report.goal(
        format!("{what}, over HMAC alone"),
        lines.ratio(OURS, BARE),
        AtMost(most),
    );
    report.goal(
        format!("{what}, requests for memory"),
        lines.allocations(OURS),
        AtMost(0.0),
    );
    report.goal(
        format!("{what}, `svix` over wahook"),
        lines.ratio(SVIX, OURS),
        AtLeast(svix_least),
    );
    report.goal(
        format!("{what}, two secrets over one"),
        lines.ratio(TWO, OURS),
        AtMost(1.1),
    );
}

const KEY: &str = "b5c1f9e0d7a84c3e9f02";

fn body_hmac<M: Mac + Clone>(
    report: &mut Report,
    name: &str,
    scheme: Scheme,
    header: &'static str,
    key: impl FnOnce() -> M,
) {
    let endpoint = wawp::endpoint_with("shop", KEY, scheme, None).expect("a good secret");
    let kept = key();
    for (size, bytes) in [("250 B", 250), ("700 B", 700), ("4 KiB", 4096)] {
        let body = message(bytes);
        let bare = || {
            let mut mac = kept.clone();
            mac.update(&body);
            mac.finalize().into_bytes()
        };
        let (mut head, ()) = Request::post("/hooks/shop").body(()).expect("plain").into_parts();
        let hex: String = bare().iter().map(|byte| format!("{byte:02x}")).collect();
        let value = HeaderValue::from_str(&hex).expect("visible ASCII");
        head.headers.insert(header, value);
        prove(&endpoint, &head, &body);
        let what = format!("verify, {name} of the body in hex, {size}");
        let lines = report.table(
            &what,
            Against::Part,
            &mut [
                Subject::new("HMAC alone", bare),
                Subject::new(OURS, || check(&endpoint, &head, &body)),
            ],
        );
        report.goal(
            format!("{what}, over HMAC alone"),
            lines.ratio(OURS, "HMAC alone"),
            AtMost(1.1),
        );
    }
}

fn check(endpoint: &Endpoint, head: &Parts, body: &Bytes) -> wahook_core::Verified {
    let mut check = endpoint.begin(head, Timestamp::now()).expect("a good head");
    check.update(body.clone());
    check.finish().expect("a good signature")
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
