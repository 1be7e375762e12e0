//! Which addresses may be connected to.
//!
//! A URL of a sink is the operator's, a name in it is not: whoever owns the name says where it leads, today here and
//! tomorrow there. So an address is judged when it is about to be used, and what was judged is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What sort of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Anybody's, on the open network.
    Public,
    /// This machine.
    Loopback,
    /// A network of the operator's own.
    Private,
    /// Never connected to: link-local and with it the metadata services of clouds, whoever is there by no address, many
    /// at once, and what is nobody's.
    Never,
}

/// Judges an address; one that carries an IPv4 address within is judged by that.
pub(super) fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_4(address),
        IpAddr::V6(address) => place_6(address),
    }
}

#[allow(clippy::match_same_arms, reason = "a line for each reason")]
fn place_4(address: Ipv4Addr) -> Place {
    if METADATA_4.contains(&address) {
        return Place::Never;
    }
    match address.octets() {
        // "This network", multicast, reserved and broadcast; link-local.
        [0 | 224..=255, ..] | [169, 254, ..] => Place::Never,
        [127, ..] => Place::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Place::Private,
        // Carriers' own; benchmarks; protocol assignments; documentation: in use here and there, never in public.
        [100, 64..=127, ..] | [198, 18 | 19, ..] | [192, 0, 0 | 2, _] => Place::Private,
        [198, 51, 100, _] | [203, 0, 113, _] => Place::Private,
        // Relays of 6to4, which lead wherever their senders say.
        [192, 88, 99, _] => Place::Never,
        _ => Place::Public,
    }
}

/// Outside of 169.254/16: Alibaba, Oracle, Azure's wire server.
const METADATA_4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

#[allow(clippy::match_same_arms, reason = "a line for each reason")]
fn place_6(address: Ipv6Addr) -> Place {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let last = || place_4(v4(g, h));
    match (a, b) {
        _ if address.is_loopback() => Place::Loopback,
        // Of the block that AWS answers its instances from, and the address that Google's do.
        (0xfd00, 0x0ec2) => Place::Never,
        (0xfd20, 0x00ce) if [c, d, e, f, g, h] == [0, 0, 0, 0, 0, 0x254] => Place::Never,
        // Mapped, compatible, translated (SIIT).
        (0, 0) if [c, d] == [0, 0] && matches!((e, f), (0, 0 | 0xffff) | (0xffff, 0)) => last(),
        // NAT64 by its own prefix, and by a network's own, where the address may stand anywhere.
        (0x64, 0xff9b) if [c, d, e, f] == [0; 4] => last(),
        (0x64, 0xff9b) => Place::Never,
        // Teredo: the address of the server, and of the client in disguise.
        (0x2001, 0) => strictest(place_4(v4(c, d)), place_4(v4(!g, !h))),
        // 6to4.
        (0x2002, _) => place_4(v4(b, c)),
        // Documentation.
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => Place::Private,
        // ISATAP carries one behind whatever prefix it has.
        _ if matches!((e, f), (0 | 0x200, 0x5efe)) => strictest(plain_6(a), last()),
        _ => plain_6(a),
    }
}

const fn plain_6(first: u16) -> Place {
    match first {
        0x2000..=0x3fff => Place::Public,
        0xfc00..=0xfdff => Place::Private,
        // Link-local, site-local, multicast, unspecified, and what was given to nobody.
        _ => Place::Never,
    }
}

fn v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}

fn strictest(one: Place, other: Place) -> Place {
    match (one, other) {
        (Place::Never, _) | (_, Place::Never) => Place::Never,
        (Place::Loopback, _) | (_, Place::Loopback) => Place::Loopback,
        (Place::Private, _) | (_, Place::Private) => Place::Private,
        (Place::Public, Place::Public) => Place::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Place {
        place(text.parse().unwrap())
    }

    #[test]
    fn p_addresses_that_nobody_may_be_led_to() {
        for text in [
            // Metadata, link-local.
            "169.254.169.254",
            "169.254.170.2",
            "169.254.0.1",
            "169.254.255.255",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "fe80::1",
            "fe80::a9fe:a9fe",
            "febf:ffff::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            // Nobody, everybody, many.
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "::",
            "ff02::1",
            "ff0e::1",
            "fec0::1",
            "100::1",
            "5f00::1",
            "4000::1",
            "192.88.99.1",
            // The same in other clothes.
            "::ffff:169.254.169.254",
            "::ffff:a9fe:a9fe",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "2002:a9fe:a9fe::",
            "2001:0:a9fe:a9fe::1",
            "2001:0:4136:e378:8000:63bf:5601:5601",
            "2606:4700::5efe:a9fe:a9fe",
            "2606:4700::200:5efe:a9fe:a9fe",
            "::ffff:100.100.100.200",
            "::ffff:0.0.0.0",
            "64:ff9b::",
            "::ffff:255.255.255.255",
            "2002:e000:1::1",
        ] {
            assert_eq!(judged(text), Place::Never, "{text}");
        }
    }

    #[test]
    fn p_addresses_of_the_operators_own() {
        for text in [
            "127.0.0.1",
            "127.255.255.254",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert_eq!(judged(text), Place::Loopback, "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.2.1",
            "203.0.113.7",
            "198.51.100.7",
            "fc00::1",
            "fd12:3456::1",
            "fd00:ec3::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:c0a8:101::1",
            "2606:4700::5efe:a00:1",
        ] {
            assert_eq!(judged(text), Place::Private, "{text}");
        }
    }

    #[test]
    fn p_addresses_of_the_open_network() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "169.253.1.1",
            "192.0.1.1",
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "64:ff9b::808:808",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(judged(text), Place::Public, "{text}");
        }
    }
}
