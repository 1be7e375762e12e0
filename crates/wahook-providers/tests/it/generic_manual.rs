//! The examples of the manual, as they stand there: each is built, its vectors are computed from the vendor's own recipe,
//! and its deliveries become what the manual says.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Sha256, Sha512};
use wahook_core::{Delivery, Endpoint, guard::Prepared, model::Event};
use wahook_providers::{Options, generic};

const SECRET: &str = "the-secret-of-this-endpoint";

fn manual() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/generic.md");
    std::fs::read_to_string(path).expect("the test is sound")
}

/// The fenced blocks of a section, with their languages.
fn blocks(section: &str) -> Vec<(String, String)> {
    let manual = manual();
    let text = manual
        .split(&format!("\n## {section}\n"))
        .nth(1)
        .expect("the test is sound");
    let text = text.split("\n## ").next().expect("the test is sound");
    let mut blocks = Vec::new();
    let mut pieces = text.split("```");
    pieces.next();
    while let Some(block) = pieces.next() {
        let (language, content) = block.split_once('\n').expect("the test is sound");
        blocks.push((language.to_owned(), content.to_owned()));
        pieces.next();
    }
    blocks
}

/// The options of the one endpoint of a configuration.
fn options(configuration: &str) -> Map<String, Value> {
    let value: toml::Table = toml::from_str(configuration).expect("the test is sound");
    let endpoint = &value["endpoint"][0];
    assert_eq!(endpoint["provider"].as_str(), Some("generic"));
    assert!(endpoint["secret_file"].is_str());
    match serde_json::to_value(&endpoint["options"]).expect("the test is sound") {
        Value::Object(options) => options,
        other => panic!("{other}"),
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(key: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("the test is sound");
    parts.iter().for_each(|part| mac.update(part));
    hex(mac.finalize().into_bytes())
}

fn sha512(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("the test is sound");
    mac.update(body);
    hex(mac.finalize().into_bytes())
}

/// What the vendor's page says that it sends, worked out anew.
fn proof(section: &str, body: &[u8], at: Timestamp) -> (&'static str, String) {
    match section {
        "WAHA" => ("x-webhook-hmac", sha512(SECRET, body)),
        "Kapso" => ("x-webhook-signature", sha256(SECRET, &[body])),
        "YCloud" => {
            let time = at.as_second().to_string();
            let signature = sha256(SECRET, &[time.as_bytes(), b".", body]);
            ("ycloud-signature", format!("t={time},s={signature}"))
        }
        "Evolution API" => ("x-webhook-token", SECRET.to_owned()),
        other => panic!("{other}"),
    }
}

const SECTIONS: [&str; 4] = ["WAHA", "Kapso", "YCloud", "Evolution API"];

fn now() -> Timestamp {
    "2026-03-01T12:02:00Z".parse().expect("the test is sound")
}

/// One delivery of an example.
struct Shown {
    section: &'static str,
    endpoint: Endpoint,
    headers: HeaderMap,
    body: Bytes,
    expected: Value,
}

fn all_shown() -> Vec<Shown> {
    let mut all = Vec::new();
    for section in SECTIONS {
        let mut blocks = blocks(section).into_iter();
        let (language, configuration) = blocks.next().expect("the test is sound");
        assert_eq!(language, "toml");
        let endpoint = generic::endpoint("shown", SECRET, &Options::new(options(&configuration)))
            .unwrap_or_else(|error| panic!("{section}: {error}: {:?}", std::error::Error::source(&error)));
        while let (Some((http, request)), Some((json, expected))) = (blocks.next(), blocks.next()) {
            assert_eq!((&*http, &*json), ("http", "json"), "{section}");
            let (head, body) = request.split_once("\n\n").unwrap_or(("", &request));
            let mut headers = HeaderMap::new();
            for line in head.lines() {
                let (name, value) = line.split_once(": ").expect("the test is sound");
                headers.append(
                    name.parse::<HeaderName>().expect("the test is sound"),
                    value.parse::<HeaderValue>().expect("the test is sound"),
                );
            }
            all.push(Shown {
                section,
                endpoint: endpoint.clone(),
                headers,
                body: Bytes::from(body.trim_end().to_owned()),
                expected: serde_json::from_str(&expected).expect("the test is sound"),
            });
        }
    }
    assert_eq!(all.len(), 8);
    all
}

impl Shown {
    /// What is kept of it, if it verifies.
    fn delivered(&self, body: &Bytes, proof: (&'static str, String), at: Timestamp) -> Option<Delivery> {
        let mut request = Request::post("/hooks/shown").body(()).expect("the test is sound");
        *request.headers_mut() = self.headers.clone();
        let value = proof.1.parse().expect("the test is sound");
        request.headers_mut().insert(proof.0, value);
        let (mut head, ()) = request.into_parts();
        let mut check = self.endpoint.begin(&head, at).ok()?;
        check.update(body.clone());
        let verified = check.finish().ok()?;
        self.endpoint.verifier().redact(&mut head);
        Some(Prepared::new(verified, &head.headers, [7; 10]).delivery().clone())
    }

    fn events(&self) -> Vec<Event> {
        let proof = proof(self.section, &self.body, now());
        let delivery = self.delivered(&self.body, proof, now()).expect(self.section);
        self.endpoint.provider().read(&delivery)
    }
}

/// Every member that is expected is there.
fn assert_holds(found: &Value, expected: &Value, path: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                let path = format!("{path}.{name}");
                assert_holds(found.get(name).unwrap_or(&Value::Null), expected, &path);
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{path}");
            for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_holds(found, expected, &format!("{path}[{at}]"));
            }
        }
        _ => assert_eq!(found, expected, "{path}"),
    }
}

