//! An address: whom to call, and whom to trust.

use std::{borrow::Cow, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{Host, SslMode, SslNegotiation, TargetSessionAttrs},
};
use wahook_core::guard::{OpenError, OpenErrorKind};

/// An address that was understood.
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
}

/// Whose certificate is accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Anybody's, or none: what was asked for is no proof of who answers.
    Anyone,
    /// One that leads to these roots, whatever name it has.
    Authority(Roots),
    /// One that leads to these roots and has the server's name.
    Name(Roots),
}

/// Where trust begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    Machine,
    File(PathBuf),
}

impl Address {
    /// Reads `postgres://user:password@host:port/database?parameters`.
    ///
    /// Errors say what is wrong with which part, and quote none of it: any part may hold a piece of a password that was
    /// not encoded.
    pub(crate) fn parse(url: &str) -> Result<Self, OpenError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(bad(SHAPE));
        };
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err(bad(SHAPE));
        }
        let authority_ends = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, others) = rest.split_at(authority_ends);
        if others.contains('@') || authority.matches('@').count() > 1 {
            return Err(bad(
                "the address has an `@` where none can be: in user, password and parameters write `@` as %40, `/` as %2F, `?` as %3F",
            ));
        }
        let (path, query) = others.split_once('?').unwrap_or((others, ""));
        let mut trust = TrustParameters::default();
        let mut kept: Vec<&str> = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            if !trust.takes(parameter)? {
                kept.push(parameter);
            }
        }
        // The client's own reading gets what it knows.
        let mut config: Config = format!("postgresql://{authority}{path}?{}", kept.join("&"))
            .parse()
            .map_err(|_| {
                bad("the address has a port, host or parameter with a value that PostgreSQL does not know")
            })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(bad("the address names no host"));
        }
        let (mode, trust) = trust.decide()?;
        if config.get_ssl_negotiation() == SslNegotiation::Direct && trust == Trust::Anyone {
            return Err(bad("sslnegotiation=direct needs sslmode=verify-full"));
        }
        config.ssl_mode(mode);
        complete(&mut config);
        Ok(Self { config, trust })
    }

    /// Whether somebody on the way may pose as the server, although the address does not ask for that in so many words.
    pub(crate) fn warning(&self) -> Option<Cow<'static, str>> {
        let open = self.trust == Trust::Anyone && self.config.get_ssl_mode() != SslMode::Disable;
        let far = self.config.get_hosts().iter().any(|host| match host {
            Host::Tcp(name) => {
                let loopback = name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
                !loopback && name != "localhost"
            }
            #[cfg(unix)]
            Host::Unix(_) => false,
        });
        (open && far).then_some(Cow::Borrowed(
            "sslmode is prefer: nobody proves to be the server; say sslmode=verify-full, or sslmode=disable if the network is yours",
        ))
    }
}

const SHAPE: &str = "the address is not one of PostgreSQL: postgres://user:password@host:port/database";

fn bad(text: impl Into<String>) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}

/// What the address does not say, where the client's own default would be a trap.
fn complete(config: &mut Config) {
    if config.get_application_name().is_none() {
        config.application_name("wahook");
    }
    // A connection that died without a word is found before a verb is.
    if config.get_keepalives() && config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(15));
        config.keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3);
    }
    // Of several hosts one can be written to.
    let several = config.get_hosts().len().max(config.get_hostaddrs().len()) > 1;
    if several && config.get_target_session_attrs() == TargetSessionAttrs::Any {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
}

/// The parameters of the address that are ours to read: the client knows fewer words for `sslmode` than libpq.
#[derive(Default)]
struct TrustParameters {
    mode: Option<String>,
    roots: Option<Roots>,
}

/// Parameters of libpq that would change who is trusted or how one logs in; to drop them silently would be a lie.
const NOT_OURS: [&str; 12] = [
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "sslcertmode",
    "gssencmode",
    "require_auth",
    "passfile",
    "service",
];

