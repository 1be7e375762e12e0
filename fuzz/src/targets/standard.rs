//! Our verdict on Standard Webhooks against that of others, on the same request.
//!
//! Every difference has a name, a reason and a condition in [`DIFFERENCES`]; any other is a finding.
//!
//! Longer than 400 lines: one table of differences, and what judges them.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use jiff::Timestamp;
use sha2::Sha256;
use wahook_core::{Endpoint, Secret, proof::StandardWebhooks};
use wahook_providers::wawp::Wawp;
use webhook_verify::{Clock, VerifyOptions};

use super::Target;

pub(super) const STANDARD: Target = Target {
    name: "standard",
    run,
    seeds: || {
        let mut seeds: Vec<_> = DIFFERENCES.iter().map(|row| row.example.to_vec()).collect();
        for request in [
            "w\nmsg_1\n1760000000\nS\n{}",
            "s\nmsg_1\n1760000000\nv1,AAAA S\n{}",
            "w\nmsg_1\n1760000000\nv1a,AAAA S v2,x\n{}",
            "w\nmsg_1\n1760000000\nO\n{}",
            "w\nmsg_1\n1760000300\nS\n",
            "w\nmsg_1\n1760000301\nS\n",
            "w\nmsg_1\n1759999699\nS\n",
            "w\nmsg_1\n1760000000\nv1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\n{\"test\": 2432232314}",
            "m\nmsg_1\n1760000000\nS\n{}",
        ] {
            seeds.push(request.as_bytes().to_vec());
        }
        seeds
    },
    longest: 512,
};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NOW: u64 = 1_760_000_000;

/// A request as the input writes it: four lines and a body. The first line says which headers it has (`w` for
/// `webhook-*`, `s` for `svix-*`, `m` for a mixture, `d` for an id that comes twice), the others are id, time and list
/// of signatures; a `S` in the list becomes the good one, `O` the one over the number that the time is.
struct Written<'a> {
    sort: u8,
    id: &'a [u8],
    time: &'a [u8],
    list: Vec<u8>,
    body: &'a [u8],
}

impl<'a> Written<'a> {
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut lines = data.splitn(5, |byte| *byte == b'\n');
        let sort = lines.next()?.first().copied()?;
        let (id, time, list) = (lines.next()?, lines.next()?, lines.next()?);
        let body = lines.next()?;
        let mut written = Vec::new();
        for byte in list {
            match byte {
                b'S' => written.extend(signature(id, time, body)),
                b'O' => {
                    let number = str::from_utf8(time)
                        .ok()
                        .and_then(|time| time.parse::<i64>().ok());
                    written.extend(signature(
                        id,
                        number.unwrap_or_default().to_string().as_bytes(),
                        body,
                    ));
                }
                other => written.push(*other),
            }
        }
        Some(Self {
            sort,
            id,
            time,
            list: written,
            body,
        })
    }

    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        let names = match self.sort {
            b's' => ["svix-id", "svix-timestamp", "svix-signature"],
            b'm' => ["svix-id", "webhook-timestamp", "webhook-signature"],
            _ => ["webhook-id", "webhook-timestamp", "webhook-signature"],
        };
        for (name, value) in names.into_iter().zip([self.id, self.time, &self.list]) {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value).ok()?,
            );
        }
        if self.sort == b'd' {
            headers.append(
                HeaderName::from_static("webhook-id"),
                HeaderValue::from_static("msg_2"),
            );
        }
        Some(headers)
    }

    /// The signatures of version 1, as they stand there.
    fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        let entries = self.list.split(|byte| *byte == b' ');
        entries.filter_map(|entry| entry.strip_prefix(b"v1,"))
    }

    /// Whether the good signature is among them, as far as their bytes go.
    fn is_signed(&self) -> bool {
        let good = signature(self.id, self.time, self.body);
        let good = good.strip_prefix(b"v1,").unwrap_or_default();
        self.signatures().any(|text| text == good)
    }

    fn time(&self) -> Option<i64> {
        str::from_utf8(self.time).ok()?.parse().ok()
    }
}

/// Written a second time, without our code.
fn signature(id: &[u8], time: &[u8], body: &[u8]) -> Vec<u8> {
    let key: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    for part in [id, b".", time, b".", body] {
        mac.update(part);
    }
    let mut text = b"v1,".to_vec();
    text.extend(BASE64.encode(mac.finalize().into_bytes()).bytes());
    text
}

