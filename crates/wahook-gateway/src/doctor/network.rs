//! Who can listen on the way.

use std::net::IpAddr;

use http::Uri;
use jiff::Timestamp;

use super::report::Finding;
use crate::{
    config::Config,
    server::{Certificate, Validity},
};

pub(super) fn look(config: &Config) -> Option<Finding> {
    let public: Option<Uri> = config.public_url.as_ref().and_then(|url| url.parse().ok());
    let encrypts = config.tls.cert_file.is_some();
    match public {
        Some(url) if url.scheme_str() == Some("https") => None,
        Some(url) if url.host().is_some_and(is_near) => None,
        Some(_) => Some(
            Finding::warning(
                None,
                "`public_url` is not https: who listens on the way reads messages, and secrets that stand in a URL or header",
            )
            .advise(if encrypts { "begin it with https://" } else { ENCRYPT }),
        ),
        None if encrypts || config.listen.ip().is_loopback() => None,
        None => Some(
            Finding::warning(
                None,
                format!(
                    "it speaks plain HTTP on {}, and nothing says that TLS is in front of it",
                    config.listen
                ),
            )
            .advise(ENCRYPT),
        ),
    }
}

const ENCRYPT: &str = "give it a certificate, `cert_file` and `key_file` in [tls], or put a proxy with TLS in front and say so: \
                       public_url = \"https://…\"";

/// Whether providers accept the certificate.
pub(super) fn look_at_certificate(certificate: &Certificate, now: Timestamp) -> Option<Finding> {
    match certificate.validity(now) {
        Validity::Good => None,
        Validity::EndsSoon(text) => Some(Finding::warning(None, text)),
        Validity::Bad(text) => Some(Finding::error(None, text)),
    }
}

pub(super) fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