impl TrustParameters {
    /// Whether it took the parameter.
    fn takes(&mut self, parameter: &str) -> Result<bool, OpenError> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = || percent_decode_str(value).decode_utf8().map(Cow::into_owned);
        match name {
            "sslmode" => self.mode = Some(value().map_err(|_| bad(MODES))?),
            "sslrootcert" => {
                let value = value().map_err(|_| bad("sslrootcert is not the path of a file"))?;
                self.roots = Some(match value.as_str() {
                    "" => return Err(bad("sslrootcert is empty")),
                    "system" => Roots::Machine,
                    path => Roots::File(path.into()),
                });
            }
            _ => {
                return match NOT_OURS.iter().find(|other| **other == name) {
                    Some(name) => Err(bad(format!(
                        "the address has the parameter {name}, which is not supported"
                    ))),
                    None => Ok(false),
                };
            }
        }
        Ok(true)
    }

    fn decide(self) -> Result<(SslMode, Trust), OpenError> {
        let roots = self.roots;
        match (self.mode.as_deref(), roots) {
            (None | Some("allow" | "prefer"), None) => Ok((SslMode::Prefer, Trust::Anyone)),
            (Some("disable"), None) => Ok((SslMode::Disable, Trust::Anyone)),
            (Some("disable" | "allow" | "prefer"), Some(_)) => Err(bad(
                "sslrootcert has no effect with this sslmode: say sslmode=verify-full, or leave sslmode out",
            )),
            (Some("verify-ca"), Some(Roots::Machine)) => Err(bad(
                "any public authority would do: sslrootcert=system needs sslmode=verify-full",
            )),
            (Some("verify-ca"), roots) => Ok((
                SslMode::Require,
                Trust::Authority(roots.unwrap_or(Roots::Machine)),
            )),
            (None | Some("require" | "verify-full"), roots) => {
                Ok((SslMode::Require, Trust::Name(roots.unwrap_or(Roots::Machine))))
            }
            (Some(_), _) => Err(bad(MODES)),
        }
    }
}

const MODES: &str = "sslmode is none of disable, allow, prefer, require, verify-ca, verify-full";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(parameters: &str) -> Result<(SslMode, Trust), String> {
        Address::parse(&format!("postgres://u:p@db.example/x{parameters}"))
            .map(|address| (address.config.get_ssl_mode(), address.trust))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_sslmode_is_as_strict_as_libpq_or_stricter() {
        let file = || Roots::File("/etc/ca.pem".into());
        for (parameters, mode, trust) in [
            ("", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=disable", SslMode::Disable, Trust::Anyone),
            ("?sslmode=allow", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=prefer", SslMode::Prefer, Trust::Anyone),
            ("?sslmode=require", SslMode::Require, Trust::Name(Roots::Machine)),
            (
                "?sslmode=verify-full&sslrootcert=system",
                SslMode::Require,
                Trust::Name(Roots::Machine),
            ),
            (
                "?sslmode=verify-full&sslrootcert=/etc/ca.pem",
                SslMode::Require,
                Trust::Name(file()),
            ),
            (
                "?sslmode=require&sslrootcert=%2Fetc%2Fca.pem",
                SslMode::Require,
                Trust::Name(file()),
            ),
            ("?sslrootcert=/etc/ca.pem", SslMode::Require, Trust::Name(file())),
            (
                "?sslrootcert=/etc/ca.pem&sslmode=verify-ca",
                SslMode::Require,
                Trust::Authority(file()),
            ),
        ] {
            assert_eq!(parsed(parameters), Ok((mode, trust)), "{parameters}");
        }
        for parameters in [
            "?sslmode=yes",
            "?sslmode=",
            "?sslmode=prefer&sslrootcert=/etc/ca.pem",
            "?sslmode=verify-ca&sslrootcert=system",
            "?sslmode=verify-full&sslrootcert=",
            "?sslcert=/etc/me.pem",
            "?connect_timeout=soon",
            "?unheard=of",
            "?sslnegotiation=direct",
            "?sslmode=%FF",
        ] {
            assert!(parsed(parameters).is_err(), "{parameters}");
        }
    }

    #[test]
    fn p_no_error_quotes_the_address() {
        for url in [
            "",
            "canary",
            "mysql://u:canary@h/d",
            "postgres://u:can@ary@h/d",
            "postgres://u:x?canary@h/d",
            "postgres://u:x/canary@h/d",
            "postgres://u:x#canary:y@h:port/d",
            "postgres://u:p@h/d?password=x&canary",
            "postgres://u:p@h/d?canary=1",
            "postgres://u:p@h/d?port=canary",
            "postgres://u:p@h:canary/d",
            "postgres:///canary",
        ] {
            let error = Address::parse(url).map(|_| ()).expect_err(url);
            assert_eq!(error.kind(), OpenErrorKind::Address);
            assert!(
                !format!("{error} {error:?}").contains("canary"),
                "{url}: {error:?}"
            );
        }
    }

    #[test]
    fn a_server_that_proves_nothing_is_warned_of_unless_it_is_near_or_was_asked_for() {
        for (url, warned) in [
            ("postgres://u@db.example/x", true),
            ("postgres://u@10.0.0.7/x", true),
            ("postgres://u@localhost,db.example/x", true),
            ("postgres://u@localhost/x", false),
            ("postgres://u@127.0.0.1/x", false),
            ("postgres://u@[::1]:5432/x", false),
            ("postgres://u@%2Frun%2Fpostgresql/x", false),
            ("postgres://u@db.example/x?sslmode=disable", false),
            ("postgres://u@db.example/x?sslmode=require", false),
        ] {
            let address = Address::parse(url).expect(url);
            assert_eq!(address.warning().is_some(), warned, "{url}");
        }
    }
}
