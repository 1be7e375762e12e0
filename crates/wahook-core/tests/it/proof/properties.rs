//! One bit flipped anywhere never verifies, nothing panics, and the frames of a body change nothing.

use std::time::Duration;

use proptest::prelude::*;
use wahook_core::proof::{
    Algorithm, Allowlist, BodyHmac, ClientAddr, StandardWebhooks, StaticToken, Template, Verifier,
};

use super::tools::*;

const NOW: i64 = 1_760_000_000;

fn key() -> Vec<u8> {
    (0..32).collect()
}

fn hmac() -> BodyHmac {
    BodyHmac::new(
        "x-signature".parse().unwrap(),
        Algorithm::Sha256,
        published("my-long-key"),
    )
    .unwrap()
}

/// One of each, and combinations.
fn verifiers() -> Vec<Verifier> {
    let template = Template::parse("{id}.{timestamp}.{sha256(body)}").unwrap();
    let token = || StaticToken::query("secret", published("my-long-key")).unwrap();
    vec![
        StandardWebhooks::new(several(&[K1, K2, V4_PUBLIC]))
            .unwrap()
            .into(),
        hmac()
            .prefix("sha256=")
            .algorithm_header("x-alg".parse().unwrap(), "sha256")
            .into(),
        hmac()
            .composite("t", "v1")
            .tolerance(Duration::from_secs(300))
            .unwrap()
            .into(),
        hmac()
            .timestamp_header("x-time".parse().unwrap())
            .id_header("x-id".parse().unwrap())
            .signed(template)
            .unwrap()
            .into(),
        StaticToken::header("x-token".parse().unwrap(), published("my-long-key"))
            .unwrap()
            .into(),
        StaticToken::bearer(published("my-long-key")).unwrap().into(),
        token().into(),
        Verifier::any_of([standard(K1).into(), hmac().into()]).unwrap(),
        Verifier::all_of([token().into(), hmac().into()])
            .unwrap()
            .and_allowlist(
                Allowlist::new(vec!["0.0.0.0/0".parse().unwrap()])
                    .trusted_proxies(vec!["10.0.0.0/8".parse().unwrap()]),
            ),
    ]
}

const NAMES: [&str; 14] = [
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "x-signature",
    "x-alg",
    "x-time",
    "x-id",
    "x-token",
    "authorization",
    "x-forwarded-for",
    "x-other",
];

