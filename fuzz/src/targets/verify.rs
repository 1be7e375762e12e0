//! Every scheme: what the provider signs verifies, however it arrives, and with one bit flipped it does not (V1–V4).
//!
//! Longer than 400 lines: one target: every scheme is judged by the same functions.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, request::Parts};
use jiff::Timestamp;
use wahook_core::{
    Endpoint, Secret, Secrets,
    proof::{
        Algorithm, Allowlist, BodyHmac, ClientAddr, Encoding, Proof, RefusalKind, StandardWebhooks,
        StaticToken, Template, Verifier,
    },
};
use wahook_providers::wawp::Wawp;

use super::Target;
use crate::input::Input;

pub(super) const VERIFY: Target = Target {
    name: "verify",
    run,
    seeds: || {
        let schemes = u8::try_from(SCHEMES.len()).unwrap_or(u8::MAX);
        let edits = (0..schemes).flat_map(|scheme| {
            (0..EDITS).map(move |edit| {
                [
                    &[scheme, edit, 0, 3, 2, 5, 0, 1, 0, 7][..],
                    b"{\"event\":\"message\"}",
                ]
                .concat()
            })
        });
        let heads = (0..schemes).map(|scheme| {
            let lines = b"\x00msg_1\n\x011760000000\n\x02v1,AAAA\n\x06sha256=00\n\x08t=1,v1=00\n\x0bBearer x\n\x0c10.0.0.1\n\n{}";
            [&[scheme, EDITS, 0, 0, 0, 0, 0, 0, 0, 0][..], lines].concat()
        });
        edits.chain(heads).collect()
    },
    longest: 512,
};

const NOW: Timestamp = Timestamp::constant(1_760_000_000, 0);
const STANDARD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OLD: &str = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const PRIVATE: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const KEY: &str = "my-long-key";

/// A scheme, and a secret that signs for it.
struct Scheme {
    endpoint: Endpoint,
    secret: &'static str,
    /// Whether it binds the body.
    binds: bool,
    /// Whether a signature may be written in both cases: hexadecimal is.
    any_case: bool,
}

static SCHEMES: LazyLock<Vec<Scheme>> = LazyLock::new(schemes);

fn secrets(texts: &[&str]) -> Secrets {
    let secrets = texts
        .iter()
        .map(|text| Secret::dangerous_published(*text).expect("a good secret"));
    Secrets::new(secrets.collect()).expect("there is one")
}

fn hmac(algorithm: Algorithm) -> BodyHmac {
    BodyHmac::new(
        HeaderName::from_static("x-signature"),
        algorithm,
        secrets(&["another-key", KEY]),
    )
    .expect("a good secret")
}

fn schemes() -> Vec<Scheme> {
    let standard = |texts: &[&str]| StandardWebhooks::new(secrets(texts)).expect("good secrets");
    let key = || secrets(&["another-key", KEY]);
    let template = |text| Template::parse(text).expect("a good template");
    let query = || StaticToken::query("secret", key()).expect("a good secret");
    let allowlist = || {
        let net = |text: &str| vec![text.parse().expect("a network")];
        Allowlist::new(net("203.0.113.0/24")).trusted_proxies(net("10.0.0.0/8"))
    };
    let rows: Vec<(Verifier, &'static str, bool, bool)> = vec![
        (standard(&[STANDARD]).into(), STANDARD, true, false),
        (standard(&[OLD, PUBLIC, STANDARD]).into(), STANDARD, true, false),
        (standard(&[PUBLIC]).into(), PRIVATE, true, false),
        (standard(&[STANDARD, PUBLIC]).into(), PRIVATE, true, false),
        (hmac(Algorithm::Sha256).prefix("sha256=").into(), KEY, true, true),
        (
            hmac(Algorithm::Sha512).required_prefix("sha512=").into(),
            KEY,
            true,
            true,
        ),
        (
            hmac(Algorithm::Sha1).encoding(Encoding::Base64).into(),
            KEY,
            true,
            false,
        ),
        (
            hmac(Algorithm::Sha256).encoding(Encoding::Base64Url).into(),
            KEY,
            true,
            false,
        ),
        (
            hmac(Algorithm::Sha256)
                .algorithm_header(HeaderName::from_static("x-alg"), "sha256")
                .into(),
            KEY,
            true,
            true,
        ),
        (
            hmac(Algorithm::Sha256)
                .composite("t", "v1")
                .tolerance(Duration::from_secs(300))
                .expect("the time is signed")
                .into(),
            KEY,
            true,
            true,
        ),
        (
            hmac(Algorithm::Sha256)
                .timestamp_header(HeaderName::from_static("x-time"))
                .id_header(HeaderName::from_static("x-id"))
                .url("https://example.com/hook")
                .signed(template("{url}\n{id}.{timestamp}.{sha256(body)}"))
                .expect("its values have places")
                .into(),
            KEY,
            true,
            true,
        ),
        (
            hmac(Algorithm::Sha256)
                .timestamp_header(HeaderName::from_static("x-time"))
                .signed(template("{body}.{timestamp}"))
                .expect("its values have places")
                .into(),
            KEY,
            true,
            true,
        ),
        (
            StaticToken::header(HeaderName::from_static("x-token"), key())
                .expect("a good secret")
                .into(),
            KEY,
            false,
            false,
        ),
        (
            StaticToken::bearer(key()).expect("a good secret").into(),
            KEY,
            false,
            false,
        ),
        (query().into(), KEY, false, false),
        (
            Verifier::any_of([hmac(Algorithm::Sha256).into(), standard(&[STANDARD]).into()])
                .expect("one class"),
            KEY,
            true,
            true,
        ),
        (
            Verifier::all_of([query().into(), hmac(Algorithm::Sha256).into()]).expect("more than an address"),
            KEY,
            true,
            true,
        ),
        (
            Verifier::from(hmac(Algorithm::Sha512)).and_allowlist(allowlist()),
            KEY,
            true,
            true,
        ),
    ];
    let scheme = |(verifier, secret, binds, any_case)| Scheme {
        endpoint: Endpoint::new("fuzz", Wawp::new(), verifier).expect("a good name"),
        secret,
        binds,
        any_case,
    };
    rows.into_iter().map(scheme).collect()
}

