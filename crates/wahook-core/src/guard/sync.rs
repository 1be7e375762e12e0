//! What threads share: the standard library's, named in one place, so that a test can compile the stores with others that
//! try every order of their threads (`tests/interleavings`).

pub(super) use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};
