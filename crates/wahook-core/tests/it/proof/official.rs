//! Every case of the Standard Webhooks and Svix suites (nine languages, read 2026-08), by its number in our notes.
//!
//! Not here: 43, 49, 50 (null and mistyped arguments do not compile in Rust), 34 (a tolerance is a `Duration`: never
//! negative, never not a number), 47 (parsing the body is not the verifier's work; the bytes are handed on), 51, 52, 54
//! (a sender's headers, key expiry and `retry-after`); of 53, the half that is about secrets.
//!
//! Longer than other files, so that the numbers stand in one place.
//!
//! Longer than 400 lines: the cases are one list, in the order of their numbers.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use wahook_core::{
    Secret, SecretErrorKind,
    proof::{RefusalKind, StandardWebhooks, Verifier},
};

use super::tools::*;

const FAMILIES: [&str; 2] = ["svix", "webhook"];

fn refuse(signature: &str) -> RefusalKind {
    let head = signed("svix", V1.id, &V1.time.to_string(), signature);
    verify(standard(V1.secret), &head, V1.body, V1.time).unwrap_err()
}

fn accept(signature: &str) {
    for family in FAMILIES {
        let head = signed(family, V1.id, &V1.time.to_string(), signature);
        verify(standard(V1.secret), &head, V1.body, V1.time).unwrap();
    }
}

/// A well-formed signature that fits nothing.
const BAD: &str = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

fn at_age(age: i64, scheme: StandardWebhooks) -> Result<(), RefusalKind> {
    let time = V1.time - age;
    let head = signed("svix", V1.id, &time.to_string(), &V1.sign(time));
    verify(scheme, &head, V1.body, V1.time).map(drop)
}

#[test]
fn v1_case_01_02_the_known_values_verify_and_are_what_our_signer_makes() {
    for vector in [&V1, &V2] {
        let recipe = Verifier::from(standard(vector.secret)).recipe();
        let secret = Secret::dangerous_published(vector.secret).unwrap();
        let made = recipe
            .sign(
                &secret,
                vector.body,
                vector.id,
                at(vector.time),
                &http::Uri::from_static("/"),
            )
            .unwrap();
        assert_eq!(made.headers[2].1, vector.signature);
        assert_eq!(vector.sign(vector.time), vector.signature);
        let proof = verify(
            standard(vector.secret),
            &vector.head("svix"),
            vector.body,
            vector.time,
        )
        .unwrap();
        assert_eq!(proof.id(), Some(vector.id));
        assert_eq!(proof.signed_at(), Some(at(vector.time)));
        assert_eq!(proof.scheme(), "standard-webhooks");
    }
}

#[test]
fn v1_case_03_large_bodies() {
    for (len, signature) in [
        (1_048_576, "v1,txpEUxqWZJ5nteTnymUVa+7C4NHpBeXJ6CsBAW0c3/A="),
        (262_144, "v1,Mw4Pe2WgApuT7NSqnSq0PQPV9gbLdggCl9B865x5Xh0="),
        (262_143, "v1,NTItnqyWMoFhk2Bbe5V/BMdcFRWgcSQaTgqLHX7FC7c="),
    ] {
        let body = vec![b'a'; len];
        let head = signed("webhook", V1.id, &V1.time.to_string(), signature);
        verify(standard(V1.secret), &head, &body, V1.time).unwrap();
    }
}