/// Values that get far, and values that do not.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..80).prop_map(|bytes| {
        bytes
            .into_iter()
            .filter(|byte| *byte >= 0x20 && *byte != 0x7f)
            .collect()
    });
    prop_oneof![
        bytes,
        "(v1|v1a|v2)?,?[A-Za-z0-9+/]{0,44}={0,2}( v1,[A-Za-z0-9+/]{43}=){0,3}".prop_map(String::into_bytes),
        "-?[0-9]{0,22}".prop_map(String::into_bytes),
        "(sha256=)?[0-9a-fA-F]{62,66}".prop_map(String::into_bytes),
        "t=[0-9]{0,12},(v1=[0-9a-f]{64},?){0,3}".prop_map(String::into_bytes),
        "(10\\.0\\.0\\.[0-9]{1,3},? ?){0,4}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn v2_one_flipped_bit_anywhere_never_verifies(
        body in prop::collection::vec(any::<u8>(), 0..200),
        which in 0..4_usize,
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        asymmetric in any::<bool>(),
    ) {
        let id = "msg_2ZwZUTqK3oLqEiDl0yQdrU9m6Xc";
        let time = NOW.to_string();
        let (secret, signature) = if asymmetric {
            use ed25519_dalek::Signer;
            let signing = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
            let message = [id.as_bytes(), b".", time.as_bytes(), b".", &body].concat();
            let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
            (
                format!("whpk_{}", encode(signing.verifying_key().as_bytes())),
                format!("v1a,{}", encode(&signing.sign(&message).to_bytes())),
            )
        } else {
            (K1.to_owned(), v1(&key(), id, &time, &body))
        };
        let mut parts = [id.as_bytes().to_vec(), time.into_bytes(), signature.into_bytes(), body];
        let make = |parts: &[Vec<u8>; 4]| {
            parts[..3].iter().all(|value| http::HeaderValue::from_bytes(value).is_ok()).then(|| {
                head([("svix-id", &parts[0]), ("svix-timestamp", &parts[1]), ("svix-signature", &parts[2])])
            })
        };
        prop_assert!(verify(standard(&secret), &make(&parts).unwrap(), &parts[3], NOW).is_ok());
        prop_assume!(!parts[which].is_empty());
        let at = place.index(parts[which].len());
        parts[which][at] ^= 1 << bit;
        if let Some(head) = make(&parts) {
            prop_assert!(verify(standard(&secret), &head, &parts[3], NOW).is_err());
        }
    }

    #[test]
    fn v2_one_flipped_bit_under_a_body_hmac(
        body in prop::collection::vec(any::<u8>(), 1..200),
        place in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let recipe = Verifier::from(hmac()).recipe();
        let secret = wahook_core::Secret::new("my-long-key").unwrap();
        let made = recipe.sign(&secret, &body, "", at(NOW), &http::Uri::from_static("/")).unwrap();
        let head = head(made.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        prop_assert!(verify(hmac(), &head, &body, NOW).is_ok());
        let mut other = body.clone();
        other[place.index(body.len())] ^= 1 << bit;
        prop_assert!(verify(hmac(), &head, &other, NOW).is_err());
    }

    #[test]
    fn p_arbitrary_requests_never_panic_and_never_verify(
        headers in prop::collection::vec((prop::sample::select(&NAMES[..]), value()), 0..10),
        query in "[a-z=&%0-9+]{0,30}|secret=[ -~&&[^#\"<> ]]{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..80),
        now in -1_000_000_000..9_000_000_000_i64,
    ) {
        let uri = format!("/hook?{query}");
        prop_assume!(http::Uri::try_from(&uri).is_ok());
        prop_assume!(headers.iter().all(|(_, value)| http::HeaderValue::from_bytes(value).is_ok()));
        let mut head = head_to(&uri, headers);
        head.extensions.insert(ClientAddr("10.0.0.1".parse().unwrap()));
        for verifier in verifiers() {
            prop_assert!(verify(verifier.clone(), &head, &body, now).is_err());
            let _ = verifier.hints(&head, &body, at(now));
            let mut redacted = head.clone();
            verifier.redact(&mut redacted);
            prop_assert_eq!(redacted.uri.path(), "/hook");
        }
        let challenge = wahook_core::Challenge::get(Some(published("verify-me"))).post_json(&[]).unsigned();
        let _ = (challenge.answer_get(&head), challenge.answer_post(&body), challenge.answer_unsigned(&body));
    }

    #[test]
    fn v1_frames_never_change_the_verdict(
        body in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        good in any::<bool>(),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let frames = || cuts.windows(2).map(|pair| &body[pair[0]..pair[1]]);
        for (verifier, secret) in [
            (standard(K1).into(), K1),
            (StandardWebhooks::new(several(&[K2, K1])).unwrap().into(), K1),
            (standard(V4_PUBLIC).into(), V4_PRIVATE),
            (Verifier::from(hmac()), "my-long-key"),
            (hmac().composite("t", "v1").into(), "my-long-key"),
            (Verifier::any_of([hmac().into(), standard(K1).into()]).unwrap(), "my-long-key"),
        ] {
            let secret = wahook_core::Secret::dangerous_published(secret).unwrap();
            let signed = if good { body.clone() } else { [&body[..], b"x"].concat() };
            let made = verifier.recipe().sign(&secret, &signed, "e", at(NOW), &http::Uri::from_static("/")).unwrap();
            let head = head(made.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
            let endpoint = endpoint(verifier);
            let whole = judge(&endpoint, &head, [&body[..]], at(NOW));
            prop_assert_eq!(whole.is_ok(), good);
            prop_assert_eq!(judge(&endpoint, &head, frames(), at(NOW)), whole);
        }
    }
}