/// Where we and others differ on purpose.
struct Difference {
    /// What it is.
    name: &'static str,
    /// Who refuses, where the other takes.
    refuses: Refuses,
    /// With whom the example shows it.
    with: Peer,
    /// Why.
    reason: &'static str,
    /// Whether a request is of this sort.
    applies: fn(&Written<'_>) -> bool,
    /// A request on which they differ; it is in the corpus.
    example: &'static [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refuses {
    We,
    They,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Svix,
    WebhookVerify,
}

/// Every difference that there may be.
const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "id with a dot, a space or no sign at all",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "bytes could move between id, time and body without the signature noticing",
        applies: |written| {
            written.id.is_empty()
                || written.id.len() > 512
                || !written
                    .id
                    .iter()
                    .all(|byte| byte.is_ascii_graphic() && *byte != b'.')
        },
        example: b"w\nmsg.1\n1760000000\nS\n{}",
    },
    Difference {
        name: "time that is not digits only, or not after 1970",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "`+1` and `1` are one number, and two signed texts",
        applies: |written| {
            !written.time.iter().all(u8::is_ascii_digit)
                || written.time.len() > 20
                || written.time().is_none_or(|time| time <= 0)
        },
        example: b"w\nmsg_1\n+1760000000\nO\n{}",
    },
    Difference {
        name: "time with zeros before it, signed without them",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "svix signs the number that it read; we sign what was sent",
        applies: |written| {
            let digits = written.time.strip_prefix(b"-").unwrap_or(written.time);
            digits.starts_with(b"0")
        },
        example: b"w\nmsg_1\n01760000000\nO\n{}",
    },
    Difference {
        name: "time with zeros before it, signed as it is",
        refuses: Refuses::They,
        with: Peer::Svix,
        reason: "the same the other way round",
        applies: |written| {
            let digits = written.time.strip_prefix(b"-").unwrap_or(written.time);
            digits.starts_with(b"0")
        },
        example: b"w\nmsg_1\n01760000000\nS\n{}",
    },
    Difference {
        name: "body that is not UTF-8",
        refuses: Refuses::They,
        with: Peer::Svix,
        reason: "a body is bytes (V1)",
        applies: |written| str::from_utf8(written.body).is_err(),
        example: b"w\nmsg_1\n1760000000\nS\n\xff",
    },
    Difference {
        name: "header that comes twice",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "two readers could read two values",
        applies: |written| written.sort == b'd',
        example: b"d\nmsg_1\n1760000000\nS\n{}",
    },
    Difference {
        name: "headers of both families, none complete",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "families are never mixed",
        applies: |written| written.sort == b'm',
        example: b"m\nmsg_1\n1760000000\nS\n{}",
    },
    Difference {
        name: "headers of the family svix",
        refuses: Refuses::They,
        with: Peer::WebhookVerify,
        reason: "it reads `webhook-*` only",
        applies: |written| written.sort == b's' || written.sort == b'm',
        example: b"s\nmsg_1\n1760000000\nS\n{}",
    },
    Difference {
        name: "signature beside a good one that is no signature",
        refuses: Refuses::They,
        with: Peer::WebhookVerify,
        reason: "senders may send what we do not know; one good signature is enough",
        applies: |written| {
            written
                .signatures()
                .any(|text| BASE64.decode(text).map(|bytes| bytes.len()) != Ok(32))
        },
        example: b"w\nmsg_1\n1760000000\nv1,AAAA S\n{}",
    },
    Difference {
        name: "more than 32 entries, or 8 KiB of them",
        refuses: Refuses::We,
        with: Peer::Svix,
        reason: "a stranger does not choose how long we work",
        applies: |written| {
            written.list.len() > 8 * 1_024
                || written
                    .list
                    .split(|byte| *byte == b' ')
                    .filter(|entry| !entry.is_empty())
                    .count()
                    > 32
        },
        example:
            b"w\nmsg_1\n1760000000\na a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a S\n{}",
    },
    Difference {
        name: "list with bytes that are not visible ASCII",
        refuses: Refuses::They,
        with: Peer::Svix,
        reason: "we pass over entries that we do not know, whatever they are made of",
        applies: |written| !is_visible(&written.list),
        example: b"w\nmsg_1\n1760000000\n\xff S\n{}",
    },
    Difference {
        name: "list with bytes that are not visible ASCII",
        refuses: Refuses::They,
        with: Peer::WebhookVerify,
        reason: "we pass over entries that we do not know, whatever they are made of",
        applies: |written| !is_visible(&written.list),
        example: b"w\nmsg_1\n1760000000\n\xff S\n{}",
    },
];

fn is_visible(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
}

/// Without a window, and with the usual one.
static BARE: LazyLock<Endpoint> = LazyLock::new(|| endpoint(StandardWebhooks::dangerous_without_tolerance));
static TIMED: LazyLock<Endpoint> = LazyLock::new(|| endpoint(|scheme| scheme));

