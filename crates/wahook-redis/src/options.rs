//! What can be chosen about the store.

use std::{path::PathBuf, time::Duration};

/// What can be chosen about a [`RedisStore`](crate::RedisStore).
///
/// ```
/// use std::time::Duration;
///
/// use wahook_redis::RedisOptions;
///
/// let options = RedisOptions::new().prefix("shop").deadline(Duration::from_millis(500));
/// ```
#[derive(Clone, Debug)]
pub struct RedisOptions {
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
    pub(crate) connect_deadline: Duration,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
}

impl RedisOptions {
    /// The usual ones: prefix `wahook:guard`, 1 s for a verb, 5 s for a connection, the system's certificate authorities.
    #[must_use]
    pub fn new() -> Self {
        Self {
            prefix: "wahook:guard".to_owned(),
            deadline: Duration::from_secs(1),
            connect_deadline: Duration::from_secs(5),
            ca_file: None,
            certificate: None,
        }
    }

    /// What all names begin with; 1 to 64 bytes without spaces and control characters. Stores with different prefixes do
    /// not share what they remember.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a verb may take; after that it fails as [`Slow`](wahook_core::guard::StoreErrorKind::Slow).
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long it may take to connect, at start with all checks, and later for each try.
    #[must_use]
    pub const fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }

    /// The certificate authorities to trust, as a PEM file, instead of the system's. The same as `?ca=FILE` in the URL.
    #[must_use]
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(file.into());
        self
    }

    /// A certificate to show to the server, and its key, as PEM files: Redis asks for one unless `tls-auth-clients` is
    /// `no`. The same as `?cert=FILE&key=FILE` in the URL.
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some((certificate.into(), key.into()));
        self
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self::new()
    }
}
