//! What goes in.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use crate::{
    delivery::Delivery,
    endpoint::OnConflict,
    guard::{Digest, Key, Prepared},
    json::Text,
    verified::Verified,
};

/// A verified delivery on its way into the inbox.
#[derive(Clone, Debug)]
pub struct Incoming {
    provider: &'static str,
    delivery: Delivery,
    key: Key,
    digest: Digest,
    on_conflict: OnConflict,
    memory: Duration,
}

impl Incoming {
    /// Finds the key of a verified delivery (G6). `random` makes its id and must be random.
    #[must_use]
    pub fn new(verified: Verified, headers: &HeaderMap, random: [u8; 10]) -> Self {
        Prepared::new(verified, headers, random).into_incoming()
    }

    pub(crate) const fn of(
        provider: &'static str,
        delivery: Delivery,
        key: Key,
        digest: Digest,
        on_conflict: OnConflict,
        memory: Duration,
    ) -> Self {
        Self {
            provider,
            delivery,
            key,
            digest,
            on_conflict,
            memory,
        }
    }

    /// The provider's id, such as `wawp`.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider
    }

    /// The delivery to store.
    #[must_use]
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// The key to claim.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// The digest of its body: another one under the same key is a conflict (G7).
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What to do with a conflict: store it as well, or flag it and answer as for a duplicate.
    #[must_use]
    pub const fn on_conflict(&self) -> OnConflict {
        self.on_conflict
    }

    /// How long its key is remembered (G9).
    #[must_use]
    pub const fn memory(&self) -> Duration {
        self.memory
    }
}

/// What became of a delivery. Each of these is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepted {
    /// It is on stable storage.
    Stored {
        /// Another body came under this key; both are kept (G7).
        conflict: bool,
    },
    /// It was there already, with this body or, where conflicts are dropped, with another.
    Duplicate {
        /// It had another body and was dropped.
        conflict: bool,
    },
}

/// A delivery as the inbox keeps it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Stored {
    /// Its place in the order of acceptance.
    pub position: i64,
    /// The provider's id, such as `wawp`.
    pub provider: Text,
    /// The delivery; its body is empty once it is redacted.
    pub delivery: Delivery,
    /// When its body was removed, if it was.
    pub redacted_at: Option<Timestamp>,
}
