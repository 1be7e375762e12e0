//! Who can listen on the way.

use std::net::IpAddr;

use http::Uri;

use super::report::Finding;
use crate::config::Config;

pub(super) fn look(config: &Config) -> Option<Finding> {
    let public: Option<Uri> = config.public_url.as_ref().and_then(|url| url.parse().ok());
    let advice = "put a proxy with TLS in front, and say so: public_url = \"https://…\"";
    match public {
        Some(url) if url.scheme_str() == Some("https") => None,
        Some(url) if url.host().is_some_and(is_near) => None,
        Some(_) => Some(
            Finding::warning(
                None,
                "`public_url` is not https: who listens on the way reads messages, and secrets that stand in a URL or header",
            )
            .advise(advice),
        ),
        None if config.listen.ip().is_loopback() => None,
        None => Some(
            Finding::warning(
                None,
                format!(
                    "it speaks plain HTTP on {}, and nothing says that TLS is in front of it",
                    config.listen
                ),
            )
            .advise(advice),
        ),
    }
}

pub(super) fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
