//! What a recipe signs, its verifier takes.

use std::time::Duration;

use http::{Uri, request::Parts};
use wahook_core::{
    Secret,
    proof::{
        Algorithm, Allowlist, BodyHmac, Encoding, Recipe, SignErrorKind, Signed, StaticToken, Template,
        TokenPlace, Verifier,
    },
};

use super::tools::*;

const NOW: i64 = 1_760_000_000;
const URL: &str = "https://example.com/hook";

fn request(signed: &Signed) -> Parts {
    let query = signed.query.as_ref().map(|(name, value)| {
        form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish()
    });
    let uri = query.map_or("/hook".to_owned(), |query| format!("/hook?{query}"));
    head_to(
        &uri,
        signed
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes())),
    )
}

fn hmac(algorithm: Algorithm) -> BodyHmac {
    BodyHmac::new(
        "x-signature".parse().unwrap(),
        algorithm,
        published("my-long-key"),
    )
    .unwrap()
}

#[test]
fn v1_what_a_recipe_signs_verifies() {
    let window = Duration::from_secs(300);
    let rows: Vec<(Verifier, &str)> = vec![
        (standard(K1).into(), K1),
        (standard(V4_PUBLIC).into(), V4_PRIVATE),
        (hmac(Algorithm::Sha1).into(), "my-long-key"),
        (hmac(Algorithm::Sha256).prefix("sha256=").into(), "my-long-key"),
        (
            hmac(Algorithm::Sha256).required_prefix("sha256=").into(),
            "my-long-key",
        ),
        (
            hmac(Algorithm::Sha512).encoding(Encoding::Base64).into(),
            "my-long-key",
        ),
        (
            hmac(Algorithm::Sha256).encoding(Encoding::Base64Url).into(),
            "my-long-key",
        ),
        (
            hmac(Algorithm::Sha512)
                .algorithm_header("x-alg".parse().unwrap(), "sha512")
                .into(),
            "my-long-key",
        ),
        (
            hmac(Algorithm::Sha256)
                .composite("t", "v1")
                .tolerance(window)
                .unwrap()
                .into(),
            "my-long-key",
        ),
        (
            hmac(Algorithm::Sha256)
                .timestamp_header("x-time".parse().unwrap())
                .id_header("x-id".parse().unwrap())
                .url(URL)
                .signed(Template::parse("{id}.{timestamp}.{url}.{sha256(body)}").unwrap())
                .unwrap()
                .into(),
            "my-long-key",
        ),
        (
            StaticToken::header("x-token".parse().unwrap(), published("my-long-key"))
                .unwrap()
                .into(),
            "my-long-key",
        ),
        (
            StaticToken::bearer(published("my-long-key")).unwrap().into(),
            "my-long-key",
        ),
        (
            StaticToken::query("secret", published("my long+key&x=1"))
                .unwrap()
                .into(),
            "my long+key&x=1",
        ),
        (
            Verifier::all_of([
                hmac(Algorithm::Sha256).into(),
                StaticToken::query("secret", published("my-long-key"))
                    .unwrap()
                    .into(),
            ])
            .unwrap(),
            "my-long-key",
        ),
        (
            Verifier::any_of([standard(K1).into(), hmac(Algorithm::Sha256).into()]).unwrap(),
            K1,
        ),
        (Verifier::dangerous_unverified(), K1),
    ];
    for (verifier, secret) in rows {
        let secret = Secret::dangerous_published(secret).unwrap();
        for body in [&b"{\"a\":1}"[..], b"", b"\xff\x00"] {
            let signed = verifier
                .recipe()
                .sign(&secret, body, "evt_1", at(NOW), &Uri::from_static(URL))
                .unwrap();
            verify(verifier.clone(), &request(&signed), body, NOW).unwrap();
        }
    }
}

#[test]
fn recipes_say_what_they_are() {
    assert!(matches!(
        Verifier::from(standard(K1)).recipe(),
        Recipe::StandardWebhooks
    ));
    let recipe = Verifier::from(StaticToken::query("secret", published("my-long-key")).unwrap()).recipe();
    assert!(matches!(recipe, Recipe::Token { place: TokenPlace::Query(name) } if name == "secret"));
    let Recipe::BodyHmac(recipe) = Verifier::from(hmac(Algorithm::Sha512)).recipe() else {
        panic!("not a body HMAC");
    };
    assert_eq!(
        (recipe.header().as_str(), recipe.algorithm()),
        ("x-signature", Algorithm::Sha512)
    );
    assert_eq!(
        (recipe.encoding(), recipe.signed().as_str()),
        (Encoding::Hex, "{body}")
    );
    let listed = Verifier::from(standard(K1))
        .and_allowlist(Allowlist::new(Vec::new()))
        .recipe();
    assert!(matches!(listed, Recipe::AllOf(parts) if matches!(parts[..], [Recipe::Allowlist, _])));
}

#[test]
fn v4_tokens_in_signed_requests_are_marked_as_sensitive() {
    let verifier = Verifier::from(StaticToken::bearer(published("my-long-key")).unwrap());
    let secret = Secret::dangerous_published("my-long-key").unwrap();
    let signed = verifier
        .recipe()
        .sign(&secret, b"", "e", at(NOW), &Uri::from_static(URL))
        .unwrap();
    assert!(!format!("{:?}", signed.headers).contains("my-long-key"));
}

#[test]
fn what_cannot_be_signed_is_an_error() {
    let recipe = Verifier::from(standard(K1)).recipe();
    let kind = |secret: &str, id: &str| {
        let secret = Secret::dangerous_published(secret).unwrap();
        recipe
            .sign(&secret, b"", id, at(NOW), &Uri::from_static(URL))
            .unwrap_err()
            .kind()
    };
    assert_eq!(kind("whsec_!!!!", "e"), SignErrorKind::Secret);
    assert_eq!(kind(V4_PUBLIC, "e"), SignErrorKind::Secret);
    assert_eq!(kind(K1, "a\nb"), SignErrorKind::Value);
}

#[test]
fn v4_a_signed_request_shows_no_token() {
    let secret = Secret::new("a-long-token").unwrap();
    for place in [
        TokenPlace::Header("x-token".parse().unwrap()),
        TokenPlace::Bearer,
        TokenPlace::Query("token".into()),
    ] {
        let signed = Recipe::Token { place }
            .sign(&secret, b"{}", "id", at(NOW), &URL.parse().unwrap())
            .unwrap();
        assert!(!format!("{signed:?}").contains("a-long-token"));
    }
}
