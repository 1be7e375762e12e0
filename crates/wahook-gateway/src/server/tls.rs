//! The handshake, and the certificate that is shown in it.

use std::{fmt, io, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::{AlertDescription, Error, ServerConfig};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::Certificate;
use crate::limited::{Limited, Line};

/// TLS of a server. Its clones show the same certificate, which can be exchanged while it serves.
#[derive(Clone)]
pub struct Tls {
    shown: Arc<ArcSwap<ServerConfig>>,
    log: Limited,
    failed: Arc<dyn Fn(HandshakeFailure) + Send + Sync>,
}

/// Why there was no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// It was not done in time, or before somebody else needed its place.
    Deadline,
    /// The other side did not speak TLS; plain HTTP, most often.
    NotTls,
    /// The other side does not trust our certificate: it ended, it is for another name, or its chain is not whole.
    Untrusted,
    /// The other side hung up.
    HungUp,
    /// They found no common version, cipher or protocol, or the other side made a mistake.
    Other,
}

impl Tls {
    /// Shows this certificate.
    #[must_use]
    pub fn new(certificate: &Certificate) -> Self {
        Self {
            shown: Arc::new(ArcSwap::new(Arc::clone(&certificate.config))),
            log: Limited::new(|line| say(&line)),
            failed: Arc::new(|_| {}),
        }
    }

    /// Tells of every handshake that fails.
    #[must_use]
    pub fn when_failed(self, tell: impl Fn(HandshakeFailure) + Send + Sync + 'static) -> Self {
        Self {
            failed: Arc::new(tell),
            ..self
        }
    }

    /// Shows another certificate from now on; connections that are open go on as they began.
    pub fn show(&self, certificate: &Certificate) {
        self.shown.store(Arc::clone(&certificate.config));
    }

    /// The encrypted stream, if there is one within the limit.
    pub(super) async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        limit: Duration,
    ) -> Option<TlsStream<S>> {
        let acceptor = TlsAcceptor::from(self.shown.load_full());
        let failure = match time::timeout(limit, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => HandshakeFailure::of(&error),
            Err(_) => HandshakeFailure::Deadline,
        };
        self.fail(failure);
        None
    }

    /// A handshake was given up before its time was over: somebody else needed its place.
    pub(super) fn gave_up(&self) {
        self.fail(HandshakeFailure::Deadline);
    }

    fn fail(&self, failure: HandshakeFailure) {
        self.log.note(failure.as_str(), String::new);
        (self.failed)(failure);
    }
}

/// Who connects and says nothing may be a probe of this machine's own: that is for those who look closely.
fn say(line: &Line) {
    let Line {
        of: reason, count, ..
    } = line;
    if *reason == HandshakeFailure::Untrusted.as_str() {
        tracing::warn!(target: "wahook", count, "our certificate was refused: it ended, it is for another name, or `cert_file` lacks the rest of its chain");
    } else if [HandshakeFailure::NotTls, HandshakeFailure::Other]
        .iter()
        .any(|loud| *reason == loud.as_str())
    {
        tracing::info!(target: "wahook", reason, count, "no TLS handshake");
    } else {
        tracing::debug!(target: "wahook", reason, count, "no TLS handshake");
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl HandshakeFailure {
    /// The word of logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::NotTls => "not_tls",
            Self::Untrusted => "untrusted",
            Self::HungUp => "hung_up",
            Self::Other => "other",
        }
    }

    fn of(error: &io::Error) -> Self {
        let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return Self::HungUp;
        };
        match error {
            Error::InvalidMessage(_) => Self::NotTls,
            Error::AlertReceived(
                AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnsupportedCertificate,
            ) => Self::Untrusted,
            _ => Self::Other,
        }
    }
}
