//! Static tokens, and taking them out of a request.

use wahook_core::{
    SecretErrorKind,
    proof::{RefusalKind, StaticToken, Verifier},
};

use super::tools::*;

const TOKEN: &str = "tok+en/123456";

fn header() -> StaticToken {
    StaticToken::header("x-token".parse().unwrap(), published(TOKEN)).unwrap()
}

fn bearer() -> StaticToken {
    StaticToken::bearer(published(TOKEN)).unwrap()
}

fn query() -> StaticToken {
    StaticToken::query("secret", published(TOKEN)).unwrap()
}

#[test]
fn v3_header_tokens() {
    let check = |headers: &[(&str, &str)]| {
        verify(header(), &head(headers.iter().copied()), b"{}", 0).map(|proof| proof.scheme())
    };
    assert_eq!(check(&[("X-Token", TOKEN)]), Ok("static-token"));
    assert_eq!(check(&[]), Err(RefusalKind::TokenMissing));
    assert_eq!(
        check(&[("x-token", TOKEN), ("x-token", TOKEN)]),
        Err(RefusalKind::HeaderRepeated)
    );
    for value in [
        "",
        "tok+en/12345",
        "tok+en/1234567",
        "TOK+EN/123456",
        "tok+en/123456 x",
        "Bearer tok+en/123456",
    ] {
        assert_eq!(
            check(&[("x-token", value)]),
            Err(RefusalKind::TokenMismatch),
            "{value}"
        );
    }
    assert_eq!(check(&[("authorization", TOKEN)]), Err(RefusalKind::TokenMissing));
}

#[test]
fn v3_bearer_tokens() {
    let check = |value: &str| verify(bearer(), &head([("authorization", value)]), b"{}", 0).map(drop);
    for value in [
        "Bearer tok+en/123456",
        "bearer tok+en/123456",
        "BEARER   tok+en/123456",
    ] {
        check(value).unwrap();
    }
    for (value, kind) in [
        ("tok+en/123456", RefusalKind::TokenMissing),
        ("Basic tok+en/123456", RefusalKind::TokenMissing),
        ("Bearer", RefusalKind::TokenMissing),
        ("Bearer ", RefusalKind::TokenMissing),
        ("Bearer x", RefusalKind::TokenMismatch),
        ("Bearertok+en/123456", RefusalKind::TokenMissing),
    ] {
        let refused = check(value).unwrap_err();
        assert!(
            refused == kind || value == "Bearer " && refused == RefusalKind::TokenMismatch,
            "{value}"
        );
    }
    let twice = head([
        ("authorization", "Bearer tok+en/123456"),
        ("authorization", "Bearer x"),
    ]);
    assert_eq!(
        verify(bearer(), &twice, b"{}", 0).unwrap_err(),
        RefusalKind::HeaderRepeated
    );
}

#[test]
fn v3_query_tokens() {
    let check = |uri: &str| verify(query(), &head_to(uri, [("x-token", TOKEN)]), b"{}", 0).map(drop);
    // Typed raw into a page, or encoded in either way; the name may be encoded too.
    for uri in [
        "/hook?secret=tok+en/123456",
        "/hook?a=1&secret=tok%2Ben%2F123456&b=2",
        "/hook?%73ecret=tok%2Ben/123456",
        "/hook?&&secret=tok+en/123456&",
    ] {
        check(uri).unwrap();
    }
    for (uri, kind) in [
        ("/hook", RefusalKind::TokenMissing),
        ("/hook?", RefusalKind::TokenMissing),
        ("/hook?Secret=tok+en/123456", RefusalKind::TokenMissing),
        ("/hook?secret", RefusalKind::TokenMismatch),
        ("/hook?secret=", RefusalKind::TokenMismatch),
        ("/hook?secret=tok%20en/123456", RefusalKind::TokenMismatch),
        ("/hook?secret=tok+en/12345", RefusalKind::TokenMismatch),
        (
            "/hook?secret=tok+en/123456&secret=tok+en/123456",
            RefusalKind::HeaderRepeated,
        ),
        (
            "/hook?secret=tok+en/123456&%73ecret=x",
            RefusalKind::HeaderRepeated,
        ),
    ] {
        assert_eq!(check(uri), Err(kind), "{uri}");
    }
}

#[test]
fn v5_several_tokens() {
    let verifier = Verifier::from(StaticToken::bearer(several(&["first-token", "second-token"])).unwrap());
    for token in ["first-token", "second-token"] {
        verify(
            verifier.clone(),
            &head([("authorization", format!("Bearer {token}"))]),
            b"",
            0,
        )
        .unwrap();
    }
    verifier.keyrings()[0].replace(published("third-token")).unwrap();
    assert!(
        verify(
            verifier.clone(),
            &head([("authorization", "Bearer first-token")]),
            b"",
            0
        )
        .is_err()
    );
    verify(verifier, &head([("authorization", "Bearer third-token")]), b"", 0).unwrap();
}

#[test]
fn v6_short_tokens_are_refused() {
    assert_eq!(
        StaticToken::bearer(published("1234567")).unwrap_err().kind(),
        SecretErrorKind::WrongLength
    );
    StaticToken::bearer(published("12345678")).unwrap();
}

#[test]
fn v4_redacting_takes_the_token_and_nothing_else() {
    let verifier = Verifier::from(query());
    for (uri, left) in [
        ("/hook?secret=tok+en/123456", "/hook"),
        ("/hook?a=%2f&secret=x&b=+%20", "/hook?a=%2f&b=+%20"),
        ("/hook?secret=x&a", "/hook?a"),
        ("/hook?a&%73ecret=x", "/hook?a"),
        ("/hook?secret=1&secret=2&c=3", "/hook?c=3"),
        ("/hook?a&&b", "/hook?a&&b"),
        ("/hook?secrets=1", "/hook?secrets=1"),
        ("/hook", "/hook"),
        ("/hook?", "/hook?"),
        (
            "https://example.com:8443/hook?secret=x&a=1",
            "https://example.com:8443/hook?a=1",
        ),
        ("https://example.com?secret=x", "https://example.com/"),
    ] {
        let mut head = head_to(uri, [("x-other", "1")]);
        verifier.redact(&mut head);
        assert_eq!(head.uri.to_string(), left, "{uri}");
        assert_eq!(head.headers.len(), 1);
    }
    let all = Verifier::all_of([header().into(), bearer().into(), query().into()]).unwrap();
    let mut head = head_to(
        "/hook?secret=tok+en/123456&x=1",
        [
            ("x-token", TOKEN),
            ("authorization", "Bearer tok+en/123456"),
            ("x-other", "1"),
        ],
    );
    verify(all.clone(), &head, b"", 0).unwrap();
    all.redact(&mut head);
    assert_eq!(head.uri, "/hook?x=1");
    assert_eq!(
        head.headers
            .keys()
            .map(http::HeaderName::as_str)
            .collect::<Vec<_>>(),
        ["x-other"]
    );
}
