//! The trait that databases implement.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::{Digest, Key, Token};
use crate::BoxFuture;

/// Where claims are kept. Three verbs, no default methods, usable behind `Arc<dyn GuardStore>`.
///
/// The record is (key, digest), each with a life of its own (G7). The contract, run by
/// `wahook_testkit::guard_store_contract!`:
///
/// - **G1** of any number of concurrent claims of one record exactly one is [`Claim::Fresh`];
/// - **G2** after `complete` every claim is [`Claim::Duplicate`] until the time to live is over;
/// - **G3** after `release` the next claim is fresh;
/// - **G4** a claim whose lease ran out is fresh for the next, and the old holder's late `complete` or `release`
///   answers [`Settled::Lost`] and changes nothing; a claim that its holder says again, since the first answer was lost,
///   is fresh again and its lease runs anew;
/// - **G5** `complete` may be said again by its holder; a verb that is dropped half-way leaves a lease at most, never a
///   mark of what was not completed;
/// - **G7** another digest under the same key is a record of its own, and every claim tells that another exists.
///
/// Leases run on the store's own clock. An error means that nothing is known; a lease that may have been taken ends by
/// itself. Leases and lives of any length are taken: what is over at once is fresh for the next, what is too long for
/// the store lasts as long as it can make it.
pub trait GuardStore: fmt::Debug + Send + Sync + 'static {
    /// Takes the record for `lease` unless somebody else has it or had it.
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>>;

    /// Marks the record as done for `ttl`.
    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>>;

    /// Gives the record back.
    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>>;
}

/// What a claim met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Claim {
    /// It was done.
    Duplicate {
        /// Another digest of the key exists.
        conflict: bool,
    },
    /// It is ours.
    Fresh {
        /// Another digest of the key exists.
        conflict: bool,
    },
    /// Somebody is at work.
    InFlight {
        /// How much of the lease is left.
        left: Duration,
        /// Another digest of the key exists.
        conflict: bool,
    },
}

/// What `complete` or `release` met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// It is settled. A `complete` that is said twice by one holder is done both times: the first answer may get lost.
    Done,
    /// The claim was not ours any more; nothing was changed.
    Lost,
}

/// A store that could not answer.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl StoreError {
    /// An error without a cause of its own.
    #[must_use]
    pub const fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error of a driver.
    pub fn with_source(kind: StoreErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// What sort of error it is.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

/// What sort of error a store met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// No room for another claim.
    Full,
    /// It did not answer in time.
    Slow,
    /// It cannot be reached, or refuses.
    Unavailable,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Full => "the store has no room for more",
            StoreErrorKind::Slow => "the store did not answer in time",
            StoreErrorKind::Unavailable => "the store is unavailable",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
