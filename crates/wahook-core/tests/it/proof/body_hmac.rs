//! HMAC over the body: WAHA's vectors, Meta's, Stripe's and Slack's layouts, and everything that must not count.
//!
//! Longer than 400 lines: every layout of four providers is held against the same promises.

use std::time::Duration;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use wahook_core::{
    SecretErrorKind,
    proof::{Algorithm, BodyHmac, Encoding, RefusalKind, Template, TemplateErrorKind},
};

use super::tools::*;

const KEY: &str = "my-secret-key";
const NOW: i64 = 1_760_000_000;
/// WAHA docs, events, 2026-07.
const BODY: &[u8] = br#"{"event":"message","session":"default","engine":"WEBJS"}"#;
const SHA512: &str = "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89";
const SHA256: &str = "46270e6ad829217a54d67026afb4ef20e76d3a4ea36d64b140834b5fb3e8b83a";

fn scheme(algorithm: Algorithm) -> BodyHmac {
    BodyHmac::new("x-signature".parse().unwrap(), algorithm, published(KEY)).unwrap()
}

fn check(scheme: BodyHmac, value: &str, body: &[u8]) -> Result<(), RefusalKind> {
    verify(scheme, &head([("X-Signature", value)]), body, NOW).map(drop)
}

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn v1_the_vectors_of_waha() {
    check(scheme(Algorithm::Sha512), SHA512, BODY).unwrap();
    check(scheme(Algorithm::Sha256), SHA256, BODY).unwrap();
    let body = r#"{"id":"evt_test","event":"message","payload":{"body":"héllo 👋 \/ </script>"}}"#.as_bytes();
    for (algorithm, signature) in [
        (
            Algorithm::Sha512,
            "17edf57b1f8426eb6d8b2108b582c01dd0d33614b36af53264017c96705b2a29822ef2e4cd17d668067c7dba9f5ec41c201d9986b16ad7d8199153a3dc212bed",
        ),
        (
            Algorithm::Sha256,
            "b54d72c0b6e5a37a095a201e3bea1e120502415a47cd8f8a97d9d63e53202e69",
        ),
    ] {
        let scheme =
            BodyHmac::new("x-signature".parse().unwrap(), algorithm, published("whsec-test")).unwrap();
        check(scheme.clone(), signature, body).unwrap();
        let again = serde_json::from_slice::<serde_json::Value>(body)
            .unwrap()
            .to_string();
        assert_eq!(
            check(scheme, signature, again.as_bytes()),
            Err(RefusalKind::SignatureMismatch)
        );
    }
}

#[test]
fn v1_all_algorithms_in_all_encodings() {
    let (mut one, mut two) = (
        Hmac::<Sha1>::new_from_slice(KEY.as_bytes()).unwrap(),
        Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap(),
    );
    one.update(BODY);
    two.update(BODY);
    for (algorithm, bytes) in [
        (Algorithm::Sha1, one.finalize().into_bytes().to_vec()),
        (Algorithm::Sha256, sha256(&[BODY])),
        (Algorithm::Sha512, two.finalize().into_bytes().to_vec()),
    ] {
        let texts = [
            (Encoding::Hex, const_hex::encode(&bytes)),
            (Encoding::Hex, const_hex::encode_upper(&bytes)),
            (Encoding::Base64, STANDARD.encode(&bytes)),
            (Encoding::Base64, STANDARD_NO_PAD.encode(&bytes)),
            (Encoding::Base64Url, URL_SAFE.encode(&bytes)),
            (Encoding::Base64Url, URL_SAFE_NO_PAD.encode(&bytes)),
        ];
        for (encoding, text) in &texts {
            check(scheme(algorithm).encoding(*encoding), text, BODY).unwrap();
            assert_eq!(
                check(scheme(algorithm).encoding(*encoding), text, b"{}"),
                Err(RefusalKind::SignatureMismatch)
            );
            // Hex under base64 and the reverse never counts.
            let other = if *encoding == Encoding::Hex {
                Encoding::Base64
            } else {
                Encoding::Hex
            };
            assert_eq!(
                check(scheme(algorithm).encoding(other), text, BODY),
                Err(RefusalKind::HeaderMalformed)
            );
        }
    }
}

