//! Clients by which the gateway asks others over HTTP.

use reqwest::{Client, ClientBuilder};

use crate::{Failure, failure::chain};

/// A client for URLs of this scheme: TLS by the root certificates of the machine, no redirects.
pub(crate) fn client(
    scheme: &str,
    options: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client, reqwest::Error> {
    // `ring` needs a C compiler and nothing else. An error means that one is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Whoever follows a redirect turns a POST into a GET, and tells another host what was for this one.
    let mut builder = Client::builder().redirect(reqwest::redirect::Policy::none());
    if scheme == "http" {
        // No TLS will be spoken; a machine without root certificates must not stop us.
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    options(builder).build()
}

/// There is no such client.
pub(crate) fn no_tls(error: &reqwest::Error) -> Failure {
    Failure::io(format!("cannot set up TLS: {}; {INSTALL_ROOTS}", chain(error)))
}

/// What to do then.
pub(crate) const INSTALL_ROOTS: &str = "install root certificates (Debian: ca-certificates)";
