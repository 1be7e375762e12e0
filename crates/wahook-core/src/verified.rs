//! The only way to a [`Verified`] body.

use std::fmt;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use crate::{
    endpoint::Endpoint,
    proof::{Pending, Proof, Refusal},
};

/// A verification on its way: frames go in as they arrive, and what comes out holds exactly these bytes (V1).
///
/// `Debug` shows no body.
pub struct Check {
    endpoint: Endpoint,
    pending: Pending,
    /// The only frame, the usual case: it is handed on without a copy.
    first: Bytes,
    /// All frames, once there are several. They are not kept one by one: a sender chooses how many there are.
    joined: BytesMut,
    received_at: Timestamp,
}

impl Check {
    pub(crate) fn new(endpoint: Endpoint, pending: Pending, received_at: Timestamp) -> Self {
        let (first, joined) = (Bytes::new(), BytesMut::new());
        Self {
            endpoint,
            pending,
            first,
            joined,
            received_at,
        }
    }

    /// When the request arrived, by the clock of whoever began it.
    #[must_use]
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// Takes the next piece of the body.
    pub fn update(&mut self, frame: Bytes) {
        if self.first.is_empty() && self.joined.is_empty() {
            self.first = frame;
            return;
        }
        let first = std::mem::take(&mut self.first);
        for piece in [first, frame] {
            self.pending.update(&piece);
            self.joined.extend_from_slice(&piece);
        }
    }

    /// Decides.
    ///
    /// # Errors
    ///
    /// The exact reason, with the body, so that hints can be worked out.
    pub fn finish(self) -> Result<Verified, (Refusal, Bytes)> {
        let Self {
            endpoint,
            pending,
            first,
            joined,
            received_at,
        } = self;
        let body = if joined.is_empty() { first } else { joined.freeze() };
        match pending.finish(&body) {
            Ok(proof) => Ok(Verified {
                endpoint,
                proof,
                body,
                received_at,
            }),
            Err(refusal) => Err((refusal, body)),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("endpoint", &self.endpoint.name())
            .field("body_bytes", &(self.first.len() + self.joined.len()))
            .finish_non_exhaustive()
    }
}

/// A body that the provider sent. Only a finished [`Check`] makes one.
///
/// It is no `http_body::Body`: a stack in which a layer was forgotten does not compile.
#[derive(Clone)]
pub struct Verified {
    endpoint: Endpoint,
    proof: Proof,
    body: Bytes,
    received_at: Timestamp,
}

impl Verified {
    /// The endpoint that received it.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What was proved.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The bytes that were signed.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// When it arrived.
    #[must_use]
    pub const fn received_at(&self) -> Timestamp {
        self.received_at
    }

    pub(crate) fn into_parts(self) -> (Endpoint, Proof, Bytes, Timestamp) {
        (self.endpoint, self.proof, self.body, self.received_at)
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("endpoint", &self.endpoint.name())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