#[test]
fn v1_case_04_asymmetric() {
    let head = signed("svix", V1.id, &V1.time.to_string(), V4_SIGNATURE);
    let proof = verify(standard(V4_PUBLIC), &head, V1.body, V1.time).unwrap();
    assert_eq!(proof.id(), Some(V1.id));
    assert_eq!(
        verify(standard(V4_PUBLIC), &head, b"{}", V1.time).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
    let secret = Secret::dangerous_published(V4_PRIVATE).unwrap();
    let recipe = Verifier::from(standard(V4_PUBLIC)).recipe();
    let made = recipe
        .sign(&secret, V1.body, V1.id, at(V1.time), &http::Uri::from_static("/"))
        .unwrap();
    assert_eq!(made.headers[2].1, V4_SIGNATURE);
}

#[test]
fn v1_case_05_06_07_both_families() {
    accept(V1.signature);
}

#[test]
fn v1_case_08_header_names_in_mixed_case() {
    let time = V1.time.to_string();
    let head = head([
        ("Webhook-Id", V1.id),
        ("WEBHOOK-TIMESTAMP", time.as_str()),
        ("webhook-SIGNATURE", V1.signature),
    ]);
    verify(standard(V1.secret), &head, V1.body, V1.time).unwrap();
}

#[test]
fn v2_case_09_10_11_12_missing_headers_each_alone_and_one_after_another() {
    for family in FAMILIES {
        let names = ["id", "timestamp", "signature"].map(|part| format!("{family}-{part}"));
        for name in &names {
            let mut head = V1.head(family);
            head.headers.remove(name.as_str());
            let refusal = judge(&endpoint(standard(V1.secret)), &head, [V1.body], at(V1.time)).unwrap_err();
            assert_eq!(refusal.kind(), RefusalKind::HeaderMissing);
            assert_eq!(refusal.header_name().unwrap().as_str(), name);
        }
        let mut head = V1.head(family);
        for name in &names {
            head.headers.remove(name.as_str());
            assert_eq!(
                verify(standard(V1.secret), &head, V1.body, V1.time).unwrap_err(),
                RefusalKind::HeaderMissing
            );
        }
    }
}

#[test]
fn v4_case_13_wrong_signature_of_the_right_length() {
    for signature in [
        BAD,
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
        "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=",
    ] {
        assert_eq!(refuse(signature), RefusalKind::SignatureMismatch);
    }
}

#[test]
fn v2_case_14_15_16_17_18_malformed_signatures_and_other_versions() {
    for (signature, kind) in [
        ("v1,dawfeoifkpqwoekfpqoekf", RefusalKind::HeaderMalformed),
        (
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLawdd",
            RefusalKind::HeaderMalformed,
        ),
        ("v1,invalid_signature", RefusalKind::HeaderMalformed),
        ("invalid_signature", RefusalKind::HeaderMalformed),
        ("BAD_SIG_NATURE", RefusalKind::HeaderMalformed),
        ("v1,", RefusalKind::HeaderMalformed),
        ("v1,g0hM9", RefusalKind::HeaderMalformed),
        ("", RefusalKind::HeaderMalformed),
        (
            "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            RefusalKind::SignatureUnsupported,
        ),
    ] {
        assert_eq!(refuse(signature), kind, "{signature}");
    }
}

#[test]
fn v5_case_19_20_21_22_lists() {
    let good = V1.signature;
    let other = BAD.replace("v1,", "v2,");
    accept(&format!("{BAD} {other} {good} {BAD}"));
    accept(&format!("{BAD} {BAD} {good} {BAD}"));
    accept(&format!("{BAD} {good}"));
    assert_eq!(
        refuse(&format!("{BAD} {BAD} {BAD}")),
        RefusalKind::SignatureMismatch
    );
}

#[test]
fn v7_case_23_25_too_old_and_too_new() {
    assert_eq!(
        at_age(301, standard(V1.secret)),
        Err(RefusalKind::TimestampTooOld)
    );
    assert_eq!(
        at_age(-301, standard(V1.secret)),
        Err(RefusalKind::TimestampTooNew)
    );
}

#[test]
fn v7_case_24_a_clock_with_fractions_is_exact() {
    let half = SignedDuration::from_millis(500);
    let now: Timestamp = at(V1.time) + half;
    for (age, good) in [(300, false), (299, true), (-300, true), (-301, false)] {
        let time = V1.time - age;
        let head = signed("svix", V1.id, &time.to_string(), &V1.sign(time));
        assert_eq!(
            judge(&endpoint(standard(V1.secret)), &head, [V1.body], now).is_ok(),
            good,
            "{age}"
        );
    }
}

#[test]
fn v7_case_26_27_28_a_time_changed_after_signing() {
    for moved in [301, -301] {
        let head = signed("svix", V1.id, &(V1.time + moved).to_string(), V1.signature);
        assert!(verify(standard(V1.secret), &head, V1.body, V1.time).is_err());
        // The window is not what catches it.
        let scheme = standard(V1.secret).tolerance(Duration::from_secs(900));
        assert_eq!(
            verify(scheme, &head, V1.body, V1.time).unwrap_err(),
            RefusalKind::SignatureMismatch
        );
    }
    for moved in [1, 600] {
        let head = signed("svix", V1.id, &(V1.time + moved).to_string(), V1.signature);
        let scheme = standard(V1.secret).tolerance(Duration::from_secs(900));
        assert_eq!(
            verify(scheme, &head, V1.body, V1.time).unwrap_err(),
            RefusalKind::SignatureMismatch
        );
        let scheme = standard(V1.secret).dangerous_without_tolerance();
        assert_eq!(
            verify(scheme, &head, V1.body, V1.time).unwrap_err(),
            RefusalKind::SignatureMismatch
        );
    }
}

#[test]
fn v7_case_29_30_without_tolerance_age_passes_but_a_wrong_time_does_not() {
    for age in [300, 301, -300, -301] {
        at_age(age, standard(V1.secret).dangerous_without_tolerance()).unwrap();
    }
    let head = signed("svix", V1.id, "946684800", V1.signature);
    let scheme = standard(V1.secret).dangerous_without_tolerance();
    assert_eq!(
        verify(scheme, &head, V1.body, V1.time).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
}

#[test]
fn v7_case_31_32_33_custom_tolerance() {
    let within = |seconds| standard(V1.secret).tolerance(Duration::from_secs(seconds));
    for sign in [1, -1] {
        at_age(600 * sign, within(900)).unwrap();
        assert!(at_age(120 * sign, within(60)).is_err());
    }
    let head = signed("svix", V1.id, &V1.time.to_string(), BAD);
    assert!(verify(within(900), &head, V1.body, V1.time).is_err());
}

#[test]
fn v7_case_35_36_37_times_that_are_none() {
    for time in ["hello", "teadwd"] {
        let head = signed("svix", V1.id, time, &v1(&V1.key(), V1.id, time, V1.body));
        let refused = verify(standard(V1.secret), &head, V1.body, V1.time).unwrap_err();
        assert_eq!(refused, RefusalKind::TimestampMalformed);
    }
    let head = signed("svix", V1.id, "-1", &v1(&V1.key(), V1.id, "-1", V1.body));
    assert_eq!(
        verify(standard(V1.secret), &head, V1.body, V1.time).unwrap_err(),
        RefusalKind::TimestampMalformed
    );
    let free = standard(V1.secret).dangerous_without_tolerance();
    verify(free, &head, V1.body, V1.time).unwrap();
    let head = signed("svix", V1.id, "-1234", &v1(&V1.key(), V1.id, "-1234", V1.body));
    let huge = standard(V1.secret).tolerance(Duration::MAX);
    assert_eq!(
        verify(huge, &head, V1.body, V1.time).unwrap_err(),
        RefusalKind::TimestampMalformed
    );
}

#[test]
fn v7_case_38_a_sender_cannot_write_times_that_are_none() {
    // The signer takes an instant, so that only a negative one is left; it is signed and then refused.
    let recipe = Verifier::from(standard(V1.secret)).recipe();
    let secret = Secret::dangerous_published(V1.secret).unwrap();
    let made = recipe
        .sign(
            &secret,
            V1.body,
            V1.id,
            at(-161_426_533),
            &http::Uri::from_static("/"),
        )
        .unwrap();
    let head = head(
        made.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes())),
    );
    assert_eq!(
        verify(standard(V1.secret), &head, V1.body, V1.time).unwrap_err(),
        RefusalKind::TimestampMalformed
    );
}

