//! Hints name the true cause, and never a secret.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use sha2::{Sha256, Sha512};
use wahook_core::proof::{
    Algorithm, Allowlist, BodyHmac, ClientAddr, Encoding, Hint, StaticToken, Template, Verifier,
};

use super::tools::*;

const ID: &str = "msg_test0001";
const TIME: i64 = 1_760_000_000;
const BODY: &[u8] = r#"{"message_id":"m-1","text":"héllo / <b>","n":[1,2.50],"e":{}}"#.as_bytes();

fn hints(verifier: impl Into<Verifier>, head: &Parts, body: &[u8]) -> Vec<Hint> {
    let verifier = verifier.into();
    let hints = verifier.hints(head, body, at(TIME));
    for hint in &hints {
        let text = format!("{hint} {hint:?} {}", hint.as_str());
        for secret in [K1, K2, "my-own-key", "a-long-token"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    hints
}

fn sent(key: &[u8], time: i64) -> Parts {
    let time = time.to_string();
    signed("svix", ID, &time, &v1(key, ID, &time, BODY))
}

fn k1() -> Vec<u8> {
    (0..32).collect()
}

#[test]
fn v4_what_verifies_needs_no_hint() {
    assert_eq!(hints(standard(K1), &sent(&k1(), TIME), BODY), []);
    assert_eq!(hints(Verifier::dangerous_unverified(), &bare(), BODY), []);
}

#[test]
fn v4_the_faults_of_a_sender_are_named() {
    let head = sent(&k1(), TIME);
    let of = |body: &[u8]| hints(standard(K1), &head, body);
    // tamper
    for at in [0, 5, BODY.len() - 1] {
        let mut body = BODY.to_vec();
        body[at] ^= 0x10;
        assert_eq!(of(&body), [Hint::BodyAltered { at }]);
    }
    assert_eq!(of(br#"{"quite":"another"}"#), [Hint::OtherSecret]);
    // stale, future
    for (time, seconds) in [(TIME - 412, 412), (TIME + 999, -999)] {
        assert_eq!(
            hints(standard(K1), &sent(&k1(), time), BODY),
            [Hint::ClockOff { seconds }]
        );
    }
    // wrong-secret
    assert_eq!(hints(standard(K2), &head, BODY), [Hint::OtherSecret]);
    // truncate
    for cut in [1, 20, BODY.len() - 1] {
        assert_eq!(of(&BODY[..cut]), [Hint::BodyCut]);
    }
    // A stale head is refused before the body is read: nothing is said of what was not seen.
    assert_eq!(hints(standard(K1), &sent(&k1(), TIME - 412), b""), []);
}

#[test]
fn v4_reencoded_bodies_are_named() {
    let text = str::from_utf8(BODY).unwrap();
    let value: serde_json::Value =
        serde_json::from_str(r#"{"a":{"b":[1,"ü/<>&"],"c":[]},"d":null}"#).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for (signed_body, arrived) in [
        (text.to_owned(), text.replace('/', "\\/")),
        (text.replace('/', "\\/"), text.to_owned()),
        (text.replace('é', "\\u00e9"), text.to_owned()),
        (text.to_owned(), text.replace('é', "\\u00e9")),
        (
            text.replace('<', "\\u003c").replace('>', "\\u003e"),
            text.to_owned(),
        ),
        (text.to_owned(), text.replace(':', ": ").replace(',', ", ")),
        (text.replace(':', ": ").replace(',', ", "), text.to_owned()),
        (value.to_string(), pretty.clone()),
        (pretty.clone(), value.to_string()),
        // Go's encoder ends what it writes with a line break.
        (format!("{pretty}\n"), value.to_string()),
        (format!("{value}\n"), pretty),
    ] {
        let time = TIME.to_string();
        let head = signed("svix", ID, &time, &v1(&k1(), ID, &time, signed_body.as_bytes()));
        assert_eq!(
            hints(standard(K1), &head, arrived.as_bytes()),
            [Hint::BodyReencoded],
            "{arrived}"
        );
    }
}

#[test]
fn v4_white_space_is_named() {
    for (signed_body, arrived) in [
        (&b"{}"[..], &b"{}\n"[..]),
        (b"{}", b"{}\r\n"),
        (b"{}\n", b"{}"),
        (b"{}", b"\xEF\xBB\xBF{}"),
        (b"{}", b"\xEF\xBB\xBF{}\r\n"),
        (b"{\n}", b"{\r\n}"),
        (b"{\r\n}", b"{\n}"),
        (b"\xff", b" \xff "),
    ] {
        let time = TIME.to_string();
        let head = signed("svix", ID, &time, &v1(&k1(), ID, &time, signed_body));
        assert_eq!(
            hints(standard(K1), &head, arrived),
            [Hint::BodyWhitespace],
            "{arrived:?}"
        );
    }
}

#[test]
fn v4_v5_previous_secrets_are_named() {
    let scheme = standard(K2);
    let keyring = scheme.keyring().clone();
    for secret in [
        K1,
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "BBBBBBBBBBBBBBBBBBBBBBBB",
        "CCCCCCCCCCCCCCCCCCCCCCCC",
    ] {
        keyring.replace(published(secret)).unwrap();
    }
    // K1 is one of the last three that were retired; K2 is forgotten.
    assert_eq!(
        hints(scheme.clone(), &sent(&k1(), TIME), BODY),
        [Hint::PreviousSecret]
    );
    let k2: Vec<u8> = (32..64).collect();
    assert_eq!(hints(scheme, &sent(&k2, TIME), BODY), [Hint::OtherSecret]);
}

#[test]
fn v4_mistakes_with_the_secret_are_named() {
    let bare = K1.trim_start_matches("whsec_");
    assert_eq!(
        hints(standard(K1), &sent(bare.as_bytes(), TIME), BODY),
        [Hint::SecretPrefixStripped]
    );
    assert_eq!(
        hints(standard(K1), &sent(K1.as_bytes(), TIME), BODY),
        [Hint::SecretAsText]
    );
    // The plugin's mistake on the vector of the official suites, as Node decodes it (Wazapin's plugin, 2026-08).
    let mut lenient = base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    lenient = lenient.with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
    let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
    let whole = engine.decode("whsec/MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    assert_eq!(whole.len(), 28);
    let time = V1.time.to_string();
    let wrong = v1(&whole, V1.id, &time, V1.body);
    assert!(wrong.starts_with("v1,VEn5gt33"), "{wrong}");
    let head = signed("svix", V1.id, &time, &wrong);
    let found = Verifier::from(standard(V1.secret)).hints(&head, V1.body, at(V1.time));
    assert_eq!(found, [Hint::SecretPrefixDecoded]);
}

#[test]
fn v4_headers_of_others_are_named() {
    let name = |text: &'static str| http::HeaderName::from_static(text);
    let of = |headers: &[(&str, &str)]| hints(standard(K1), &head(headers.iter().copied()), BODY);
    assert_eq!(of(&[]), []);
    assert_eq!(
        of(&[("x-hub-signature-256", "sha256=00")]),
        [Hint::OtherScheme {
            header: name("x-hub-signature-256")
        }]
    );
    assert_eq!(
        of(&[("svix-id", "a"), ("webhook-timestamp", "1")]),
        [Hint::FamiliesMixed]
    );
    assert_eq!(of(&[("webhook-id", "a")]), []);
    assert_eq!(
        of(&[("x-secret", K1)]),
        [Hint::SecretSent {
            header: name("x-secret")
        }]
    );
    let mut both = sent(&[9; 32], TIME);
    for (name, value) in sent(&k1(), TIME).headers {
        let name = name.unwrap().as_str().replace("svix", "webhook");
        both.headers
            .insert(http::HeaderName::try_from(name).unwrap(), value);
    }
    assert_eq!(hints(standard(K1), &both, BODY), [Hint::OtherFamily]);
}

#[test]
fn v4_other_contents_than_configured_are_named() {
    const TIME: &str = "1767225601";
    let scheme = || {
        BodyHmac::new(
            "x-signature".parse().unwrap(),
            Algorithm::Sha256,
            published("my-own-key"),
        )
        .unwrap()
    };
    let timed = || {
        let timed = scheme().timestamp_header("x-timestamp".parse().unwrap());
        timed
            .signed(Template::parse("{timestamp}.{body}").unwrap())
            .unwrap()
    };
    let of = |scheme: BodyHmac, contents: &str, body: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"my-own-key").unwrap();
        let text = std::str::from_utf8(body).unwrap();
        mac.update(
            contents
                .replace("{timestamp}", TIME)
                .replace("{body}", text)
                .as_bytes(),
        );
        let hex = const_hex::encode(mac.finalize().into_bytes());
        let headers = [
            ("x-request-id", "17672256"),
            ("x-timestamp", TIME),
            ("x-signature", &hex),
        ];
        hints(scheme, &head(headers), body)
    };
    let other = |signed, time: Option<&str>| {
        let time = time.map(|name| name.parse().unwrap());
        [Hint::OtherContents { signed, time }]
    };
    for signed in [
        "{timestamp}.{body}",
        "{timestamp}{body}",
        "{timestamp}:{body}",
        "{body}.{timestamp}",
        "{body}{timestamp}",
        "v0:{timestamp}:{body}",
    ] {
        assert_eq!(of(scheme(), signed, BODY), other(signed, Some("x-timestamp")));
        let found = of(timed(), signed, BODY);
        if signed == "{timestamp}.{body}" {
            assert!(!matches!(found[..], [Hint::OtherContents { .. }]), "{found:?}");
        } else {
            assert_eq!(found, other(signed, Some("x-timestamp")));
        }
    }
    assert_eq!(of(timed(), "{body}", BODY), other("{body}", None));
    let said = other("{timestamp}.{body}", Some("x-timestamp"))[0].to_string();
    assert_eq!(
        said,
        "verifies if `{timestamp}.{body}` is signed, with the time in header x-timestamp; configure that"
    );
    // What is large is not hashed again and again.
    let large = vec![b'x'; 70_000];
    assert_eq!(of(scheme(), "{timestamp}.{body}", &large), [Hint::OtherSecret]);
}

#[test]
fn v4_body_hmac_mistakes_are_named() {
    let scheme = |secret: &str| {
        BodyHmac::new(
            "x-signature".parse().unwrap(),
            Algorithm::Sha256,
            published(secret),
        )
        .unwrap()
    };
    let mac = |key: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(BODY);
        mac.finalize().into_bytes().to_vec()
    };
    let mut long = Hmac::<Sha512>::new_from_slice(b"my-own-key").unwrap();
    long.update(BODY);
    let long = const_hex::encode(long.finalize().into_bytes());
    let of = |secret: &str, value: &str| hints(scheme(secret), &head([("x-signature", value)]), BODY);
    let hex = const_hex::encode(mac(b"my-own-key"));
    assert_eq!(of("my-own-key", &hex), []);
    assert_eq!(
        of("my-own-key", &STANDARD.encode(mac(b"my-own-key"))),
        [Hint::OtherEncoding {
            encoding: Encoding::Base64
        }]
    );
    assert_eq!(
        of("my-own-key", &long),
        [Hint::OtherAlgorithm {
            algorithm: Algorithm::Sha512
        }]
    );
    assert_eq!(of("my-own-key", &format!("sha256={hex}")), [Hint::OtherPrefix]);
    assert_eq!(
        of("my-own-key", "my-own-key"),
        [Hint::SecretSent {
            header: "x-signature".parse().unwrap()
        }]
    );
    assert_eq!(of("whsec_my-own-key", &hex), [Hint::SecretPrefixStripped]);
    assert_eq!(
        of("00ff10aa", &const_hex::encode(mac(&[0, 255, 16, 170]))),
        [Hint::SecretDecoded { from: Encoding::Hex }]
    );
    assert_eq!(
        of(
            "zzzzABCD",
            &const_hex::encode(mac(&STANDARD.decode("zzzzABCD").unwrap()))
        ),
        [Hint::SecretDecoded {
            from: Encoding::Base64
        }]
    );
    let required = scheme("my-own-key").required_prefix("sha256=");
    assert_eq!(
        hints(required, &head([("x-signature", hex.as_str())]), BODY),
        [Hint::OtherPrefix]
    );
    let spaced = hints(
        scheme("my-own-key"),
        &head([("x-signature", hex.as_str())]),
        &[BODY, b"\n"].concat(),
    );
    assert_eq!(spaced, [Hint::BodyWhitespace]);
}

#[test]
fn v4_tokens_that_stand_elsewhere_are_named() {
    let scheme = || StaticToken::header("x-token".parse().unwrap(), published("a-long-token")).unwrap();
    assert_eq!(
        hints(scheme(), &head([("authorization", "Bearer a-long-token")]), b""),
        [Hint::TokenElsewhere {
            header: Some("authorization".parse().unwrap())
        }]
    );
    let found = hints(scheme(), &head_to("/?secret=a-long-token", [("x-a", "1")]), b"");
    assert_eq!(found, [Hint::TokenElsewhere { header: None }]);
    let scheme = scheme();
    scheme.keyring().replace(published("b-long-token")).unwrap();
    assert_eq!(
        hints(scheme, &head([("x-token", "a-long-token")]), b""),
        [Hint::PreviousSecret]
    );
}

#[test]
fn v4_an_unknown_proxy_is_named() {
    let allowlist = Allowlist::new(vec!["203.0.113.0/24".parse().unwrap()]);
    let mut head = sent(&k1(), TIME);
    head.headers
        .insert("x-forwarded-for", "203.0.113.7".parse().unwrap());
    head.extensions.insert(ClientAddr("10.0.0.1".parse().unwrap()));
    let verifier = Verifier::from(standard(K1)).and_allowlist(allowlist);
    assert_eq!(hints(verifier, &head, BODY), [Hint::ProxyNotTrusted]);
}

#[test]
fn v4_where_one_alternative_fits_the_others_are_silent() {
    let verifier = Verifier::any_of([standard(K2).into(), standard(K1).into()]).unwrap();
    assert_eq!(hints(verifier, &sent(&k1(), TIME), BODY), []);
}
