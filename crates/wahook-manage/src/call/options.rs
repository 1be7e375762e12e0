//! How calls are made: where to, how long, how often.

use std::{fmt, sync::Arc, time::Duration};

use super::pause::{Pauses, SystemPauses};
use crate::read::host;

/// How calls are made. The default suits all providers.
///
/// ```
/// use std::time::Duration;
///
/// use wahook_manage::Options;
///
/// let options = Options::new()
///     .base_url("https://api.wazapin.id")
///     .timeout(Duration::from_secs(5))
///     .retries(1);
/// # let _ = options;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Options {
    pub(crate) base_url: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) retries: u32,
    pub(crate) backoff: Duration,
    pub(crate) environment_proxy: bool,
    pub(crate) pauses: Arc<dyn Pauses>,
}

impl Options {
    /// The provider's documented base URL; 5 s to connect, 15 s for an answer, 60 s for a call with all its repeats, of
    /// which there are three at most, after pauses that begin at 500 ms.
    pub fn new() -> Self {
        Self {
            base_url: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            deadline: Duration::from_secs(60),
            retries: 3,
            backoff: Duration::from_millis(500),
            environment_proxy: false,
            pauses: Arc::new(SystemPauses),
        }
    }

    /// Where the API is, without the version: the pages of some providers disagree about it.
    ///
    /// `https`; plain `http` is refused but for this machine, since every call carries credentials.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How long a connection may take.
    pub const fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// How long one request may take, from its beginning to the last byte of its answer.
    pub const fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// How long a call may take with all its repeats and pauses. A pause that would go beyond it is not begun.
    pub const fn deadline(mut self, time: Duration) -> Self {
        self.deadline = time;
        self
    }

    /// How often a call is repeated at most.
    ///
    /// What may be done twice (to read, to set to a value, to delete) is repeated after 429, 5xx, a broken connection and
    /// no answer in time; all else after 429 alone, by which the provider says that it did nothing.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The first pause before a repeat; each further one is twice as long, and a random part of it is left out. What the
    /// provider asks for with `Retry-After` is kept to instead.
    pub const fn backoff(mut self, first: Duration) -> Self {
        self.backoff = first;
        self
    }

    /// Goes through the proxy that the environment names. Off: it would see nothing of TLS, but where to.
    pub const fn environment_proxy(mut self, on: bool) -> Self {
        self.environment_proxy = on;
        self
    }

    /// Who waits between attempts, for tests without waiting.
    pub fn pauses(mut self, pauses: Arc<dyn Pauses>) -> Self {
        self.pauses = pauses;
        self
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

/// Without what is in the base URL beside its host: it may be a secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("host", &self.base_url.as_deref().map(host))
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("retries", &self.retries)
            .field("backoff", &self.backoff)
            .field("environment_proxy", &self.environment_proxy)
            .finish_non_exhaustive()
    }
}
