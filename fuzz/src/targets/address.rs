//! WhatsApp addresses (N5), and the address that a request comes from (V3).

use std::{net::IpAddr, sync::LazyLock};

use http::Request;
use jiff::Timestamp;
use wahook_core::{
    Endpoint, Jid, JidKind, phone,
    proof::{Allowlist, ClientAddr, Verifier},
};
use wahook_providers::wawp::Wawp;

use super::Target;
use crate::input::Input;

pub(super) const JID: Target = Target {
    name: "jid",
    run: jid,
    seeds: || {
        [
            "15550001@c.us",
            "15550001@s.whatsapp.net",
            "15550001:7@c.us",
            "15550001.0:7@s.whatsapp.net",
            "155500010001:7@lid",
            "120363000000000001@g.us",
            "15550001-1600000000@g.us",
            "1@newsletter",
            "status@broadcast",
            "155@broadcast",
            "0@c.us",
            "+15550001@c.us",
            "13135550002@meta.ai",
            " a:65536@b@c ",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    longest: 300,
};

fn jid(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(phone) = phone(text) {
        assert!(is_e164(&phone), "{phone}");
        assert_eq!(text.trim_start_matches('+'), &phone[1..], "no digit is invented");
    }
    let Some(jid) = Jid::parse(text) else {
        return;
    };
    assert!(!jid.user().is_empty() && !jid.server().is_empty());
    assert_ne!(jid.server(), "s.whatsapp.net", "it has one name");
    assert!(text.contains(jid.user()), "no part is invented");
    let shown = jid.to_string();
    assert_eq!(shown, jid.to_text().as_str());
    // Two spellings of one address give one text, which is an address of the same kind.
    let again = Jid::parse(&shown).unwrap_or_else(|| panic!("{text:?} is shown as {shown:?}, which is none"));
    assert_eq!(
        (again.kind(), again.phone()),
        (jid.kind(), jid.phone()),
        "{text:?} is shown as {shown:?}"
    );
    assert_eq!(again.to_string(), shown, "{text:?} is shown as {shown:?}");
    if let Some(phone) = jid.phone() {
        assert_eq!(jid.kind(), JidKind::User, "nobody else has a number");
        assert!(is_e164(&phone), "{phone}");
        assert_eq!(
            &phone[1..],
            jid.user().trim_start_matches('+'),
            "no digit is invented"
        );
    }
}

fn is_e164(phone: &str) -> bool {
    phone.strip_prefix('+').is_some_and(|digits| {
        (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

pub(super) const FORWARDED: Target = Target {
    name: "forwarded",
    run: forwarded,
    seeds: || {
        [
            "\u{0}203.0.113.7",
            "\u{0}198.51.100.1, 203.0.113.7, 10.0.0.2",
            "\u{0}203.0.113.7:80",
            "\u{0}[::ffff:203.0.113.7]:80\n10.1.1.1",
            "\u{1}203.0.113.7",
            "\u{2}203.0.113.7",
            "\u{3}[2001:db8::1]\n10.0.0.1,10.0.0.2",
            "\u{4}203.0.113.7",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec()
    },
    longest: 256,
};

/// Peers: a trusted proxy, the same written as IPv6, an allowed client, a stranger, nobody knows.
const PEERS: [Option<&str>; 5] = [
    Some("10.0.0.1"),
    Some("::ffff:10.0.0.1"),
    Some("203.0.113.9"),
    Some("198.51.100.9"),
    None,
];

fn forwarded(data: &[u8]) {
    static ENDPOINT: LazyLock<Endpoint> = LazyLock::new(|| {
        let nets = |text: &str| vec![text.parse().expect("a network")];
        let allowlist = Allowlist::new(nets("203.0.113.0/24")).trusted_proxies(nets("10.0.0.0/8"));
        Endpoint::new(
            "fuzz",
            Wawp::new(),
            Verifier::dangerous_allowlist_alone(allowlist),
        )
        .expect("a good name")
    });
    let mut input = Input::new(data);
    let peer: Option<IpAddr> = input.choose(&PEERS).map(|peer| peer.parse().expect("an address"));
    let lines: Vec<&[u8]> = input.rest().split(|byte| *byte == b'\n').collect();
    let taken = |lines: &[&[u8]]| {
        let mut request = Request::post("/hook");
        for line in lines {
            request = request.header("x-forwarded-for", *line);
        }
        let mut head = request.body(()).ok()?.into_parts().0;
        if let Some(peer) = peer {
            head.extensions.insert(ClientAddr(peer));
        }
        Some(ENDPOINT.begin(&head, Timestamp::UNIX_EPOCH).is_ok())
    };
    let Some(verdict) = taken(&lines) else {
        return;
    };
    let Some(peer) = peer.map(|peer| peer.to_canonical()) else {
        assert!(!verdict, "nobody knows where it comes from");
        return;
    };
    if peer.to_string() != "10.0.0.1" {
        // What a stranger writes is not read.
        assert_eq!(verdict, peer.to_string().starts_with("203.0.113."));
    }
    if !verdict {
        return;
    }
    // What stands left of the client was written by it: it changes nothing, unless all that stands there are proxies.
    let mut more = vec![&b"192.0.2.1, nonsense"[..]];
    more.extend(&lines);
    assert_eq!(taken(&more), Some(true), "strangers write at the left end");
    // Another proxy at the right end is looked through; a stranger there is the client.
    let (mut through, mut other) = (lines.clone(), lines);
    through.push(b" 10.9.9.9 ");
    other.push(b"192.0.2.1");
    if peer.to_string() == "10.0.0.1" {
        assert_eq!(taken(&through), Some(true), "a trusted proxy is looked through");
        assert_eq!(taken(&other), Some(false), "the nearest stranger is the client");
    }
}
