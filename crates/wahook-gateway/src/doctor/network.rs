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
pub(super) fn look_at_certificate(
    config: &Config,
    certificate: &Certificate,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match certificate.validity(now) {
        Validity::Good => {}
        Validity::EndsSoon(text) => findings.push(Finding::warning(None, text)),
        Validity::Bad(text) => findings.push(Finding::error(None, text)),
    }
    let file = certificate.file().display();
    let public: Option<Uri> = config.public_url.as_ref().and_then(|url| url.parse().ok());
    if let Some(host) = public.as_ref().and_then(Uri::host)
        && !certificate.is_for(host)
    {
        let text = format!(
            "the certificate in {file} is not for {host}, the host of `public_url`: providers refuse it"
        );
        let advice = "show one that is, unless a proxy in front shows another";
        findings.push(Finding::warning(None, text).advise(advice));
    }
    if certificate.lacks_issuer() {
        let text = format!(
            "the certificate in {file} stands alone, and somebody else issued it: who does not know them refuses it"
        );
        let advice = "give the file with the whole chain, such as fullchain.pem";
        findings.push(Finding::warning(None, text).advise(advice));
    }
    findings
}

pub(super) fn is_near(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}
