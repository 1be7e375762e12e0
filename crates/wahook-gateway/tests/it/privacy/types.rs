//! What a program prints that has `{:?}` in the wrong place.

use bytes::Bytes;
use http::Uri;
use wahook_core::{
    Secret, Secrets,
    guard::{Claim, Prepared},
    inbox::Incoming,
};
use wahook_gateway::config;
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::{Outgoing, Sender};

use super::{
    Output,
    canary::{ADDRESS, ADMIN, DESK, HEADER, LINE, NAME, PHONE, QUERY, SHOP, SINK, TEXT},
    traffic::Signatures,
    without,
};
use crate::program::folder;

pub(super) fn debug() -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut look = |name: &str, debug: &dyn std::fmt::Debug| {
        outputs.push(Output::new(name, format!("{debug:?} {debug:#?}")));
    };
    for (provider, secret) in [("wazapin", SHOP), ("waping", DESK), ("wawp", LINE)] {
        let one = Secret::new(secret).unwrap();
        look("Secret", &one);
        let all = Secrets::try_from(secret).unwrap();
        look("Secrets", &all);
        let row = PROVIDERS.iter().find(|row| row.id == provider).unwrap();
        let endpoint = (row.build)("x", all, &Options::default()).unwrap();
        look("Endpoint", &endpoint);
        let url: Uri = "http://127.0.0.1/hooks/x".parse().unwrap();
        look("Sender", &Sender::new(endpoint.clone(), one, url.clone()));
        look("Verifier", &endpoint.verifier());
        let head = http::Request::post(url).body(()).unwrap().into_parts().0;
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        match endpoint.begin(&head, now) {
            Ok(mut check) => {
                check.update(Bytes::from_static(b"{}"));
                look(
                    "Check",
                    &check.finish().map(|_| ()).map_err(|(refusal, _)| refusal),
                );
            }
            Err(refusal) => {
                look("Refusal", &refusal);
                look("Refusal", &refusal.to_string());
            }
        }
    }
    look("SecretError", &Secrets::try_from("").err());
    let file = folder("p1-types").join("wahook.toml");
    let toml = format!(
        "store = \"redis://:{ADDRESS}@host/\"\ninbox = \"none\"\n[admin]\ntoken = \"{ADMIN}\"\n\
         [[endpoint]]\nname = \"shop\"\nprovider = \"wazapin\"\nsecret = \"{SHOP}\"\n\
         [[endpoint]]\nname = \"desk\"\nprovider = \"waping\"\nsecrets = [\"{DESK}\", \"{LINE}\"]\n\
         [[sink]]\nname = \"a\"\ntype = \"http\"\nurl = \"https://host/?token={ADDRESS}\"\nsecret = \"{SINK}\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    match config::load(&file, []) {
        Ok(loaded) => look("Config", &loaded.config),
        Err(error) => look("LoadError", &error),
    }
    outputs
}

/// What each step of a delivery leaves behind, of a request that is full of canaries.
pub(super) fn on_their_way() -> Vec<Output> {
    let mut outputs = Vec::new();
    let mut signatures = Signatures::default();
    for (provider, secret) in [("wazapin", SHOP), ("waping", DESK), ("wawp", LINE)] {
        let mut look = |name: &str, debug: &dyn std::fmt::Debug| {
            outputs.push(Output::new(
                format!("{name} of {provider}"),
                format!("{debug:?} {debug:#?}"),
            ));
        };
        let row = PROVIDERS.iter().find(|row| row.id == provider).unwrap();
        let endpoint = (row.build)("x", Secrets::try_from(secret).unwrap(), &Options::default()).unwrap();
        let url: Uri = format!("http://127.0.0.1/hooks/x?q={QUERY}").parse().unwrap();
        let sender = Sender::new(endpoint.clone(), Secret::new(secret).unwrap(), url);
        let body = format!(r#"{{"from": "{PHONE}", "name": "{NAME}", "text": "{TEXT}"}}"#);
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let outgoing = Outgoing::new("msg_1", body);
        let (mut head, body) = sender.request(&outgoing, now).unwrap().into_parts();
        head.headers.insert("user-agent", HEADER.parse().unwrap());
        signatures.of_headers(&head.headers);
        let mut check = endpoint.begin(&head, now).unwrap();
        look("Check", &check);
        check.update(body);
        look("Check", &check);
        let verified = check.finish().unwrap();
        look("Verified", &verified);
        look("Proof", verified.proof());
        endpoint.verifier().redact(&mut head);
        let prepared = Prepared::new(verified.clone(), &head.headers, [7; 10]);
        look("Prepared", &prepared);
        look("Admission", &prepared.admit(Claim::Fresh { conflict: false }));
        let fresh = Prepared::new(verified.clone(), &head.headers, [7; 10]).accept_without_dedupe();
        look("Fresh", &fresh);
        look("Delivery", fresh.delivery());
        look("Incoming", &Incoming::new(verified, &head.headers, [7; 10]));
    }
    without(outputs, &signatures.into_canaries())
}