#[test]
fn v2_signatures_that_are_none() {
    for value in [
        "",
        " ",
        "0",
        &SHA256[..62],
        &SHA256[..8],
        &format!("{SHA256}00"),
        &format!("0x{}", &SHA256[..62]),
        &format!("0x{SHA256}"),
        &SHA256.replace('4', "g"),
        SHA512,
        KEY,
        "sha256=",
        &format!("{SHA256},{SHA256}"),
        &format!("{SHA256} {SHA256}"),
    ] {
        assert_eq!(
            check(scheme(Algorithm::Sha256), value, BODY),
            Err(RefusalKind::HeaderMalformed),
            "{value}"
        );
    }
    assert_eq!(
        verify(scheme(Algorithm::Sha256), &bare(), BODY, NOW).unwrap_err(),
        RefusalKind::HeaderMissing
    );
    let twice = head([("x-signature", SHA256), ("x-signature", SHA256)]);
    assert_eq!(
        verify(scheme(Algorithm::Sha256), &twice, BODY, NOW).unwrap_err(),
        RefusalKind::HeaderRepeated
    );
}

#[test]
fn v3_the_secret_itself_is_never_a_signature() {
    // A downgrade to a static token: the secret's own text, 64 hex digits long.
    let secret = "ab".repeat(32);
    let scheme = BodyHmac::new(
        "x-signature".parse().unwrap(),
        Algorithm::Sha256,
        published(&secret),
    )
    .unwrap();
    assert_eq!(check(scheme, &secret, BODY), Err(RefusalKind::SignatureMismatch));
}

#[test]
fn v3_the_request_does_not_choose_the_algorithm() {
    let scheme = scheme(Algorithm::Sha512).algorithm_header("x-algorithm".parse().unwrap(), "sha512");
    let head = |value: &'static str| head([("x-signature", SHA512), ("x-algorithm", value)]);
    verify(scheme.clone(), &head("sha512"), BODY, NOW).unwrap();
    verify(scheme.clone(), &head("SHA512"), BODY, NOW).unwrap();
    check(scheme.clone(), SHA512, BODY).unwrap();
    for value in ["sha256", "none", ""] {
        assert_eq!(
            verify(scheme.clone(), &head(value), BODY, NOW).unwrap_err(),
            RefusalKind::AlgorithmUnexpected
        );
    }
}

#[test]
fn v2_prefixes() {
    let with = format!("sha256={SHA256}");
    let optional = || scheme(Algorithm::Sha256).prefix("sha256=");
    let required = || scheme(Algorithm::Sha256).required_prefix("sha256=");
    for (scheme, value, fits) in [
        (optional(), with.as_str(), true),
        (optional(), SHA256, true),
        (required(), with.as_str(), true),
        (required(), SHA256, false),
        (scheme(Algorithm::Sha256), with.as_str(), false),
        (optional().prefix("v0="), &format!("v0={SHA256}"), true),
        (optional(), &format!("sha256=sha256={SHA256}"), false),
        (optional(), &format!("SHA256={SHA256}"), false),
    ] {
        assert_eq!(check(scheme, value, BODY).is_ok(), fits, "{value}");
    }
}

#[test]
fn v7_composite_values() {
    let scheme = || {
        scheme(Algorithm::Sha256)
            .composite("t", "v1")
            .tolerance(Duration::from_secs(300))
            .unwrap()
    };
    let sign = |time: &str| const_hex::encode(sha256(&[time.as_bytes(), b".", BODY]));
    let (time, bad) = (NOW.to_string(), "00".repeat(32));
    let good = sign(&time);
    for value in [
        format!("t={time},v1={good}"),
        format!("v1={good},t={time}"),
        format!("t={time}, v1={good}"),
        format!("t={time},v1={bad},v1={good}"),
        format!("t={time},v0={bad},v1={good},x"),
    ] {
        let proof = verify(scheme(), &head([("x-signature", &value)]), BODY, NOW).unwrap();
        assert_eq!(proof.signed_at(), Some(at(NOW)));
    }
    for (value, kind) in [
        (format!("t={time},v1={bad}"), RefusalKind::SignatureMismatch),
        (format!("t={},v1={good}", NOW + 1), RefusalKind::SignatureMismatch),
        (
            format!("t={time},t={time},v1={good}"),
            RefusalKind::HeaderMalformed,
        ),
        (format!("v1={good}"), RefusalKind::HeaderMalformed),
        (format!("t={time}"), RefusalKind::HeaderMalformed),
        (format!("t={time},v0={good}"), RefusalKind::HeaderMalformed),
        (good.clone(), RefusalKind::HeaderMalformed),
        (format!("t=,v1={good}"), RefusalKind::TimestampMalformed),
        (format!("t=-1,v1={}", sign("-1")), RefusalKind::TimestampMalformed),
        (format!("t=0,v1={}", sign("0")), RefusalKind::TimestampMalformed),
        (
            format!("t=1.5,v1={}", sign("1.5")),
            RefusalKind::TimestampMalformed,
        ),
    ] {
        assert_eq!(check(scheme(), &value, BODY), Err(kind), "{value}");
    }
    for (age, fits) in [(300, true), (301, false), (-300, true), (-301, false)] {
        let time = (NOW - age).to_string();
        assert_eq!(
            check(scheme(), &format!("t={time},v1={}", sign(&time)), BODY).is_ok(),
            fits
        );
    }
    // The time of the header is signed, hence base64 with its `=` is read whole.
    let value = format!(
        "t={time},v1={}",
        STANDARD.encode(sha256(&[time.as_bytes(), b".", BODY]))
    );
    check(scheme().encoding(Encoding::Base64), &value, BODY).unwrap();
}

