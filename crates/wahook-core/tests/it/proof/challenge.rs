//! Challenges.

use http::{Method, Request, request::Parts};
use wahook_core::{Challenge, Echo, proof::RefusalKind};

use super::tools::*;

fn get(uri: &str) -> Parts {
    Request::get(uri).body(()).unwrap().into_parts().0
}

fn with_token() -> Challenge {
    Challenge::get(Some(published("verify-me")))
}

fn echo(challenge: &Challenge, uri: &str) -> Option<Result<String, RefusalKind>> {
    challenge.answer_get(&get(uri)).map(|answer| {
        answer
            .map(|answer| String::from_utf8(answer.into_body().to_vec()).unwrap())
            .map_err(|refusal| refusal.kind())
    })
}

#[test]
fn v4_get_challenges_need_the_token_where_one_is_configured() {
    let challenge = with_token();
    for uri in [
        "/?hub.mode=subscribe&hub.challenge=42&hub.verify_token=verify-me",
        "/?challenge=42&token=verify-me",
        "/?challenge=42&verify_token=verify%2Dme",
        "/?hub%2Echallenge=42&token=verify-me",
    ] {
        assert_eq!(echo(&challenge, uri), Some(Ok("42".to_owned())), "{uri}");
    }
    for uri in [
        "/?challenge=42",
        "/?challenge=42&token=verify-m",
        "/?challenge=42&token=",
        "/?challenge=42&token=VERIFY-ME",
        "/?challenge=42&token=verify-me&token=x",
        "/?challenge=42&challenge=43&token=verify-me",
        "/?challenge=42&hub.challenge=43&token=verify-me",
        "/?challenge=&token=verify-me",
        "/?challenge=a%0Ab&token=verify-me",
        "/?challenge=%C3%A9&token=verify-me",
        &format!("/?challenge={}&token=verify-me", "x".repeat(1025)),
    ] {
        assert_eq!(
            echo(&challenge, uri),
            Some(Err(RefusalKind::ChallengeRefused)),
            "{uri}"
        );
    }
    for uri in ["/", "/?token=verify-me", "/?chall=1&token=verify-me"] {
        assert_eq!(echo(&challenge, uri), None, "{uri}");
    }
    let longest = "x".repeat(1024);
    assert_eq!(
        echo(&Challenge::get(None), &format!("/?challenge={longest}")),
        Some(Ok(longest))
    );
    let mut post = get("/?challenge=42&token=verify-me");
    post.method = Method::POST;
    assert!(challenge.answer_get(&post).is_none());
    assert!(Challenge::post(&[]).answer_get(&get("/?challenge=42")).is_none());
}

#[test]
fn v5_any_of_the_tokens_admits() {
    let challenge = Challenge::get(Some(several(&["old-token", "new-token"])));
    for token in ["old-token", "new-token"] {
        assert!(
            echo(&challenge, &format!("/?challenge=1&token={token}"))
                .unwrap()
                .is_ok()
        );
    }
}

#[test]
fn an_echo_cannot_become_a_page() {
    let challenge = Challenge::get(None);
    let answer = challenge
        .answer_get(&get("/?challenge=%3Cscript%3E"))
        .unwrap()
        .unwrap();
    assert_eq!(answer.content_type(), "text/plain; charset=utf-8");
    assert_eq!(answer.headers()[1].1, "nosniff");
    let answer = challenge
        .echo(Echo::Json)
        .answer_get(&get("/?challenge=a%22b"))
        .unwrap()
        .unwrap();
    assert_eq!(answer.content_type(), "application/json");
    assert_eq!(&answer.body()[..], br#"{"challenge":"a\"b"}"#);
}

#[test]
fn names_are_configurable() {
    let challenge = with_token().names(["crc"]).token_names(["key"]);
    assert_eq!(
        echo(&challenge, "/?crc=1&key=verify-me"),
        Some(Ok("1".to_owned()))
    );
    assert_eq!(echo(&challenge, "/?challenge=1&token=verify-me"), None);
}

#[test]
fn post_challenges_are_told_from_deliveries() {
    let challenge = with_token().post_json(&["eventId"]);
    let body = |text: &str| {
        challenge
            .answer_post(text.as_bytes())
            .map(|answer| answer.into_body())
    };
    assert_eq!(
        &body(r#"{"challenge":"abc"}"#).unwrap()[..],
        br#"{"challenge":"abc"}"#
    );
    assert!(body(r#" {"type":"verify","challenge":"abc"} "#).is_some());
    for text in [
        r#"{"challenge":"abc","eventId":"1"}"#,
        r#"{"challenge":"abc","eventId":null}"#,
        r#"{"challenge":1}"#,
        r#"{"challenge":""}"#,
        r#"{"challenge":"a\nb"}"#,
        r#"["challenge"]"#,
        "",
        "{",
        "\u{0}",
    ] {
        assert!(body(text).is_none(), "{text}");
    }
    assert!(body(&format!(r#"{{"challenge":"abc","pad":"{}"}}"#, "x".repeat(4096))).is_none());
    assert!(with_token().answer_post(br#"{"challenge":"abc"}"#).is_none());
}

#[test]
fn unsigned_challenges_are_a_choice_and_hold_nothing_else() {
    assert!(!with_token().takes_unsigned());
    assert!(
        with_token()
            .post_json(&[])
            .answer_unsigned(br#"{"challenge":"a","token":"verify-me"}"#)
            .is_none()
    );
    let challenge = with_token().unsigned();
    assert!(challenge.takes_unsigned());
    assert!(
        challenge
            .answer_unsigned(br#"{"challenge":"a","token":"verify-me"}"#)
            .is_some()
    );
    for body in [
        r#"{"challenge":"a"}"#,
        r#"{"challenge":"a","token":"wrong"}"#,
        r#"{"challenge":"a","token":"verify-me","type":"message"}"#,
        r#"{"challenge":"a","token":1}"#,
        r#"{"challenge":"a","token":"verify-me","verify_token":"verify-me"}"#,
        r#"{"token":"verify-me"}"#,
    ] {
        assert!(challenge.answer_unsigned(body.as_bytes()).is_none(), "{body}");
    }
    let open = Challenge::post(&[]).unsigned();
    assert!(open.answer_unsigned(br#"{"challenge":"a"}"#).is_some());
    assert!(
        open.answer_unsigned(br#"{"challenge":"a","token":"whatever"}"#)
            .is_some()
    );
}
