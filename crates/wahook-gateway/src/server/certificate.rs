//! The certificate that a server shows, with its key.

use std::{
    fmt,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rustls::{
    Error, InconsistentKeys, ServerConfig,
    client::verify_server_name,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
};
use secrecy::zeroize::Zeroizing;
use x509_cert::{TbsCertificate, der::Decode};

/// A chain of certificates and the key of the first, checked to belong together.
#[derive(Clone)]
pub struct Certificate {
    file: PathBuf,
    pub(super) config: Arc<ServerConfig>,
    /// The first of the chain.
    own: CertificateDer<'static>,
    lacks_issuer: bool,
    /// From when until when it is valid; unknown where it is written in a way that only TLS libraries put up with.
    valid: Option<(Timestamp, Timestamp)>,
}

/// Which file cannot be used, and why; without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusable {
    /// The file of the chain.
    Certificate(String),
    /// The file of the key.
    Key(String),
}

/// Whether a certificate is good at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validity {
    /// It is, for a while.
    Good,
    /// It will not be for long; what to do.
    EndsSoon(String),
    /// It is not: providers refuse it; what to do.
    Bad(String),
}

/// Let's Encrypt renews 30 days before the end: two weeks before, something did not work.
const SOON: Duration = Duration::from_secs(14 * 86_400);
/// More than any chain or key.
const FILE_BYTES: usize = 1 << 20;

impl Certificate {
    /// Reads a chain, the server's own certificate first, and its key; both as PEM.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or is not what it should be, or the key is not that of the certificate.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, Unusable> {
        let pem = read(chain).map_err(|why| Unusable::Certificate(cannot("certificate", chain, &why)))?;
        let no_chain = |why: &str| Unusable::Certificate(format!("{}: {why}", chain.display()));
        let certificates = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            // The error's own text quotes the file.
            .map_err(|_| {
                no_chain("this is not PEM; give the file that begins with -----BEGIN CERTIFICATE-----")
            })?;
        let Some(own) = certificates.first().cloned() else {
            return Err(no_chain(
                "there is no certificate in it; give the file that begins with -----BEGIN CERTIFICATE-----",
            ));
        };
        let known = x509_cert::Certificate::from_der(&own)
            .ok()
            .map(|own| own.tbs_certificate);
        let valid = known.as_ref().and_then(validity);
        let lacks_issuer = certificates.len() == 1 && known.is_some_and(|own| own.issuer != own.subject);
        let private = private_key(key)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(certificates, private)
            })
            .map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Unusable::Key(format!(
                    "{} is not the key of the first certificate in {}; give both of one renewal, the server's own certificate first",
                    key.display(),
                    chain.display()
                )),
                Error::InvalidCertificate(_) => no_chain("the first certificate in it cannot be read; have it issued anew"),
                _ => Unusable::Key(format!(
                    "{}: a key of this kind cannot be used; make one of ECDSA P-256, Ed25519 or RSA with 2048 bits or more",
                    key.display()
                )),
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            file: chain.to_path_buf(),
            own,
            lacks_issuer,
            config: Arc::new(config),
            valid,
        })
    }

    /// Whether it is for this host, as far as that can be read.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match (ParsedCertificate::try_from(&self.own), ServerName::try_from(host)) {
            (Ok(own), Ok(host)) => verify_server_name(&own, &host).is_ok(),
            _ => true,
        }
    }

    /// Whether it stands alone although somebody else issued it: who does not know its issuer refuses it.
    #[must_use]
    pub const fn lacks_issuer(&self) -> bool {
        self.lacks_issuer
    }

    /// The file of the chain.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Until when it is valid, where that can be read.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        self.valid.map(|(_, ends)| ends)
    }

    /// Whether it is good now.
    #[must_use]
    pub fn validity(&self, now: Timestamp) -> Validity {
        let Some((begins, ends)) = self.valid else {
            return Validity::Good;
        };
        let file = self.file.display();
        if now < begins {
            let text = format!(
                "the certificate in {file} is valid from {begins} on only, and providers refuse it until then; set the clock, or show an older one"
            );
            Validity::Bad(text)
        } else if now > ends {
            let text =
                format!("the certificate in {file} ended on {ends}, and providers refuse it; renew it");
            Validity::Bad(text)
        } else if ends.duration_since(now).unsigned_abs() < SOON {
            let text = format!("the certificate in {file} ends on {ends}; see why it was not renewed");
            Validity::EndsSoon(text)
        } else {
            Validity::Good
        }
    }
}

impl Validity {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn complaint(self) -> Option<String> {
        match self {
            Self::Good => None,
            Self::EndsSoon(text) | Self::Bad(text) => Some(text),
        }
    }
}

/// The key is nobody's business.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("file", &self.file)
            .field("valid", &self.valid)
            .finish_non_exhaustive()
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Unusable> {
    let pem = read(file).map_err(|why| Unusable::Key(cannot("key", file, &why)))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        let encrypted = pem.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED);
        let why = if encrypted {
            "the key in it is encrypted; take its password off, and let only its owner read the file"
        } else {
            "there is no private key in it; give the file that has -----BEGIN PRIVATE KEY-----"
        };
        Unusable::Key(format!("{}: {why}", file.display()))
    })
}

const ENCRYPTED: &[u8] = b"BEGIN ENCRYPTED PRIVATE KEY";

/// A file as a whole, in memory that is wiped: it is of full size from the start, since what grows leaves copies behind.
fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    // A pipe would be waited for, whoever writes it.
    if !fs::metadata(file).map_err(|error| error.to_string())?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * FILE_BYTES));
    let opened = File::open(file).map_err(|error| error.to_string())?;
    match opened.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes) {
        Ok(count) if count > FILE_BYTES => Err("it is too large to be one".to_owned()),
        Ok(_) => Ok(bytes),
        Err(error) => Err(error.to_string()),
    }
}

fn cannot(what: &str, file: &Path, why: &str) -> String {
    format!("cannot read the {what} in {}: {why}", file.display())
}

fn validity(certificate: &TbsCertificate) -> Option<(Timestamp, Timestamp)> {
    let validity = certificate.validity;
    let instant = |time: x509_cert::time::Time| {
        Timestamp::from_second(i64::try_from(time.to_unix_duration().as_secs()).ok()?).ok()
    };
    Some((instant(validity.not_before)?, instant(validity.not_after)?))
}
