//! Names are looked up by us, and what was judged is what is connected to.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{Place, place};

/// Looks up a name, and lets through the addresses that may be connected to.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    /// The host of the URL; another name can only be a proxy's, which the operator has set up.
    pub(super) host: String,
    pub(super) reach: Reach,
}

/// How far a name may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To public addresses.
    Public,
    /// To this machine: the name says so.
    Loopback,
    /// To private and loopback addresses as well: the operator says so.
    Private,
}

impl Reach {
    pub(super) fn admits(self, address: IpAddr) -> bool {
        match place(address) {
            Place::Never => false,
            Place::Public => self != Self::Loopback,
            Place::Loopback => self != Self::Public,
            Place::Private => self == Self::Private,
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let ours = name.as_str().eq_ignore_ascii_case(&self.host);
        let reach = if ours { self.reach } else { Reach::Private };
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(admitted(found, reach)?)
        })
    }
}

fn admitted(found: impl Iterator<Item = SocketAddr>, reach: Reach) -> Result<Addrs, Barred> {
    let (admitted, barred): (Vec<_>, Vec<_>) = found.partition(|address| reach.admits(address.ip()));
    if admitted.is_empty() && !barred.is_empty() {
        let always = barred.iter().all(|address| place(address.ip()) == Place::Never);
        return Err(Barred { always, reach });
    }
    Ok(Box::new(admitted.into_iter()))
}

/// A name that leads to nothing but addresses that must not be connected to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Barred {
    always: bool,
    reach: Reach,
}

impl fmt::Display for Barred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.always {
            "the host leads to a link-local, metadata or reserved address, which is never connected to"
        } else if self.reach == Reach::Loopback {
            "localhost leads to another machine, which is not connected to"
        } else {
            "the host leads to a private address, which is not connected to unless allow_private = true"
        })
    }
}

impl Error for Barred {}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(addresses: &[&str], reach: Reach) -> Result<Vec<String>, String> {
        let found: Vec<SocketAddr> = addresses
            .iter()
            .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
            .collect();
        match admitted(found.into_iter(), reach) {
            Ok(addresses) => Ok(addresses.map(|address| address.ip().to_string()).collect()),
            Err(barred) => Err(barred.to_string()),
        }
    }

    #[test]
    fn p_a_name_that_leads_inside_is_not_followed() {
        for (addresses, reach, expected) in [
            (&["1.1.1.1", "10.0.0.1"][..], Reach::Public, Ok(vec!["1.1.1.1"])),
            (&["10.0.0.1"], Reach::Public, Err("allow_private")),
            (&["127.0.0.1"], Reach::Public, Err("allow_private")),
            (&["::ffff:127.0.0.1"], Reach::Public, Err("allow_private")),
            (&["169.254.169.254"], Reach::Public, Err("metadata")),
            (
                &["169.254.169.254", "10.0.0.1"],
                Reach::Private,
                Ok(vec!["10.0.0.1"]),
            ),
            (&["169.254.169.254"], Reach::Private, Err("metadata")),
            (&["fd00:ec2::254"], Reach::Private, Err("metadata")),
            (
                &["10.0.0.1", "1.1.1.1"],
                Reach::Private,
                Ok(vec!["10.0.0.1", "1.1.1.1"]),
            ),
            (
                &["127.0.0.1", "::1"],
                Reach::Loopback,
                Ok(vec!["127.0.0.1", "::1"]),
            ),
            (&["1.1.1.1"], Reach::Loopback, Err("localhost leads")),
            (&["10.0.0.1"], Reach::Loopback, Err("localhost leads")),
        ] {
            match (through(addresses, reach), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, _) => panic!("{addresses:?}: {found:?}"),
            }
        }
    }
}
