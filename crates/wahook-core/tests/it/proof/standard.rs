//! Standard Webhooks beyond the official suites: what none of them covers, and vectors of our own.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};
use http::HeaderValue;
use wahook_core::{
    Secret, SecretErrorKind,
    proof::{RefusalKind, StandardWebhooks, Verifier},
};

use super::tools::*;

const ID: &str = "msg_test0001";
const TIME: i64 = 1_760_000_000;

fn k1() -> Vec<u8> {
    (0..32).collect()
}

fn check(id: &str, time: &str, signature: &str, body: &[u8]) -> Result<(), RefusalKind> {
    verify(standard(K1), &signed("webhook", id, time, signature), body, TIME).map(drop)
}

fn good(body: &[u8]) -> String {
    v1(&k1(), ID, &TIME.to_string(), body)
}

#[test]
fn v1_own_vectors() {
    const STATUS: &[u8] =
        br#"{"message_id":"m-1","conversation_id":"c-1","status":"read","organization_id":"org_1"}"#;
    const SEED: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
    let rows: [(&[u8], &str, &str); 8] = [
        (STATUS, K1, "v1,KpvjNlHBBCXnFHyc45HeTFW1dFe2oHUMVkM6yAaFcLU="),
        (STATUS, K2, "v1,YxJlyP5FutIXBlrsDLNTzhvgLRf8dfkYilv8Ghf/m3Q="),
        (b"", K1, "v1,EPXFCrAoCAVHKdcykpaD6hF6ZjIW88YJOzm0FdDWVLo="),
        (
            b"\xff\xfe\x00",
            K1,
            "v1,ZB/QXni2VbXElauLYlmXRhsrd6yBHWa064bMlglT3ig=",
        ),
        (
            br#"{"a":1}"#,
            K1,
            "v1,TcBaQrfY43WbH9opSfNJTVfyFVHX9Jeq2pKNhca9Iqw=",
        ),
        (
            b"{\"a\":1}\n",
            K1,
            "v1,3Hig+gHMzDENFLb9MtJCmjIn5b5aQIze+iwNcSts1n4=",
        ),
        (
            br#"{"name":"A \u0026 B \u003c3"}"#,
            K1,
            "v1,ErlyNous5IBEs89RIix/H9xMryifnZaXdVtnNJC1UT8=",
        ),
        (
            br#"{"a":1}"#,
            SEED,
            "v1a,vYuo89qTDd323nHWbFOwdIwp7VRW5GuLUkqHZ/n5PIaaswaTPKcwdNT46p2M+jbrBenwTiLd2946n2aqpBIJBQ==",
        ),
    ];
    for (body, secret, signature) in rows {
        let head = signed("svix", ID, &TIME.to_string(), signature);
        verify(standard(secret), &head, body, TIME).unwrap();
        // Every other row's body fails under it.
        for (other, _, _) in rows.iter().filter(|(other, _, _)| *other != body) {
            assert!(verify(standard(secret), &head, other, TIME).is_err());
        }
    }
}

#[test]
fn v7_exactly_the_tolerance_both_ways() {
    for (time, kind) in [
        (TIME - 300, None),
        (TIME + 300, None),
        (TIME - 301, Some(RefusalKind::TimestampTooOld)),
        (TIME + 301, Some(RefusalKind::TimestampTooNew)),
    ] {
        let text = time.to_string();
        assert_eq!(check(ID, &text, &v1(&k1(), ID, &text, b"{}"), b"{}").err(), kind);
    }
    let head = signed("svix", ID, &(TIME - 412).to_string(), &good(b"{}"));
    let refusal = judge(&endpoint(standard(K1)), &head, [], at(TIME)).unwrap_err();
    assert_eq!(refusal.skew_seconds(), Some(412));
}

