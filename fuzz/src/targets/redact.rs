//! A token is taken out of a request, and all else stays (V4): the token never survives.

use std::sync::LazyLock;

use http::{HeaderName, Request, Uri};
use jiff::Timestamp;
use wahook_core::{
    Endpoint, Secret,
    proof::{StaticToken, Verifier},
};
use wahook_providers::wawp::Wawp;

use super::Target;
use crate::input::Input;

pub(super) const REDACT: Target = Target {
    name: "redact",
    run,
    seeds: || {
        [
            "\u{0}/hook?secret=my-long-key",
            "\u{0}/hook?a=1&secret=my-long-key&b=2",
            "\u{0}/hook?%73ecret=my%2Dlong-key",
            "\u{0}/hook?a=1&&secret=my-long-key&&b=secret",
            "\u{0}/hook?secret",
            "\u{0}/?secret=&secret=my-long-key",
            "\u{0}https://u@example.com:1/hook/secret=x?s%65cret=my-long-key",
            "\u{0}/hook?s+cret=%&=secret&%",
            "\u{1}/hook?secret=my-long-key",
            "\u{2}/hook?a b=my-long-key&a+b=1&a%20b=2",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    longest: 256,
};

const TOKEN: &str = "my-long-key";
/// Names of the parameter: a plain one, one that is not ASCII, one with a space.
const NAMES: [&str; 3] = ["secret", "schlüssel", "a b"];

fn run(data: &[u8]) {
    static ENDPOINTS: LazyLock<[Endpoint; 3]> = LazyLock::new(|| {
        NAMES.map(|name| {
            let secret = Secret::dangerous_published(TOKEN).expect("a good token");
            let token = StaticToken::query(name, secret.into()).expect("a good token");
            let header = StaticToken::header(
                HeaderName::from_static("x-token"),
                Secret::dangerous_published(TOKEN).expect("a good token").into(),
            );
            let both = Verifier::any_of([token.into(), header.expect("a good token").into()]);
            Endpoint::new("fuzz", Wawp::new(), both.expect("one class")).expect("a good name")
        })
    });
    let mut input = Input::new(data);
    let which = usize::from(input.byte()) % NAMES.len();
    let (name, endpoint) = (NAMES[which], &ENDPOINTS[which]);
    let Ok(uri) = Uri::try_from(input.rest()) else {
        return;
    };
    let request = Request::post(uri.clone())
        .header("x-token", "another")
        .header("x-other", TOKEN);
    let Ok(request) = request.body(()) else {
        return;
    };
    let mut head = request.into_parts().0;
    let verifies = endpoint.begin(&head, Timestamp::UNIX_EPOCH).is_ok();
    endpoint.verifier().redact(&mut head);
    let (before, after) = (
        uri.query().unwrap_or_default(),
        head.uri.query().unwrap_or_default(),
    );
    // Read as a whole, as a server would, and not pair by pair.
    let is_ours = |(read, _): &(std::borrow::Cow<'_, str>, _)| read == name;
    assert!(
        !form_urlencoded::parse(after.as_bytes()).any(|pair| is_ours(&pair)),
        "the token survives in {}",
        head.uri
    );
    let others = form_urlencoded::parse(before.as_bytes()).filter(|pair| !is_ours(pair));
    assert!(
        others.eq(form_urlencoded::parse(after.as_bytes())),
        "{uri} becomes {}",
        head.uri
    );
    assert_eq!(
        (uri.scheme(), uri.authority(), uri.path()),
        (head.uri.scheme(), head.uri.authority(), head.uri.path())
    );
    assert!(!head.headers.contains_key("x-token") && head.headers["x-other"] == TOKEN);
    assert!(
        endpoint.begin(&head, Timestamp::UNIX_EPOCH).is_err(),
        "what is redacted proves nothing"
    );
    if verifies {
        let token = |(read, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
            read == name && value.replace(' ', "+") == TOKEN
        };
        assert!(
            form_urlencoded::parse(before.as_bytes()).any(token),
            "{uri} verifies"
        );
    }
    let once = head.uri.clone();
    endpoint.verifier().redact(&mut head);
    assert_eq!(head.uri, once, "there is nothing left to take out");
}
