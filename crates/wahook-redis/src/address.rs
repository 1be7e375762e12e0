//! What a URL says.

use std::path::PathBuf;

use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::RedisOptions;

/// Where the server is and who we are to it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) place: ConnectionAddr,
    pub(crate) session: RedisConnectionInfo,
    pub(crate) tls: Option<TlsFiles>,
}

/// What a URL and the options say about TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsFiles {
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
}

impl Address {
    pub(crate) fn parse(text: &str, options: &RedisOptions) -> Result<Self, OpenError> {
        let Some(mut url) = redis::parse_redis_url(text.trim()) else {
            return Err(bad(
                "not a Redis URL; one looks like redis://user:password@host:6379/0",
            ));
        };
        let encrypted = matches!(url.scheme(), "rediss" | "valkeys");
        if url.fragment().is_some() {
            return Err(bad(
                "a Redis URL has no part after `#`: certificates are always checked; name the authority with ?ca=FILE",
            ));
        }
        let local = matches!(url.scheme(), "unix" | "redis+unix" | "valkey+unix");
        let (mut ca, mut certificate, mut key) = (None, None, None);
        let mut kept = Vec::new();
        for (name, value) in url.query_pairs() {
            match &*name {
                "ca" if encrypted => ca = Some(PathBuf::from(&*value)),
                "cert" if encrypted => certificate = Some(PathBuf::from(&*value)),
                "key" if encrypted => key = Some(PathBuf::from(&*value)),
                "db" | "user" | "pass" if local => kept.push((name.into_owned(), value.into_owned())),
                "ca" | "cert" | "key" => {
                    return Err(bad(
                        "?ca, ?cert and ?key are about TLS: the URL has to begin with rediss://",
                    ));
                }
                _ => {
                    return Err(bad(
                        "an unknown parameter in the Redis URL; known are ca, cert and key, and for sockets db, user and pass",
                    ));
                }
            }
        }
        let of_url = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(bad("?cert and ?key of a Redis URL go together")),
        };
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        if encrypted && url.set_scheme("redis").is_err() {
            return Err(bad("not a Redis URL"));
        }
        let Ok(info) = url.into_connection_info() else {
            return Err(bad(
                "the host, the port or the database number of the Redis URL is not one",
            ));
        };
        if info.redis_settings().db() < 0 {
            return Err(bad("the database number of the Redis URL is not one"));
        }
        let tls = encrypted.then(|| TlsFiles {
            ca: ca.or_else(|| options.ca_file.clone()),
            certificate: of_url.or_else(|| options.certificate.clone()),
        });
        Ok(Self {
            place: info.addr().clone(),
            // What operators see in `CLIENT LIST`.
            session: info
                .redis_settings()
                .clone()
                .set_lib_name("wahook", env!("CARGO_PKG_VERSION")),
            tls,
        })
    }
}

fn bad(text: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, OpenError> {
        Address::parse(text, &RedisOptions::new())
    }

    #[test]
    fn all_forms_are_read() {
        let plain = parse("redis://alice:s%40fe@example.org:7000/3").expect("a URL");
        assert_eq!(plain.place.to_string(), "example.org:7000");
        assert_eq!(plain.session.username(), Some("alice"));
        assert_eq!(plain.session.password(), Some("s@fe"));
        assert_eq!(plain.session.db(), 3);
        assert!(plain.tls.is_none());

        let bare = parse(" redis://:safe@[::1] ").expect("a URL");
        assert_eq!(bare.place.to_string(), "::1:6379");
        assert_eq!(
            (bare.session.username(), bare.session.password()),
            (None, Some("safe"))
        );

        let tls = parse("rediss://example.org?ca=/etc/ca.pem&cert=a.pem&key=b.pem").expect("a URL");
        assert_eq!(tls.place.to_string(), "example.org:6379");
        let files = tls.tls.expect("encrypted");
        assert_eq!(files.ca, Some(PathBuf::from("/etc/ca.pem")));
        assert_eq!(files.certificate, Some(("a.pem".into(), "b.pem".into())));

        let socket = parse("redis+unix:///run/redis.sock?db=2&user=alice&pass=s%26fe").expect("a URL");
        assert_eq!(socket.place.to_string(), "/run/redis.sock");
        assert_eq!(socket.session.db(), 2);
        assert_eq!(socket.session.password(), Some("s&fe"));
    }

    #[test]
    fn what_the_url_says_wins_over_the_options() {
        let options = RedisOptions::new().ca_file("options.pem");
        let ca = |url: &str| {
            Address::parse(url, &options)
                .expect("a URL")
                .tls
                .expect("encrypted")
                .ca
        };
        assert_eq!(ca("rediss://example.org"), Some(PathBuf::from("options.pem")));
        assert_eq!(
            ca("rediss://example.org?ca=url.pem"),
            Some(PathBuf::from("url.pem"))
        );
    }

    #[test]
    fn p1_what_is_no_address_is_refused_and_not_repeated() {
        for text in [
            "",
            "hidden",
            "http://hidden.example",
            "redis://",
            "redis://u:hidden@example.org/hidden",
            "redis://u:hidden@example.org/-1",
            "redis://u:hidden@example.org:99999",
            "redis://u:hidden@0.0.0.0",
            "redis://u:hidden@example.org?timeout=hidden",
            "redis://u:hidden@example.org?ca=hidden",
            "rediss://u:hidden@example.org#insecure",
            "rediss://u:hidden@example.org?cert=hidden",
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.kind(), OpenErrorKind::Address, "{text}");
            assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}");
        }
        let address = parse("redis://alice:hidden@example.org").expect("a URL");
        assert!(!format!("{address:?}").contains("hidden"), "{address:?}");
    }
}
