//! Where a request comes from. An address proves little; it is an addition to a scheme (V3).

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderName, request::Parts};
use ipnet::{IpNet, Ipv4Net};

use super::refusal::{Refusal, RefusalKind};

pub(super) const NAME: &str = "allowlist";

static FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the peer of a connection, as a request extension. The server puts it in; no header can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is one address")]
pub struct ClientAddr(pub IpAddr);

/// The networks from which requests are taken.
///
/// The client is the peer, or, where the peer is a trusted proxy, the first address of `X-Forwarded-For` from the right
/// that is none. What stands left of it was written by strangers and is not read.
///
/// ```
/// use wahook_core::proof::Allowlist;
///
/// let allowlist = Allowlist::new(vec!["203.0.113.0/24".parse()?]).trusted_proxies(vec!["10.0.0.0/8".parse()?]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Allowlist {
    allowed: Arc<[IpNet]>,
    proxies: Arc<[IpNet]>,
}

impl Allowlist {
    /// Takes requests from these networks. An empty list takes none.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            allowed: allowed.into_iter().map(canonical).collect(),
            proxies: Arc::default(),
        }
    }

    /// Believes these networks what they add to `X-Forwarded-For`.
    #[must_use]
    pub fn trusted_proxies(self, proxies: Vec<IpNet>) -> Self {
        Self {
            proxies: proxies.into_iter().map(canonical).collect(),
            ..self
        }
    }

    pub(super) fn begin(&self, head: &Parts) -> Result<(), Refusal> {
        let client = self.client(head)?;
        if holds(&self.allowed, client) {
            Ok(())
        } else {
            Err(Refusal::new(RefusalKind::AddressNotAllowed))
        }
    }

    /// Whether somebody forwarded this whom the list of proxies does not have.
    pub(super) fn ignores_forwarding(&self, head: &Parts) -> bool {
        let peer = head
            .extensions
            .get::<ClientAddr>()
            .map(|ClientAddr(peer)| peer.to_canonical());
        peer.is_some_and(|peer| !holds(&self.proxies, peer)) && head.headers.contains_key(&FORWARDED_FOR)
    }

    fn client(&self, head: &Parts) -> Result<IpAddr, Refusal> {
        let Some(ClientAddr(peer)) = head.extensions.get::<ClientAddr>() else {
            return Err(Refusal::new(RefusalKind::AddressUnknown));
        };
        let mut client = peer.to_canonical();
        // Several lines are one list; each proxy adds at the right end of the last.
        for line in head.headers.get_all(&FORWARDED_FOR).iter().rev() {
            for hop in line.as_bytes().rsplit(|byte| *byte == b',') {
                if !holds(&self.proxies, client) {
                    return Ok(client);
                }
                client = read_hop(hop)
                    .ok_or_else(|| Refusal::new(RefusalKind::HeaderMalformed).header(&FORWARDED_FOR))?;
            }
        }
        Ok(client)
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn read_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let bare = hop
        .strip_prefix('[')
        .and_then(|hop| hop.strip_suffix(']'))
        .unwrap_or(hop);
    let address = bare.parse::<IpAddr>().ok();
    address
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

fn holds(nets: &[IpNet], address: IpAddr) -> bool {
    nets.iter().any(|net| net.contains(&address))
}

/// A network of IPv4-mapped addresses is the IPv4 network that it means.
fn canonical(net: IpNet) -> IpNet {
    match net {
        IpNet::V6(six) if six.prefix_len() >= 96 => six
            .addr()
            .to_ipv4_mapped()
            .and_then(|four| Ipv4Net::new(four, six.prefix_len() - 96).ok())
            .map_or(net, IpNet::V4),
        _ => net,
    }
}