#[test]
fn v3_versions_do_not_stand_in_for_each_other() {
    let head = |list: &str| signed("svix", V1.id, &V1.time.to_string(), list);
    let both = format!("{V4_SIGNATURE} {}", V1.signature);
    // A symmetric verifier passes over `v1a`, an asymmetric one over `v1`.
    verify(standard(V1.secret), &head(&both), V1.body, V1.time).unwrap();
    verify(standard(V4_PUBLIC), &head(&both), V1.body, V1.time).unwrap();
    for (secret, list) in [(V1.secret, V4_SIGNATURE), (V4_PUBLIC, V1.signature)] {
        assert_eq!(
            verify(standard(secret), &head(list), V1.body, V1.time).unwrap_err(),
            RefusalKind::SignatureUnsupported
        );
    }
    // The public key is public: nobody may use it as the key of an HMAC.
    let public = STANDARD.decode(V4_PUBLIC.trim_start_matches("whpk_")).unwrap();
    let forged = v1(&public, V1.id, &V1.time.to_string(), V1.body);
    let list = format!("{forged} {}", "v1a,".to_owned() + &STANDARD.encode([0; 64]));
    assert!(verify(standard(V4_PUBLIC), &head(&list), V1.body, V1.time).is_err());
    // Both kinds of key at once.
    let scheme = || StandardWebhooks::new(several(&[V4_PUBLIC, V1.secret])).unwrap();
    verify(scheme(), &head(V4_SIGNATURE), V1.body, V1.time).unwrap();
    verify(scheme(), &head(V1.signature), V1.body, V1.time).unwrap();
}

#[test]
fn v3_families_are_never_mixed() {
    let time = TIME.to_string();
    let signature = good(b"{}");
    let values = [
        ("id", ID),
        ("timestamp", time.as_str()),
        ("signature", signature.as_str()),
    ];
    for mask in 1..7_u8 {
        let mixed = values.iter().enumerate().map(|(at, (name, value))| {
            let family = if mask & (1 << at) == 0 { "svix" } else { "webhook" };
            (format!("{family}-{name}"), *value)
        });
        let refused = verify(standard(K1), &head(mixed), b"{}", TIME).unwrap_err();
        assert_eq!(refused, RefusalKind::HeaderMissing);
    }
    // Both complete: `svix-*` alone is judged, and its id is what was proved.
    let both = |svix: &str, webhook: &str, svix_id: &'static str| {
        head([
            ("svix-id", svix_id.to_owned()),
            ("svix-timestamp", time.clone()),
            ("svix-signature", svix.to_owned()),
            ("webhook-id", "msg_other".to_owned()),
            ("webhook-timestamp", time.clone()),
            ("webhook-signature", webhook.to_owned()),
        ])
    };
    let bad = format!("v1,{}", STANDARD.encode([0; 32]));
    assert_eq!(
        verify(standard(K1), &both(&signature, &bad, ID), b"{}", TIME)
            .unwrap()
            .id(),
        Some(ID)
    );
    let other = v1(&k1(), "msg_other", &time, b"{}");
    assert_eq!(
        verify(standard(K1), &both(&bad, &other, ID), b"{}", TIME).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
}

#[test]
fn v3_repeated_header_lines_are_refused() {
    for family in ["svix", "webhook"] {
        for name in ["id", "timestamp", "signature"] {
            let mut head = signed(family, ID, &TIME.to_string(), &good(b"{}"));
            let name = http::HeaderName::try_from(format!("{family}-{name}")).unwrap();
            let value = head.headers.get(&name).unwrap().clone();
            head.headers.append(&name, value);
            let refusal = judge(&endpoint(standard(K1)), &head, [&b"{}"[..]], at(TIME)).unwrap_err();
            assert_eq!(refusal.kind(), RefusalKind::HeaderRepeated);
            assert_eq!(refusal.header_name(), Some(&name));
        }
    }
}

