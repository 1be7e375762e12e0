//! The HTTP client: TLS, time limits, no redirects.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Url, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::Options;
use crate::error::Error;

/// A base URL that may be called with credentials.
pub(super) fn checked(text: &str) -> Result<Url, Error> {
    // Not the parser's error: it may say what it stumbled over.
    let url =
        Url::parse(text.trim()).map_err(|_| Error::config("the base URL cannot be read: https://host"))?;
    let is_here = url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    });
    match url.scheme() {
        "https" => {}
        "http" if is_here => {}
        _ => {
            return Err(Error::config(
                "the base URL begins with https://, since every call carries credentials (http:// is for this machine alone)",
            ));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::config(
            "the base URL holds a user or a password: leave them out",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::config("the base URL ends before `?` and `#`"));
    }
    Ok(url)
}

pub(super) fn client(base: &Url, options: &Options) -> Result<Client, Error> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls(base.scheme())?)
        .user_agent(concat!("wahook/", env!("CARGO_PKG_VERSION")))
        // Whoever follows a redirect tells another host what was for this one.
        .redirect(redirect::Policy::none())
        // What is repeated is decided by us.
        .retry(reqwest::retry::never())
        .connect_timeout(options.connect_timeout)
        // Less than servers and balancers wait as a rule, so that a request seldom meets a connection that is closing.
        .pool_idle_timeout(Duration::from_secs(30));
    let builder = if options.environment_proxy {
        builder
    } else {
        builder.no_proxy()
    };
    builder
        .build()
        .map_err(|error| Error::config("the HTTP client cannot be set up").because(error.without_url()))
}

/// rustls with ring, chosen here and not by whoever else is linked in.
fn tls(scheme: &str) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::config("TLS cannot be set up").because(error))?;
    let config = if scheme == "http" {
        // No TLS will be spoken; a machine without root certificates must not stop us.
        config.with_root_certificates(RootCertStore::empty())
    } else {
        config.with_platform_verifier().map_err(|error| {
            Error::config("TLS cannot be set up; install root certificates (Debian: ca-certificates)")
                .because(error)
        })?
    };
    Ok(config.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_sent_in_the_clear() {
        for url in [
            "https://api.wazapin.com",
            "https://proxy.example/wazapin/",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:1",
        ] {
            assert!(checked(url).is_ok(), "{url}");
        }
        for url in [
            "http://api.wazapin.com",
            "http://localhost.example.com",
            "ftp://localhost",
            "api.wazapin.com",
            "https://user:hunter2@host",
            "https://host/?key=hunter2",
            "https://host/#x",
            "",
        ] {
            let error = checked(url).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{url}");
        }
    }
}
