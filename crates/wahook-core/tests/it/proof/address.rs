//! Allowlists and spoofed addresses.

use http::request::Parts;
use ipnet::IpNet;
use wahook_core::proof::{Allowlist, ClientAddr, RefusalKind, Verifier};

use super::tools::*;

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Takes 203.0.113.0/24 and 2001:db8:1::/48, behind proxies in 10.0.0.0/8 and fd00::/8.
fn verifier() -> Verifier {
    Verifier::dangerous_allowlist_alone(
        Allowlist::new(nets(&["203.0.113.0/24", "2001:db8:1::/48"]))
            .trusted_proxies(nets(&["10.0.0.0/8", "fd00::/8"])),
    )
}

fn from(peer: &str, forwarded: &[&str]) -> Parts {
    let mut head = head(forwarded.iter().map(|value| ("x-forwarded-for", *value)));
    head.extensions.insert(ClientAddr(peer.parse().unwrap()));
    head
}

#[test]
fn v3_e3_spoof_matrix() {
    let ok = Ok(());
    let no = Err(RefusalKind::AddressNotAllowed);
    let broken = Err(RefusalKind::HeaderMalformed);
    let rows: &[(&str, &[&str], Result<(), RefusalKind>)] = &[
        // The peer itself.
        ("203.0.113.7", &[], ok),
        ("198.51.100.1", &[], no),
        ("2001:db8:1::5", &[], ok),
        ("2001:db8:2::5", &[], no),
        // IPv4 in IPv6 is IPv4.
        ("::ffff:203.0.113.7", &[], ok),
        ("::ffff:198.51.100.1", &[], no),
        // A stranger's header is not read, whatever it says.
        ("198.51.100.1", &["203.0.113.7"], no),
        ("198.51.100.1", &["203.0.113.7, 10.0.0.1"], no),
        ("203.0.113.7", &["198.51.100.1"], ok),
        ("203.0.113.7", &["garbage"], ok),
        // One trusted proxy.
        ("10.0.0.1", &["203.0.113.7"], ok),
        ("::ffff:10.0.0.1", &["203.0.113.7"], ok),
        ("fd00::1", &["203.0.113.7"], ok),
        ("10.0.0.1", &["198.51.100.1"], no),
        ("10.0.0.1", &["::ffff:203.0.113.7"], ok),
        // The client wrote the left part itself.
        ("10.0.0.1", &["203.0.113.7, 198.51.100.1"], no),
        ("10.0.0.1", &["198.51.100.1, 203.0.113.7"], ok),
        ("10.0.0.1", &["10.0.0.9, 198.51.100.1"], no),
        ("10.0.0.1", &["garbage, 203.0.113.7"], ok),
        // Several proxies.
        ("10.0.0.1", &["203.0.113.7, 10.0.0.2"], ok),
        ("10.0.0.1", &["203.0.113.7, 198.51.100.1, 10.0.0.2"], no),
        ("10.0.0.1", &["203.0.113.7,10.0.0.2,fd00::2"], ok),
        ("10.0.0.1", &["203.0.113.7, 192.168.0.1, 10.0.0.2"], no),
        // Several lines are one list, the last one is the nearest.
        ("10.0.0.1", &["203.0.113.7", "198.51.100.1"], no),
        ("10.0.0.1", &["198.51.100.1", "203.0.113.7"], ok),
        ("10.0.0.1", &["203.0.113.7", "10.0.0.2"], ok),
        // Nobody but proxies: the proxy is the client.
        ("10.0.0.1", &[], no),
        ("10.0.0.1", &["10.0.0.2"], no),
        // With ports and brackets.
        ("10.0.0.1", &["203.0.113.7:4711"], ok),
        ("10.0.0.1", &["[2001:db8:1::5]:4711"], ok),
        ("10.0.0.1", &["[2001:db8:1::5]"], ok),
        ("10.0.0.1", &["2001:db8:1::5"], ok),
        ("10.0.0.1", &["[::ffff:203.0.113.7]:80"], ok),
        // Hops that cannot be read are refused, not passed over.
        ("10.0.0.1", &[""], broken),
        ("10.0.0.1", &["203.0.113.7,"], broken),
        ("10.0.0.1", &["203.0.113.7, unknown"], broken),
        ("10.0.0.1", &["203.0.113.7, , 10.0.0.2"], broken),
        ("10.0.0.1", &["203.0.113.007"], broken),
        ("10.0.0.1", &["3405803783"], broken),
        ("10.0.0.1", &["0xcb.0.113.7"], broken),
        ("10.0.0.1", &["203.0.113.7; 10.0.0.2"], broken),
        ("10.0.0.1", &["\"203.0.113.7\""], broken),
        ("10.0.0.1", &["fe80::1%eth0"], broken),
    ];
    for (peer, forwarded, expected) in rows {
        let verdict = verify(verifier(), &from(peer, forwarded), b"{}", 0).map(drop);
        assert_eq!(&verdict, expected, "{peer} {forwarded:?}");
    }
}

#[test]
fn v3_without_the_peer_nothing_is_believed() {
    let head = head([("x-forwarded-for", "203.0.113.7")]);
    assert_eq!(
        verify(verifier(), &head, b"", 0).unwrap_err(),
        RefusalKind::AddressUnknown
    );
}

#[test]
fn v3_other_forwarding_headers_are_not_read() {
    for name in [
        "forwarded",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "x-client-ip",
    ] {
        let mut head = head([(name, "203.0.113.7"), ("x-forwarded-for", "198.51.100.1")]);
        head.extensions.insert(ClientAddr("10.0.0.1".parse().unwrap()));
        assert_eq!(
            verify(verifier(), &head, b"", 0).unwrap_err(),
            RefusalKind::AddressNotAllowed
        );
    }
}

#[test]
fn v3_mapped_networks_mean_their_ipv4_networks() {
    let mapped = Allowlist::new(nets(&["::ffff:203.0.113.0/120"]));
    let verifier = Verifier::dangerous_allowlist_alone(mapped);
    verify(verifier.clone(), &from("203.0.113.7", &[]), b"", 0).unwrap();
    assert!(verify(verifier, &from("203.0.114.7", &[]), b"", 0).is_err());
    let empty = Verifier::dangerous_allowlist_alone(Allowlist::new(Vec::new()));
    assert!(verify(empty, &from("203.0.113.7", &[]), b"", 0).is_err());
}