#[test]
fn v1_templates() {
    let raw = Sha256::digest(BODY);
    let digest = const_hex::encode(raw);
    let time = NOW.to_string();
    let url = "https://example.com/hook?a=1";
    let rows: [(&str, Vec<&[u8]>); 8] = [
        ("{body}", vec![BODY]),
        ("v0:{timestamp}:{body}", vec![b"v0:", time.as_bytes(), b":", BODY]),
        (
            "{id}.{timestamp}.{body}",
            vec![b"e1", b".", time.as_bytes(), b".", BODY],
        ),
        ("{url}{body}", vec![url.as_bytes(), BODY]),
        (
            "{timestamp}\n{sha256(body)}",
            vec![time.as_bytes(), b"\n", digest.as_bytes()],
        ),
        // As Bird signs.
        (
            "{timestamp}\n{url}\n{sha256_raw(body)}",
            vec![time.as_bytes(), b"\n", url.as_bytes(), b"\n", &raw],
        ),
        ("{body}~{id}", vec![BODY, b"~", b"e1"]),
        ("{body}|{body}", vec![BODY, b"|", BODY]),
    ];
    for (template, parts) in rows {
        let scheme = || {
            scheme(Algorithm::Sha256)
                .timestamp_header("x-time".parse().unwrap())
                .id_header("x-id".parse().unwrap())
                .url(url)
                .signed(Template::parse(template).unwrap())
                .unwrap()
        };
        let signature = const_hex::encode(sha256(&parts));
        let head = head([
            ("x-signature", signature.as_str()),
            ("x-time", &time),
            ("x-id", "e1"),
        ]);
        let proof = verify(scheme(), &head, BODY, NOW).unwrap();
        // Only what was signed is vouched for.
        assert_eq!(proof.id().is_some(), template.contains("{id}"), "{template}");
        assert_eq!(
            proof.signed_at().is_some(),
            template.contains("{timestamp}"),
            "{template}"
        );
        assert!(verify(scheme(), &head, b"{}", NOW).is_err());
        // In pieces, and with the second of two keys.
        let endpoint = endpoint(scheme());
        endpoint.verifier().keyrings()[0]
            .replace(several(&["another-secret", KEY]))
            .unwrap();
        for _ in 0..3 {
            judge(&endpoint, &head, BODY.chunks(5), at(NOW)).unwrap();
        }
    }
}

#[test]
fn v1_an_id_cannot_swallow_what_follows_it() {
    let scheme = scheme(Algorithm::Sha256)
        .id_header("x-id".parse().unwrap())
        .signed(Template::parse("{id}.{body}").unwrap())
        .unwrap();
    let signature = const_hex::encode(sha256(&[b"a.b.c"]));
    let with = |id: &'static str| head([("x-signature", signature.as_str()), ("x-id", id)]);
    verify(scheme.clone(), &with("a"), b"b.c", NOW).unwrap();
    assert_eq!(
        verify(scheme, &with("a.b"), b"c", NOW).unwrap_err(),
        RefusalKind::HeaderMalformed
    );
}