#[test]
fn v6_case_39_with_and_without_the_prefix() {
    for secret in [V1.secret, V1.secret.trim_start_matches("whsec_")] {
        verify(standard(secret), &V1.head("svix"), V1.body, V1.time).unwrap();
    }
}

#[test]
fn v6_case_40_41_42_empty_secrets() {
    for empty in ["", " \n"] {
        assert_eq!(Secret::new(empty).unwrap_err().kind(), SecretErrorKind::Empty);
    }
    assert_eq!(
        StandardWebhooks::new(published("whsec_")).unwrap_err().kind(),
        SecretErrorKind::Empty
    );
}

#[test]
fn v6_case_44_secrets_without_padding_and_with_stray_bits() {
    for bare in [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
    ] {
        let lenient = base64::engine::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            base64::engine::GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
        );
        let key = base64::Engine::decode(&lenient, bare).unwrap();
        let signature = v1(&key, V1.id, &V1.time.to_string(), V1.body);
        let head = signed("svix", V1.id, &V1.time.to_string(), &signature);
        for secret in [bare.to_owned(), format!("whsec_{bare}")] {
            verify(standard(&secret), &head, V1.body, V1.time).unwrap();
        }
    }
}

#[test]
fn v1_case_45_46_an_empty_body_under_another_tolerance() {
    let time = V1.time - 600;
    let signature = v1(&V1.key(), V1.id, &time.to_string(), b"");
    let head = signed("svix", V1.id, &time.to_string(), &signature);
    let scheme = standard(V1.secret).tolerance(Duration::from_secs(900));
    verify(scheme, &head, b"", V1.time).unwrap();
}

