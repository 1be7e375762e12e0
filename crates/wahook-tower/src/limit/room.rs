//! Room for bodies in memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// So many bytes of bodies may be in memory at once, over all endpoints that share it: many senders of bodies that are
/// each small enough cannot fill the memory together.
///
/// A body takes its room as its bytes arrive, and gives it back when it is stored, or its request is over.
///
/// ```
/// use wahook_tower::{LimitLayer, Room};
///
/// let room = Room::of(256 << 20);
/// let (shop, line) = (LimitLayer::new().room(room.clone()), LimitLayer::new().room(room));
/// ```
#[derive(Clone, Debug)]
pub struct Room(Arc<AtomicUsize>);

impl Room {
    /// Of so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a body took; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    room: Room,
    bytes: usize,
}

impl Taken {
    pub(super) fn of(room: &Room) -> Self {
        Self {
            room: room.clone(),
            bytes: 0,
        }
    }

    /// Takes so many more; whether they were there.
    pub(super) fn more(&mut self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        let took = self
            .room
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if took.is_ok() {
            self.bytes += bytes;
        }
        took.is_ok()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

/// What a body took, on its way in the extensions of a request.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    _taken: Arc<Taken>,
}

impl Held {
    pub(crate) fn of(taken: Taken) -> Self {
        Self {
            _taken: Arc::new(taken),
        }
    }
}