#[test]
fn v1_an_id_cannot_swallow_the_end_of_the_body_before_it() {
    let scheme = scheme(Algorithm::Sha256)
        .id_header("x-id".parse().unwrap())
        .signed(Template::parse("{body}.{id}").unwrap())
        .unwrap();
    let signature = const_hex::encode(sha256(&[b"a.b.c"]));
    let with = |id: &'static str| head([("x-signature", signature.as_str()), ("x-id", id)]);
    verify(scheme.clone(), &with("c"), b"a.b", NOW).unwrap();
    assert_eq!(
        verify(scheme, &with("b.c"), b"a", NOW).unwrap_err(),
        RefusalKind::HeaderMalformed
    );
}

#[test]
fn v7_milliseconds_are_told_by_their_magnitude() {
    let scheme = scheme(Algorithm::Sha256)
        .composite("t", "s")
        .tolerance(Duration::from_secs(300))
        .unwrap();
    let time = (NOW * 1_000 + 250).to_string();
    let value = format!(
        "t={time},s={}",
        const_hex::encode(sha256(&[time.as_bytes(), b".", BODY]))
    );
    let proof = verify(scheme, &head([("x-signature", value)]), BODY, NOW).unwrap();
    assert_eq!(proof.signed_at().unwrap().as_millisecond(), NOW * 1_000 + 250);
}

#[test]
fn v7_a_window_needs_a_signed_time_and_a_template_its_places() {
    let window = Duration::from_secs(300);
    let parse = |text: &str| Template::parse(text).unwrap();
    let kind = |result: Result<BodyHmac, wahook_core::proof::TemplateError>| result.unwrap_err().kind();
    let new = || scheme(Algorithm::Sha256);
    let timed = || new().timestamp_header("x-time".parse().unwrap());

    assert_eq!(
        kind(new().tolerance(window)),
        TemplateErrorKind::ToleranceUnsigned
    );
    assert_eq!(
        kind(timed().tolerance(window)),
        TemplateErrorKind::ToleranceUnsigned
    );
    assert_eq!(
        kind(new().signed(parse("{timestamp}.{body}"))),
        TemplateErrorKind::NoTimestamp
    );
    assert_eq!(kind(new().signed(parse("{id}.{body}"))), TemplateErrorKind::NoId);
    assert_eq!(kind(new().signed(parse("{url}{body}"))), TemplateErrorKind::NoUrl);
    let windowed = timed()
        .signed(parse("{timestamp}.{body}"))
        .unwrap()
        .tolerance(window)
        .unwrap();
    assert_eq!(
        kind(windowed.signed(parse("{body}"))),
        TemplateErrorKind::ToleranceUnsigned
    );
    for (text, kind) in [
        ("", TemplateErrorKind::NoBody),
        ("{timestamp}", TemplateErrorKind::NoBody),
        ("{boddy}", TemplateErrorKind::Syntax),
        ("{body", TemplateErrorKind::Syntax),
        ("}{body}", TemplateErrorKind::Syntax),
        ("{{body}}", TemplateErrorKind::Syntax),
    ] {
        assert_eq!(Template::parse(text).unwrap_err().kind(), kind, "{text}");
    }
}

#[test]
fn v1_a_template_in_which_bytes_could_move_between_two_values_is_refused() {
    for template in [
        "{body}{id}",
        "{id}{body}",
        "{timestamp}{body}",
        "{id}{timestamp}.{body}",
        "{id}{url}{body}",
        "{body}{url}{id}",
        "{timestamp}0{body}",
        "{body}.1{timestamp}",
    ] {
        assert_eq!(
            Template::parse(template).unwrap_err().kind(),
            TemplateErrorKind::Ambiguous,
            "{template}"
        );
    }
    // What is always the same cannot be moved.
    for template in [
        "v0{timestamp}.{body}",
        "{url}{body}",
        "{timestamp}.v1.{body}",
        "{id}.{url}{body}",
    ] {
        assert!(Template::parse(template).is_ok(), "{template}");
    }
}

#[test]
fn v6_a_key_that_is_guessed_sooner_than_chosen_is_refused() {
    let header = || "x-signature".parse().unwrap();
    let error = BodyHmac::new(header(), Algorithm::Sha256, "1234567".try_into().unwrap()).unwrap_err();
    assert_eq!(error.kind(), SecretErrorKind::WrongLength);
    assert!(BodyHmac::new(header(), Algorithm::Sha256, "12345678".try_into().unwrap()).is_ok());
}
