//! The configuration.

use std::time::Duration;

use tower_layer::Layer;

use super::{Limit, Room};

/// Limits what is read of a body, and for how long.
#[derive(Clone, Debug)]
pub struct LimitLayer {
    pub(super) cap_bytes: usize,
    pub(super) idle: Duration,
    pub(super) total: Duration,
    pub(super) room: Option<Room>,
}

impl LimitLayer {
    /// 4 MiB, 5 s without a byte, 10 s in all: more than any provider sends or waits for.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cap_bytes: 4 << 20,
            idle: Duration::from_secs(5),
            total: Duration::from_secs(10),
            room: None,
        }
    }

    /// The largest body, in bytes.
    #[must_use]
    pub fn cap(self, cap_bytes: usize) -> Self {
        Self { cap_bytes, ..self }
    }

    /// The longest time without a byte.
    #[must_use]
    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// The longest time for the whole body, from when it first has to be waited for.
    #[must_use]
    pub fn total(self, total: Duration) -> Self {
        Self { total, ..self }
    }

    /// Room for bodies in memory, shared with others; what does not fit is asked to come again (503).
    #[must_use]
    pub fn room(self, room: Room) -> Self {
        Self {
            room: Some(room),
            ..self
        }
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
        Limit {
            inner,
            limits: self.clone(),
        }
    }
}
