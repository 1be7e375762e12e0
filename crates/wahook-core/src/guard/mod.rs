//! The guard: each delivery is handled once, although providers repeat them (G1–G10).
//!
//! A claim lives in three steps: [`claim`](crate::guard::GuardStore::claim) makes the key ours for a lease,
//! [`complete`](crate::guard::GuardStore::complete) makes it a duplicate until its time to live is over,
//! [`release`](crate::guard::GuardStore::release) makes the next one fresh. Nothing is marked as done before it is.

mod admit;
mod fingerprint;
mod key;
mod memory;
mod newest;
mod open;
mod remembering;
mod store;
mod sync;

pub use self::{
    admit::{Admission, Fresh, Prepared},
    fingerprint::Fingerprints,
    key::{Digest, Key, Token},
    memory::MemoryStore,
    open::{OpenError, OpenErrorKind},
    remembering::RememberingStore,
    store::{Claim, GuardStore, Settled, StoreError, StoreErrorKind},
};
