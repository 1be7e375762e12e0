//! What a program prints that has `{:?}` in the wrong place.

use bytes::Bytes;
use http::Uri;
use wahook_core::{Secret, Secrets};
use wahook_gateway::config;
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::Sender;

use super::{
    Output,
    canary::{ADDRESS, ADMIN, DESK, LINE, SHOP, SINK},
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