#[test]
fn n4_every_example_becomes_what_the_manual_says() {
    for shown in all_shown() {
        let events = serde_json::to_value(shown.events()).unwrap();
        let expected = match &shown.expected {
            list @ Value::Array(_) => list.clone(),
            one => Value::from(vec![one.clone()]),
        };
        assert_holds(&events, &expected, shown.section);
    }
}

#[test]
fn v1_a_body_that_was_changed_is_refused() {
    for shown in all_shown() {
        let good = || proof(shown.section, &shown.body, now());
        assert!(shown.delivered(&shown.body, good(), now()).is_some());
        let bytes = [&shown.body[..], b" "].concat();
        // A token proves nothing about the body, as the manual says.
        let is_token = shown.section == "Evolution API";
        assert_eq!(
            shown.delivered(&bytes.into(), good(), now()).is_some(),
            is_token,
            "{}",
            shown.section
        );
        let (name, value) = good();
        let other = value.replace('e', "f");
        assert_ne!(other, value);
        assert!(
            shown.delivered(&shown.body, (name, other), now()).is_none(),
            "{}",
            shown.section
        );
        // Of another key, which no page says.
        let (name, value) = proof(shown.section, b"{}", now());
        assert_eq!(
            shown.delivered(&shown.body, (name, value), now()).is_some(),
            is_token
        );
    }
}

#[test]
fn v7_a_window_is_put_on_signed_times_only() {
    for shown in all_shown() {
        let signed = proof(shown.section, &shown.body, now());
        for (seconds, fits) in [(299, true), (-299, true), (301, false), (-301, false)] {
            let at = now()
                .checked_add(jiff::SignedDuration::from_secs(seconds))
                .unwrap();
            let found = shown.delivered(&shown.body, signed.clone(), at).is_some();
            assert_eq!(
                found,
                fits || shown.section != "YCloud",
                "{} {seconds}",
                shown.section
            );
        }
    }
}

/// The value of WAHA's own page (waha.devlike.pro/docs/how-to/events, 2026-09), as far as it is printed here.
#[test]
fn v1_the_published_vector_of_waha() {
    let body = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
    let value = sha512("my-secret-key", body);
    assert!(
        value.starts_with("208f8a55dde9e055") && value.ends_with("3fa89"),
        "{value}"
    );
    // Everybody can read that secret, so no endpoint takes it; the recipe is the same with one of our own.
    let (_, configuration) = blocks("WAHA").remove(0);
    let options = Options::new(options(&configuration));
    assert!(generic::endpoint("waha", "my-secret-key", &options).is_err());
    let endpoint = generic::endpoint("waha", SECRET, &options).unwrap();
    let value = sha512(SECRET, body);
    let verifies = |algorithm: &str| {
        let request = Request::post("/")
            .header("x-webhook-hmac", &value)
            .header("x-webhook-hmac-algorithm", algorithm);
        let (head, ()) = request.body(()).unwrap().into_parts();
        endpoint.begin(&head, now()).is_ok_and(|mut check| {
            check.update(Bytes::from_static(body));
            check.finish().is_ok()
        })
    };
    assert!(verifies("sha512"));
    assert!(!verifies("sha256"), "the request does not choose");
}

#[test]
fn g6_a_header_that_is_not_signed_names_a_delivery_and_is_no_key() {
    for shown in all_shown() {
        let proof = || proof(shown.section, &shown.body, now());
        let first = shown.delivered(&shown.body, proof(), now()).unwrap();
        let mut forged = HeaderMap::new();
        for (name, _) in &shown.headers {
            forged.insert(name, HeaderValue::from_static("forged"));
        }
        forged.remove("x-webhook-hmac-algorithm");
        let forged = Shown {
            headers: forged,
            endpoint: shown.endpoint.clone(),
            body: shown.body.clone(),
            expected: Value::Null,
            section: shown.section,
        };
        let forged = forged.delivered(&shown.body, proof(), now()).unwrap();
        assert_eq!(forged.key, first.key, "{}", shown.section);
    }
}

/// Each row of the table of products that names settings names ones that exist.
#[test]
fn the_settings_of_the_table_can_be_built() {
    let mut rows = 0;
    let manual = manual();
    let table = manual.split("\n## Which products are covered\n").nth(1).unwrap();
    let settings = table
        .split('`')
        .filter(|piece| piece.starts_with("signature = ") || piece.starts_with("token = "));
    for line in settings {
        let options: toml::Table = toml::from_str(line).unwrap();
        let Value::Object(options) = serde_json::to_value(options).unwrap() else {
            panic!("{line}")
        };
        let secret = if line.contains("standard-webhooks") {
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        } else {
            SECRET
        };
        if let Err(error) = generic::endpoint("shown", secret, &Options::new(options)) {
            panic!("{line}: {:?}", std::error::Error::source(&error));
        }
        rows += 1;
    }
    assert!(rows > 20, "{rows}");
}
