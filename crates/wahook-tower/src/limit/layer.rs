//! The configuration.

use std::time::Duration;

use tower_layer::Layer;

use super::Limit;

/// Limits what is read of a body, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct LimitLayer {
    pub(super) cap_bytes: usize,
    pub(super) idle: Duration,
    pub(super) total: Duration,
}

impl LimitLayer {
    /// 4 MiB, 5 s without a byte, 10 s in all: more than any provider sends or waits for.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cap_bytes: 4 << 20,
            idle: Duration::from_secs(5),
            total: Duration::from_secs(10),
        }
    }

    /// The largest body, in bytes.
    #[must_use]
    pub const fn cap(self, cap_bytes: usize) -> Self {
        Self { cap_bytes, ..self }
    }

    /// The longest time without a byte.
    #[must_use]
    pub const fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// The longest time for the whole body.
    #[must_use]
    pub const fn total(self, total: Duration) -> Self {
        Self { total, ..self }
    }
}

impl Default for LimitLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for LimitLayer {
    type Service = Limit<S>;

    fn layer(&self, inner: S) -> Limit<S> {
        Limit { inner, limits: *self }
    }
}