/// How many sorts of edit there are; what is above is a head of the input's own.
const EDITS: u8 = 8;

fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let scheme = &SCHEMES[usize::from(input.byte()) % SCHEMES.len()];
    let edit = input.byte() % (EDITS + 1);
    let (place, bit) = (
        usize::from(input.byte()) << 8 | usize::from(input.byte()),
        input.byte() % 8,
    );
    let which = usize::from(input.byte());
    let mut cuts = [usize::from(input.byte()), usize::from(input.byte())];
    let shift = i64::from(input.byte()) << 8 | i64::from(input.byte());
    if edit == EDITS {
        return strange(scheme, input.rest());
    }
    let body = input.rest();
    let head = signed(scheme, body);
    let whole = judge(scheme, &head, &[body], NOW);
    let proof = whole
        .as_ref()
        .unwrap_or_else(|kind| panic!("{:?} does not verify: {kind:?}", scheme.endpoint.verifier()));
    assert!(proof.id().is_none_or(|id| id == ID) && proof.signed_at().is_none_or(|at| at == NOW));
    // However it arrives (V1), and once more.
    cuts.iter_mut().for_each(|cut| *cut = (*cut).min(body.len()));
    cuts.sort_unstable();
    let frames = [&body[..cuts[0]], &body[cuts[0]..cuts[1]], &body[cuts[1]..]];
    assert!(
        judge(scheme, &head, &frames, NOW).is_ok(),
        "in frames it does not verify"
    );
    edited(scheme, &head, body, (edit, place, bit, which, shift));
}

