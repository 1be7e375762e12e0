//! Room for bodies in memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// So many bytes of bodies may be in memory at once, over all endpoints that share it: many senders of bodies that are
/// each small enough cannot fill the memory together.
///
/// A body takes its room as its bytes arrive, and gives it back when it is stored, or its request is over. A quarter is kept
/// for bodies up to 64 KiB, as nearly all of the providers' are: who fills the rest with large ones keeps none of those out.
/// A buffer that grows may take twice as much memory as the bytes in it.
///
/// ```
/// use wahook_tower::{LimitLayer, Room};
///
/// let room = Room::of(256 << 20);
/// let (shop, line) = (LimitLayer::new().room(room.clone()), LimitLayer::new().room(room));
/// ```
#[derive(Clone, Debug)]
pub struct Room(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    left: AtomicUsize,
    all: usize,
}

/// Larger bodies leave room for those that are not.
const SMALL: usize = 64 << 10;

impl Room {
    /// Of so many bytes.
    #[must_use]
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Inner {
            left: AtomicUsize::new(bytes),
            all: bytes,
        }))
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.left.load(Ordering::Relaxed)
    }
}

/// What a body took; it is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    room: Room,
    bytes: usize,
    /// What it leaves to others once it is large.
    leaves: usize,
}

impl Taken {
    /// For a body up to this cap: the largest that is allowed fits in any case, into a room that is empty.
    pub(super) fn of(room: &Room, cap_bytes: usize) -> Self {
        let all = room.0.all;
        Self {
            room: room.clone(),
            bytes: 0,
            leaves: (all / 4).min(all.saturating_sub(cap_bytes)),
        }
    }

    /// Takes so many more; whether they were there.
    pub(super) fn more(&mut self, bytes: usize) -> bool {
        let leaves = if self.bytes + bytes > SMALL {
            self.leaves
        } else {
            0
        };
        let take = |left: usize| left.checked_sub(bytes).filter(|left| *left >= leaves);
        let took = self
            .room
            .0
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if took.is_ok() {
            self.bytes += bytes;
        }
        took.is_ok()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.left.fetch_add(self.bytes, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v2_large_bodies_leave_room_for_small_ones() {
        const CAP: usize = 1 << 20;
        let room = Room::of(4 << 20);
        let mut large: Vec<_> = (0..4).map(|_| Taken::of(&room, CAP)).collect();
        let took = large
            .iter_mut()
            .filter_map(|one| one.more(CAP).then_some(()))
            .count();
        assert_eq!((took, room.left()), (3, CAP));
        let mut small: Vec<_> = (0..17).map(|_| Taken::of(&room, CAP)).collect();
        let took = small
            .iter_mut()
            .filter_map(|one| one.more(SMALL).then_some(()))
            .count();
        assert_eq!((took, room.left()), (16, 0));
        // One that was small leaves the rest to others when it is no longer.
        small.pop();
        small.pop();
        assert_eq!(room.left(), SMALL);
        assert!(!small[0].more(1) && Taken::of(&room, CAP).more(1));
        drop((large, small));
        assert_eq!(room.left(), 4 << 20);

        // The largest that is allowed is taken by a room that is no larger.
        assert!(Taken::of(&Room::of(CAP), CAP).more(CAP));
        assert!(Taken::of(&Room::of(CAP + 1), CAP).more(CAP));
    }
}
