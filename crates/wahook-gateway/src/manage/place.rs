//! Where a provider has to deliver to.

use std::hash::Hasher as _;

use http::Uri;
use jiff::Timestamp;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use wahook_core::Secret;
use wahook_testkit::Outgoing;

use super::Registered;
use crate::{Failure, config::Route, failure::chain, trial};

/// The public URL of an endpoint, as the provider has to be told it.
pub(crate) struct Place {
    /// With the token in its query, where that is the proof.
    pub(crate) url: String,
    /// The secret that the provider has to be told, where it signs with one of ours.
    pub(crate) secret: Option<Secret>,
}

impl Place {
    /// `public` is the URL under which providers reach this gateway; `secret` what the endpoint verifies with.
    pub(crate) fn of(route: &Route, public: Option<&str>, secret: Option<Secret>) -> Result<Self, Failure> {
        let public = public.ok_or_else(|| {
            Failure::wrong_use(
                "where providers reach this gateway is not known; add public_url = \"https://…\"",
            )
        })?;
        let base = format!("{}{}", public.trim_end_matches('/'), route.path);
        // A token in the query is put there as for a delivery.
        let signed = trial::signed(
            &route.endpoint,
            &route.path,
            &Outgoing::new("", ""),
            Timestamp::UNIX_EPOCH,
        )
        .map_err(|error| {
            Failure::wrong_use(format!(
                "what endpoint `{}` verifies cannot be told to a provider: {}",
                route.endpoint.name(),
                chain(&error)
            ))
        })?;
        let (url, secret) = match signed.uri().query() {
            Some(query) => (format!("{base}?{query}"), None),
            None => (base, secret),
        };
        Ok(Self { url, secret })
    }

    /// Whether it delivers there with the token of now, where what it delivers to is named by its URL.
    pub(crate) fn is_current(&self, registered: &Registered) -> bool {
        let query = |url: &str| url.split_once('?').map(|(_, query)| query.to_owned());
        // Of another place, which leads here in ways that are not ours, nobody knows.
        !self.is(registered) || registered.url.as_deref().and_then(query) == query(&self.url)
    }

    /// Whether this is it. What stands in a query is not compared: it may be the token of before.
    pub(crate) fn is(&self, registered: &Registered) -> bool {
        let same = |one: &str, other: &str| {
            let (one, other) = (parts(one), parts(other));
            one.is_some() && one == other
        };
        registered.url.as_deref().is_some_and(|url| same(url, &self.url))
    }

    /// The id and the URL of what is registered, as they may be shown.
    pub(crate) fn shown(&self, registered: &Registered) -> (String, Option<String>) {
        let host = |url: &str| parts(url).map(|(_, host, _)| host);
        let show = |url: &str| {
            if registered.is_system || host(url) != host(&self.url) {
                shown_host(url)
            } else {
                shown(url)
            }
        };
        (registered.name_by(show), registered.url.as_deref().map(show))
    }
}

/// Scheme, host with port, and path.
fn parts(url: &str) -> Option<(String, String, String)> {
    let uri: Uri = url.parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let host = uri.host()?.to_ascii_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = uri.port_u16().unwrap_or(usual);
    Some((
        scheme,
        format!("{host}:{port}"),
        uri.path().trim_end_matches('/').to_owned(),
    ))
}

/// A URL without what may be a secret in it.
pub(super) fn shown(url: &str) -> String {
    let (plain, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let query = if rest.starts_with('?') { "?…" } else { "" };
    match split(plain) {
        Some((scheme, host, path)) => format!("{scheme}://{host}{path}{query}"),
        None => "…".to_owned(),
    }
}

/// Of a URL that is not ours nobody knows where a secret is: its path may be one.
fn shown_host(url: &str) -> String {
    let (plain, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    match split(plain) {
        Some((scheme, host, path)) => {
            let more = path.len() > 1 || !rest.is_empty();
            format!("{scheme}://{host}{}", if more { "/…" } else { path })
        }
        None => "…".to_owned(),
    }
}

/// Scheme, host and path. A user's name and password stand before the host.
fn split(plain: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = plain.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((scheme, host.rsplit('@').next().unwrap_or_default(), path))
}

/// Tells apart what is shown alike. Of 16 bits nobody finds back to a token.
pub(super) fn mark(text: &str) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    format!("#{:04x}", hasher.finish128().h1 & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_known_again_whatever_its_token_is() {
        let place = Place {
            url: "https://Hooks.example.com/hooks/shop?secret=new".to_owned(),
            secret: None,
        };
        let is = |url: &str| {
            place.is(&Registered {
                id: String::new(),
                url: Some(url.to_owned()),
                events: None,
                is_enabled: None,
                is_system: false,
            })
        };
        for same in [
            "https://hooks.example.com/hooks/shop",
            "https://hooks.example.com:443/hooks/shop/?secret=old",
        ] {
            assert!(is(same), "{same}");
        }
        for other in [
            "http://hooks.example.com/hooks/shop",
            "https://hooks.example.com/hooks/shop2",
            "https://hooks.example.com:8443/hooks/shop",
            "https://hooks.example.com.evil.example/hooks/shop",
            "not a URL",
            "",
        ] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn v4_a_url_is_shown_without_what_may_be_a_secret() {
        assert_eq!(
            shown("https://u:hunter2@a.example/b?secret=hunter2"),
            "https://a.example/b?…"
        );
        assert_eq!(shown("https://a.example"), "https://a.example");
        assert_eq!(shown("https://a.example/b#hunter2"), "https://a.example/b");
        assert_eq!(shown("https://a.example?hunter2#x"), "https://a.example?…");
        assert_eq!(shown("hunter2"), "…");
    }

    #[test]
    fn v4_of_a_place_that_is_not_ours_the_host_alone_is_shown() {
        let place = Place {
            url: "https://hooks.example.com/hooks/shop?secret=hunter2".to_owned(),
            secret: None,
        };
        let show = |url: &str, is_system| {
            let (id, url) = place.shown(&Registered {
                id: url.to_owned(),
                url: Some(url.to_owned()),
                events: None,
                is_enabled: None,
                is_system,
            });
            let (name, mark) = id.rsplit_once('#').unwrap_or((&id, ""));
            assert_eq!(name, url.as_deref().unwrap());
            assert!(!format!("{id}{url:?}").contains("hunter2"), "{id}");
            (name.to_owned(), mark.to_owned())
        };
        let own = show("https://hooks.example.com/hooks/shop?secret=hunter2", false);
        assert_eq!(own.0, "https://hooks.example.com/hooks/shop?…");
        let other = show("https://hooks.example.com/hooks/shop?secret=other", false);
        assert!(own.0 == other.0 && own.1 != other.1, "{own:?} {other:?}");
        for (url, is_system) in [
            ("https://app.example/webhook/hunter2", false),
            ("https://u:hunter2@app.example/?hunter2", false),
            ("https://app.example#hunter2", false),
            ("https://app.example/webhook/hunter2", true),
        ] {
            assert_eq!(show(url, is_system).0, "https://app.example/…");
        }
        let system = show("https://hooks.example.com/webhook/hunter2", true);
        assert_eq!(system.0, "https://hooks.example.com/…");
        assert_eq!(show("https://app.example", false).0, "https://app.example");
    }
}