/// One change, after which it must not verify.
fn edited(
    scheme: &Scheme,
    head: &Parts,
    body: &[u8],
    (edit, place, bit, which, shift): (u8, usize, u8, usize, i64),
) {
    let (mut other, mut changed, mut now) = (head.clone(), body.to_vec(), NOW);
    // What is not about the body has to be refused by all, what is about it by those that bind it.
    let mut harmless = !scheme.binds;
    let names: Vec<HeaderName> = head
        .headers
        .keys()
        .filter(|name| *name != "x-forwarded-for")
        .cloned()
        .collect();
    match edit {
        0 => match body.len() {
            0 => changed.push(bit),
            length => changed[place % length] ^= 1 << bit,
        },
        1 => changed.push(bit),
        2 if !changed.is_empty() => changed.truncate(place % body.len()),
        3 if !names.is_empty() => {
            let name = &names[which % names.len()];
            let mut value = head.headers[name].as_bytes().to_vec();
            // `Bearer` is a word in any case.
            let first = if name == "authorization" { 7 } else { 0 };
            let at = first + place % (value.len() - first);
            value[at] ^= 1 << bit;
            let Ok(value) = HeaderValue::from_bytes(&value) else {
                return;
            };
            harmless = scheme.any_case
                && value
                    .as_bytes()
                    .eq_ignore_ascii_case(head.headers[name].as_bytes());
            other.headers.insert(name, value);
        }
        4 if !names.is_empty() => {
            let name = &names[which % names.len()];
            // The header of an algorithm says nothing where it is not there.
            harmless = name == "x-alg";
            other.headers.remove(name);
        }
        5 if !names.is_empty() => {
            let name = &names[which % names.len()];
            harmless = false;
            other.headers.append(name, head.headers[name].clone());
        }
        6 => {
            let Some(query) = head.uri.query().map(|query| query.as_bytes().to_vec()) else {
                return;
            };
            let mut query = query;
            let at = place % query.len();
            query[at] ^= 1 << bit;
            let Ok(uri) = Uri::try_from([b"/hook?", query.as_slice()].concat()) else {
                return;
            };
            harmless = false;
            other.uri = uri;
        }
        7 => {
            let tells_the_time = head
                .headers
                .keys()
                .any(|name| name.as_str().ends_with("-timestamp"));
            if !tells_the_time {
                return;
            }
            let outside = shift + 301;
            let seconds = if bit % 2 == 0 { outside } else { -outside };
            now = Timestamp::new(NOW.as_second() + seconds, 0).expect("a good time");
            harmless = false;
        }
        _ => return,
    }
    let verdict = judge(scheme, &other, &[&changed], now);
    let verifier = scheme.endpoint.verifier();
    assert!(
        harmless || verdict.is_err(),
        "edit {edit} of {verifier:?} still verifies: {other:?}"
    );
    // Working them out takes a hundred times as long as all the rest.
    if which % 8 != 0 {
        return;
    }
    for hint in verifier.hints(&other, &changed, now) {
        let said = format!("{hint:?} {hint}");
        assert!(
            ![STANDARD, OLD, PRIVATE, KEY]
                .iter()
                .any(|secret| said.contains(secret)),
            "a hint says a secret: {said}"
        );
    }
}

const ID: &str = "msg_1";

/// The request as the provider sends it.
fn signed(scheme: &Scheme, body: &[u8]) -> Parts {
    let secret = Secret::dangerous_published(scheme.secret).expect("a good secret");
    let url = Uri::from_static("https://example.com/hook");
    let recipe = scheme.endpoint.verifier().recipe();
    let made = recipe
        .sign(&secret, body, ID, NOW, &url)
        .expect("its own secret signs");
    let query = made.query.map(|(name, value)| format!("?{name}={value}"));
    let request = Request::post(format!("/hook{}", query.unwrap_or_default()));
    let mut head = request.body(()).expect("a good request").into_parts().0;
    head.headers = made.headers.into_iter().collect();
    head.headers
        .insert("x-forwarded-for", HeaderValue::from_static("203.0.113.7"));
    head.extensions.insert(ClientAddr([10, 0, 0, 1].into()));
    head
}

fn judge(scheme: &Scheme, head: &Parts, frames: &[&[u8]], now: Timestamp) -> Result<Proof, RefusalKind> {
    let mut check = scheme
        .endpoint
        .begin(head, now)
        .map_err(|refusal| refusal.kind())?;
    for frame in frames {
        check.update(Bytes::copy_from_slice(frame));
    }
    match check.finish() {
        Ok(verified) => {
            assert_eq!(
                verified.body(),
                &frames.concat(),
                "the bytes signed are the bytes handed on"
            );
            Ok(verified.proof().clone())
        }
        Err((refusal, _)) => Err(refusal.kind()),
    }
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

/// A head of the input's own, line by line: it verifies only where it is a token, and nothing panics.
fn strange(scheme: &Scheme, data: &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = data;
    while let Some((line, after)) = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .map(|at| rest.split_at(at))
    {
        rest = &after[1..];
        let Some((name, value)) = line.split_first() else {
            break;
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(
                HeaderName::from_static(NAMES[usize::from(*name) % NAMES.len()]),
                value,
            );
        }
    }
    let mut head = Request::post("/hook")
        .body(())
        .expect("a good request")
        .into_parts()
        .0;
    head.headers = headers;
    head.extensions.insert(ClientAddr([10, 0, 0, 1].into()));
    let verdict = judge(scheme, &head, &[rest], NOW);
    assert!(!scheme.binds || verdict.is_err(), "a forgery");
    let verifier = scheme.endpoint.verifier();
    let _ = verifier.hints(&head, rest, NOW);
    verifier.redact(&mut head);
    assert_eq!(head.uri.path(), "/hook");
}