#[test]
fn v1_case_48_an_id_changed_after_signing() {
    let body = b"not json";
    let time = V1.time.to_string();
    let signature = v1(&V1.key(), "msg_valid", &time, body);
    verify(
        standard(V1.secret),
        &signed("svix", "msg_valid", &time, &signature),
        body,
        V1.time,
    )
    .unwrap();
    let head = signed("svix", "msg_invalid", &time, &signature);
    assert!(verify(standard(V1.secret), &head, body, V1.time).is_err());
}

#[test]
fn v6_case_53_secrets_that_are_none() {
    for (secret, kind) in [
        ("w", SecretErrorKind::Undecodable),
        ("whsec_%", SecretErrorKind::Undecodable),
        ("whsec_wronglength", SecretErrorKind::WrongLength),
        (
            "hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            SecretErrorKind::Undecodable,
        ),
        ("whsec_AAEC", SecretErrorKind::WrongLength),
        (
            "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbO",
            SecretErrorKind::WrongLength,
        ),
        (V4_PRIVATE, SecretErrorKind::OtherKeyKind),
        (
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCub",
            SecretErrorKind::OtherKeyKind,
        ),
    ] {
        assert_eq!(
            StandardWebhooks::new(published(secret)).unwrap_err().kind(),
            kind,
            "{secret}"
        );
    }
    let long = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7; 200]);
    assert_eq!(
        StandardWebhooks::new(published(&long)).unwrap_err().kind(),
        SecretErrorKind::WrongLength
    );
    for bytes in [16, 24, 32, 64, 75, 128] {
        let secret = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, vec![7; bytes]);
        StandardWebhooks::new(published(&format!("whsec_{secret}"))).unwrap();
    }
}

#[test]
fn v1_case_55_the_example_flow() {
    let body = br#"{"data":{"nested":{"deep":[1,2,3]}},"type":"example"}"#;
    let time = V1.time.to_string();
    let head = signed(
        "webhook",
        "1234567890",
        &time,
        &v1(&V1.key(), "1234567890", &time, body),
    );
    assert_eq!(
        verify(standard(V1.secret), &head, body, V1.time).unwrap().id(),
        Some("1234567890")
    );
}
