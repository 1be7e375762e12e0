//! `wahook_core::guard` with stores of this crate.

pub use wahook_core::guard::{Digest, Fingerprints, Key, Token};

mod fingerprint {
    pub(super) use wahook_core::guard::Fingerprints;
}

/// Locks that try every order; pointers that are shared have nothing to try.
mod sync {
    pub(super) use std::sync::{Arc, PoisonError, atomic::Ordering};

    pub(super) use loom::sync::{Mutex, MutexGuard, atomic::AtomicU64};
}

#[path = "../../../../crates/wahook-core/src/guard/memory.rs"]
mod memory;
#[path = "../../../../crates/wahook-core/src/guard/newest.rs"]
mod newest;
#[path = "../../../../crates/wahook-core/src/guard/remembering.rs"]
mod remembering;
// Its words as well: to another crate they would be open, and the stores rely on knowing them all.
#[path = "../../../../crates/wahook-core/src/guard/store.rs"]
mod store;

pub use self::{
    memory::MemoryStore,
    remembering::RememberingStore,
    store::{Claim, GuardStore, Settled, StoreError, StoreErrorKind},
};