#[test]
fn v2_lists_as_they_come() {
    let sig = good(b"{}");
    let bare = sig.trim_start_matches("v1,");
    let raw = STANDARD.decode(bare).unwrap();
    let bad = format!("v1,{}", STANDARD.encode([0; 32]));
    let many = |count: usize| format!("{}{sig}", format!("{bad} ").repeat(count));
    let time = TIME.to_string();
    for (list, fits) in [
        (format!("{bad}, {sig}"), true), // comma-joined lines: only the last is whole
        (format!("{sig}, {bad}"), false),
        (format!("{sig},x"), false),
        (format!("{sig}  {bad}"), true),
        (format!("{bad}   {sig}"), true),
        (format!(" {sig} "), true),
        (format!("{sig}\t{bad}"), false),
        (format!("\t{sig}"), false),
        (sig.replace("v1,", "V1,"), false),
        (sig.replace("v1,", "v1 ,"), false),
        (sig.replace("v1,", "v01,"), false),
        (format!("v1,{}", STANDARD_NO_PAD.encode(&raw)), false),
        (
            format!("v1,{}", URL_SAFE.encode(&raw)),
            URL_SAFE.encode(&raw) == bare,
        ),
        (format!("v1,{bare}="), false),
        (format!("nocomma {sig}"), true),
        (format!(", {sig}"), true),
        (many(31), true),
        (many(32), false), // a bounded number is looked at
        (format!("{sig} {}", "x".repeat(9_000)), false),
        (bare.to_owned(), false),
    ] {
        assert_eq!(check(ID, &time, &list, b"{}").is_ok(), fits, "{list}");
    }
    // A line break cannot be in a header.
    assert!(HeaderValue::from_str(&format!("{sig}\n")).is_err());
}

#[test]
fn v7_times_as_they_come() {
    let sign = |time: &str| v1(&k1(), ID, time, b"{}");
    for time in [
        "",
        " 1760000000",
        "1760000000 ",
        "+1760000000",
        "1760000000.0",
        "1.76e9",
        "17600000000000000000",
        "9223372036854775808",
        "-9223372036854775808",
        "-1760000000",
        "0",
        "00",
        "0x68e77800",
        "１７６０００００００",
        "1_760_000_000",
    ] {
        assert_eq!(
            check(ID, time, &sign(time), b"{}"),
            Err(RefusalKind::TimestampMalformed),
            "{time}"
        );
    }
    // The limit of what fits, without an overflow.
    let time = i64::MAX.to_string();
    assert_eq!(
        check(ID, &time, &sign(&time), b"{}"),
        Err(RefusalKind::TimestampTooNew)
    );
    // Signed over as received, not as re-written.
    check(ID, "01760000000", &sign("01760000000"), b"{}").unwrap();
    assert!(check(ID, "01760000000", &sign("1760000000"), b"{}").is_err());
    assert!(check(ID, "1760000000", &sign("01760000000"), b"{}").is_err());
    // Without a window, the limits still do no harm.
    for time in ["9223372036854775807", "-9223372036854775808"] {
        let scheme = standard(K1).dangerous_without_tolerance();
        let proof = verify(scheme, &signed("svix", ID, time, &sign(time)), b"{}", TIME).unwrap();
        assert_eq!(proof.signed_at(), None);
    }
}

#[test]
fn v2_ids_as_they_come() {
    let time = TIME.to_string();
    for id in [
        "",
        "a.b",
        "msg é",
        "msg\u{e9}",
        "two words",
        "a\tb",
        &"x".repeat(513),
    ] {
        let signature = v1(&k1(), id, &time, b"{}");
        assert_eq!(
            check(id, &time, &signature, b"{}"),
            Err(RefusalKind::HeaderMalformed),
            "{id}"
        );
    }
    let longest = "x".repeat(512);
    check(&longest, &time, &v1(&k1(), &longest, &time, b"{}"), b"{}").unwrap();
}

#[test]
fn v1_nothing_moves_between_id_time_and_body() {
    // All of these are the same signed bytes, `a.1760000000.1760000001.b`.
    let signature = v1(&k1(), "a", "1760000000", b"1760000001.b");
    check("a", "1760000000", &signature, b"1760000001.b").unwrap();
    assert!(check("a.1760000000", "1760000001", &signature, b"b").is_err());
    assert!(check("a", "1760000000.1760000001", &signature, b"b").is_err());
    assert!(check("a.1760000000.1760000001", "", &signature, b"b").is_err());
}

#[test]
fn v1_bodies_as_they_come() {
    let large = vec![b'x'; 3 << 20];
    let bodies: [&[u8]; 6] = [
        b"\xff\xfe\x00",
        b"\xEF\xBB\xBF{}",
        b"{}\n",
        b"{}\r\n",
        b"{\"a\": 1}",
        &large,
    ];
    for body in bodies {
        check(ID, &TIME.to_string(), &good(body), body).unwrap();
    }
    // Written again is not the same.
    assert!(check(ID, &TIME.to_string(), &good(b"{\"a\": 1}"), b"{\"a\":1}").is_err());
}

