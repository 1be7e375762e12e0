//! A URL that may hold what opens a door: a token in its path or query.

use serde::{Deserialize, Serialize, Serializer};

use super::{Hidden, MASK};

/// The URL of somebody's webhook: only its scheme and host are shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct UrlText(Hidden);

impl UrlText {
    /// The whole text. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose().trim()
    }

    /// What may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        let parsed: Option<http::Uri> = self.expose().parse().ok();
        let Some(uri) = parsed.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https"))) else {
            return MASK.to_owned();
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let (Some(scheme), Some(host)) = (uri.scheme_str(), host) else {
            return MASK.to_owned();
        };
        let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
        let rest = match uri.path_and_query().map(http::uri::PathAndQuery::as_str) {
            None | Some("" | "/") => "",
            Some(_) => "/…",
        };
        format!("{scheme}://{host}{port}{rest}")
    }
}

impl Serialize for UrlText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v4_of_a_url_only_the_place_is_shown() {
        for (text, shown) in [
            ("https://h.example", "https://h.example"),
            ("https://h.example/", "https://h.example"),
            ("http://127.0.0.1:9/x?token=hunter2", "http://127.0.0.1:9/…"),
            ("https://u:hunter2@h.example/hunter2", "https://h.example/…"),
            ("hunter2", MASK),
            ("ftp://h/hunter2", MASK),
            ("https://:tu?hunter2", MASK),
            ("", MASK),
        ] {
            assert_eq!(UrlText(Hidden::new(text.to_owned())).shown(), shown, "{text}");
        }
    }
}
