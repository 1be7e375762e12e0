//! Every fault, for every provider and every scheme that it may be configured with: exactly the promised answer (A).

use serde_json::{Value, json};
use wahook_providers::provider;
use wahook_testkit::{Fault, samples};

use super::program::{Gateway, Hook};

/// What a scheme notices, written down a second time.
struct Scheme {
    provider: &'static str,
    name: &'static str,
    options: &'static [&'static str],
    refused: &'static str,
    binds_body: bool,
    binds_time: bool,
}

const SCHEMES: &[Scheme] = &[
    Scheme {
        provider: "wazapin",
        name: "wazapin",
        options: &[],
        refused: "403",
        binds_body: true,
        binds_time: true,
    },
    Scheme {
        provider: "waping",
        name: "waping",
        options: &[],
        refused: "401",
        binds_body: true,
        binds_time: false,
    },
    Scheme {
        provider: "waping",
        name: "waping-512",
        options: &["algorithm=sha512", "encoding=base64"],
        refused: "401",
        binds_body: true,
        binds_time: false,
    },
    Scheme {
        provider: "waping",
        name: "waping-token",
        options: &["scheme=token"],
        refused: "401",
        binds_body: false,
        binds_time: false,
    },
    Scheme {
        provider: "wawp",
        name: "wawp",
        options: &[],
        refused: "401",
        binds_body: false,
        binds_time: false,
    },
    Scheme {
        provider: "wawp",
        name: "wawp-header",
        options: &["scheme=header-token"],
        refused: "401",
        binds_body: false,
        binds_time: false,
    },
    Scheme {
        provider: "wawp",
        name: "wawp-512",
        options: &["scheme=hmac-sha512"],
        refused: "401",
        binds_body: true,
        binds_time: false,
    },
    Scheme {
        provider: "wawp",
        name: "wawp-256",
        options: &["scheme=hmac-sha256"],
        refused: "401",
        binds_body: true,
        binds_time: false,
    },
];

fn promised(scheme: &Scheme, fault: Fault) -> Value {
    let refused = scheme.refused;
    match fault {
        Fault::Duplicate | Fault::Conflict => json!({ "200": 2 }),
        Fault::Concurrent => json!({ "200": 8 }),
        Fault::Tamper | Fault::Reencode | Fault::Truncate if scheme.binds_body => json!({ refused: 1 }),
        Fault::Stale | Fault::Future if scheme.binds_time => json!({ refused: 1 }),
        Fault::WrongSecret => json!({ refused: 1 }),
        Fault::Oversize => json!({ "413": 1 }),
        Fault::Slow => json!({ "408": 1 }),
        _ => json!({ "200": 1 }),
    }
}

fn event(hook: &Hook) -> String {
    let all = samples(hook.row.id);
    let message = all
        .iter()
        .find(|sample| sample.name().starts_with("message"))
        .or(all.first());
    message.unwrap().name()
}

#[test]
fn a_every_fault_gets_the_promised_answer() {
    let hooks = SCHEMES.iter().map(|scheme| {
        let options = scheme.options.iter().map(|&option| option.to_owned()).collect();
        (
            provider(scheme.provider).unwrap(),
            scheme.name.to_owned(),
            options,
        )
    });
    let gateway = Gateway::with_hooks("faults", "[limits]\nidle = \"300ms\"", hooks.collect());
    for (scheme, hook) in SCHEMES.iter().zip(&gateway.hooks) {
        for (number, fault) in (1..).zip(Fault::ALL) {
            let number = number.to_string();
            let (code, report) = gateway.send(
                hook,
                &event(hook),
                &["--fault", fault.as_str(), "--number", &number],
            );
            let what = format!("{} {fault}: {report}", scheme.name);
            assert_eq!(report["answers"], promised(scheme, *fault), "{what}");
            assert_eq!(
                code, 0,
                "the sender expects another answer than is promised: {what}"
            );
        }
    }
}

#[test]
fn a_what_was_refused_was_not_printed() {
    let gateway = Gateway::start("refused", "[limits]\nidle = \"300ms\"");
    for hook in &gateway.hooks {
        for fault in ["wrong-secret", "oversize", "slow"] {
            let (code, report) = gateway.send(hook, &event(hook), &["--fault", fault]);
            assert_eq!(code, 0, "{} {fault}: {report}", hook.row.id);
        }
    }
    assert_eq!(gateway.end(), Vec::<String>::new());
}

#[test]
fn an_unexpected_answer_is_exit_code_1() {
    let gateway = Gateway::start("unexpected", "");
    let hook = gateway.hooks.first().unwrap();
    let (code, report) = gateway.send(hook, &event(hook), &["--expect", "202"]);
    assert_eq!(
        (code, &report["ok"], &report["unexpected"]),
        (1, &json!(false), &json!({ "200": 1 }))
    );
}