#[test]
fn v5_old_and_new_secrets_and_a_wrong_key_of_the_same_length() {
    let head = signed("svix", ID, &TIME.to_string(), &good(b"{}"));
    for list in [&[K1][..], &[K1, K2], &[K2, K1]] {
        verify(StandardWebhooks::new(several(list)).unwrap(), &head, b"{}", TIME).unwrap();
    }
    assert_eq!(
        verify(standard(K2), &head, b"{}", TIME).unwrap_err(),
        RefusalKind::SignatureMismatch
    );
}

#[test]
fn v5_a_swap_is_seen_by_all_clones_and_drops_nobody_on_the_way() {
    let endpoint = endpoint(standard(K1));
    let old = signed("svix", ID, &TIME.to_string(), &good(b"{}"));
    let new = signed(
        "svix",
        ID,
        &TIME.to_string(),
        &v1(&(32..64).collect::<Vec<_>>(), ID, &TIME.to_string(), b"{}"),
    );
    let mut on_its_way = endpoint.begin(&old, at(TIME)).unwrap();

    let keyring = endpoint.verifier().keyrings().remove(0);
    keyring.replace(published(K2)).unwrap();
    assert_eq!(keyring.len(), 1);

    on_its_way.update(bytes::Bytes::from_static(b"{}"));
    on_its_way.finish().unwrap();
    judge(&endpoint, &new, [&b"{}"[..]], at(TIME)).unwrap();
    assert!(judge(&endpoint, &old, [&b"{}"[..]], at(TIME)).is_err());

    // A bad secret changes nothing.
    assert!(keyring.replace(several(&[K1, "whsec_!!!!"])).is_err());
    judge(&endpoint, &new, [&b"{}"[..]], at(TIME)).unwrap();
    keyring.replace(several(&[K2, K1])).unwrap();
    for head in [&old, &new, &old, &new] {
        judge(&endpoint, head, [&b"{}"[..]], at(TIME)).unwrap();
    }
}

#[test]
fn v6_secrets_as_people_paste_them() {
    let head = signed("svix", ID, &TIME.to_string(), &good(b"{}"));
    verify(standard(&format!(" {K1}\r\n")), &head, b"{}", TIME).unwrap();
    for (secret, kind) in [
        (format!("v1,{K1}"), SecretErrorKind::SignaturePrefix),
        ("whsec_!!!!".to_owned(), SecretErrorKind::Undecodable),
        ("whsec_====".to_owned(), SecretErrorKind::Undecodable),
        ("whsec_A".to_owned(), SecretErrorKind::Undecodable),
        ("whsec_AA".to_owned(), SecretErrorKind::WrongLength),
        ("whpk_".to_owned(), SecretErrorKind::Empty),
        // The neutral point: every signature would fit.
        (
            format!("whpk_{}", STANDARD.encode([&[1_u8][..], &[0; 31]].concat())),
            SecretErrorKind::Undecodable,
        ),
    ] {
        assert_eq!(
            StandardWebhooks::new(published(&secret)).unwrap_err().kind(),
            kind,
            "{secret}"
        );
    }
    for known in [V1.secret, V2.secret, "whsec_"] {
        assert_eq!(Secret::new(known).unwrap_err().kind(), SecretErrorKind::WellKnown);
    }
}

#[test]
fn v4_nothing_prints_a_secret() {
    let verifier = Verifier::from(StandardWebhooks::new(several(&[K1, K2])).unwrap());
    let head = signed("svix", ID, &TIME.to_string(), &good(b"{}"));
    let endpoint = endpoint(verifier.clone());
    let check = endpoint.begin(&head, at(TIME)).unwrap();
    let texts = [
        format!("{verifier:?}"),
        format!("{:?}", verifier.keyrings()),
        format!("{check:?}"),
        format!("{:?}", verifier.recipe()),
        format!("{:?}", Secret::new(K1).unwrap()),
        format!("{:?}", several(&[K1, K2])),
    ];
    for text in texts {
        for secret in [K1, K2, &good(b"{}")] {
            assert!(!text.contains(secret.trim_start_matches("whsec_")), "{text}");
        }
        assert!(!text.contains("1, 2, 3"), "{text}");
    }
    assert_eq!(format!("{:?}", verifier.keyrings()), "[Keyring(2)]");
}
