//! Encryption: rustls with ring, chosen here and not by whoever else is linked in.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::address::TlsFiles;

/// Reads the certificates, once: a connection that is made anew must not wait for files.
pub(crate) fn client_config(files: &TlsFiles) -> Result<ClientConfig, OpenError> {
    let roots = match &files.ca {
        Some(file) => roots_of(file)?,
        None => system_roots()?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad("TLS cannot be set up").because(error))?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &files.certificate else {
        return Ok(config.with_no_client_auth());
    };
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| {
        bad("the file with the key for Redis cannot be read, or holds no private key in PEM form")
    })?;
    config
        .with_client_auth_cert(chain, key)
        .map_err(|error| bad("the certificate for Redis and its key do not go together").because(error))
}

fn roots_of(file: &Path) -> Result<RootCertStore, OpenError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| bad("the CA file for Redis holds a certificate that is none").because(error))?;
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let none = || bad("a certificate file for Redis cannot be read, or holds no certificate in PEM form");
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).map_err(|_| none())?.collect();
    read.ok().filter(|read| !read.is_empty()).ok_or_else(none)
}

/// The system's authorities; a single one that cannot be read does not make the others worthless.
fn system_roots() -> Result<RootCertStore, OpenError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let error =
            bad("this system has no certificate authorities; install them, or name one with ?ca=FILE");
        return Err(match found.errors.into_iter().next() {
            Some(cause) => error.because(cause),
            None => error,
        });
    }
    Ok(roots)
}

fn bad(text: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}
