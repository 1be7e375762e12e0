//! Does this request come from the provider? One file per scheme (V1–V7).
//!
//! A scheme comes from the configuration, never from the request (V3). It judges the head first, takes the body as it
//! arrives, and ends in a [`Proof`] or in a [`Refusal`]. Only this module makes a [`Proof`].

mod refusal;

use std::fmt;

use bytes::Bytes;
use http::request::Parts;
use jiff::Timestamp;

pub use self::refusal::{Refusal, RefusalKind};

/// What a scheme proved, and what it can vouch for. Dedupe on these values, never on a header read again.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    scheme: &'static str,
    id: Option<String>,
    signed_at: Option<Timestamp>,
}

impl Proof {
    /// The scheme's name, such as `standard-webhooks`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The delivery's id, where it is part of what was signed.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The time of the attempt, where it is part of what was signed.
    #[must_use]
    pub const fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// What proves that a request is the provider's. Cheap to clone; clones share their keyrings.
#[derive(Clone, Debug)]
pub struct Verifier {
    scheme: Scheme,
}

#[derive(Clone, Debug)]
enum Scheme {
    Unverified,
}

impl Verifier {
    /// Takes every request for genuine. The one door around verification: for tests and for tools.
    #[must_use]
    pub const fn dangerous_unverified() -> Self {
        Self {
            scheme: Scheme::Unverified,
        }
    }

    /// Judges the head.
    pub(crate) fn begin(&self, _head: &Parts, _now: Timestamp) -> Result<Pending, Refusal> {
        match self.scheme {
            Scheme::Unverified => Ok(Pending {}),
        }
    }
}

/// A judgement on its way.
#[derive(Debug)]
pub(crate) struct Pending {}

impl Pending {
    pub(crate) fn update(&mut self, _frame: &[u8]) {}

    pub(crate) fn finish(self, _body: &Bytes) -> Result<Proof, Refusal> {
        Ok(Proof {
            scheme: "unverified",
            id: None,
            signed_at: None,
        })
    }
}