fn run(data: &[u8]) {
    let Some(written) = Written::read(data) else {
        return;
    };
    let Some(headers) = written.headers() else {
        return;
    };
    let (bare, timed) = (
        verdict(&BARE, &headers, written.body),
        verdict(&TIMED, &headers, written.body),
    );
    let in_window = written
        .time()
        .is_some_and(|time| time.abs_diff(i64::try_from(NOW).unwrap_or_default()) <= 300);
    assert!(
        !bare || written.is_signed(),
        "what nobody signed is refused, whatever others say of it"
    );
    assert!(!timed || bare, "a window only refuses");
    if bare && in_window {
        assert!(timed, "what is in the window is taken");
    }
    assert!(!timed || in_window, "what is outside of the window is refused");
    agree(
        &written,
        timed,
        webhook_verify(&headers, written.body),
        Peer::WebhookVerify,
    );
    #[cfg(feature = "svix")]
    agree(&written, bare, svix(&headers, written.body), Peer::Svix);
}

fn agree(written: &Written<'_>, ours: bool, theirs: bool, peer: Peer) {
    let refuses = match (ours, theirs) {
        (false, true) => Refuses::We,
        (true, false) => Refuses::They,
        _ => return,
    };
    // What we refuse, we refuse whoever else would take it.
    let of_this_sort =
        |row: &&Difference| row.refuses == refuses && (refuses == Refuses::We || row.with == peer);
    let known = DIFFERENCES
        .iter()
        .filter(of_this_sort)
        .any(|row| (row.applies)(written));
    let names = DIFFERENCES
        .iter()
        .filter(of_this_sort)
        .map(|row| (row.name, row.reason));
    assert!(
        known,
        "{refuses:?} refuse, beside {peer:?}; it is none of {:?}",
        names.collect::<Vec<_>>()
    );
}

/// Each row of the table is a difference indeed: its example is of its sort, and the verdicts on it differ. Rows about
/// the `svix` crate are looked at where that is built in.
pub fn differences_are_real() {
    for row in DIFFERENCES {
        let written = Written::read(row.example).expect("an example is a request");
        assert!((row.applies)(&written), "{}", row.name);
        let headers = written.headers().expect("an example is a request");
        let theirs = match row.with {
            Peer::WebhookVerify => webhook_verify(&headers, written.body),
            #[cfg(feature = "svix")]
            Peer::Svix => svix(&headers, written.body),
            #[cfg(not(feature = "svix"))]
            Peer::Svix => continue,
        };
        let ours = verdict(&TIMED, &headers, written.body);
        let expected = (row.refuses != Refuses::We, row.refuses == Refuses::We);
        assert_eq!((ours, theirs), expected, "{}", row.name);
    }
}

#[cfg(feature = "svix")]
fn svix(headers: &HeaderMap, body: &[u8]) -> bool {
    static PEER: LazyLock<svix::webhooks::Webhook> =
        LazyLock::new(|| svix::webhooks::Webhook::new(SECRET).expect("a good secret"));
    PEER.verify_ignoring_timestamp(body, headers).is_ok()
}

fn endpoint(change: fn(StandardWebhooks) -> StandardWebhooks) -> Endpoint {
    let secret = Secret::dangerous_published(SECRET).expect("a good secret");
    let scheme = StandardWebhooks::new(secret.into()).expect("a good secret");
    Endpoint::new("fuzz", Wawp::new(), change(scheme)).expect("a good name")
}

fn verdict(endpoint: &Endpoint, headers: &HeaderMap, body: &[u8]) -> bool {
    let mut head = Request::post("/hook")
        .body(())
        .expect("a good request")
        .into_parts()
        .0;
    head.headers = headers.clone();
    let now = Timestamp::new(i64::try_from(NOW).unwrap_or_default(), 0).expect("a good time");
    endpoint.begin(&head, now).is_ok_and(|mut check| {
        check.update(Bytes::copy_from_slice(body));
        check.finish().is_ok()
    })
}

fn webhook_verify(headers: &HeaderMap, body: &[u8]) -> bool {
    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> u64 {
            NOW
        }
    }
    let options = VerifyOptions::default()
        .with_clock(Some(Arc::new(Fixed)))
        .with_max_age(Some(Duration::from_secs(300)));
    let (provider, secret) = (
        webhook_verify::Provider::StandardWebhooks,
        webhook_verify::Secret::new(SECRET),
    );
    webhook_verify::verify(provider, headers, body, &secret, options).is_ok()
}
