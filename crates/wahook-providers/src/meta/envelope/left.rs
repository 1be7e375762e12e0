//! With how much care a body is read, and how much of it is kept.

use std::cell::Cell;

/// How the lists of a body are read.
pub(super) struct Left {
    /// How many more rows are kept: each costs memory of its own.
    room: Cell<usize>,
    /// Whether there was a row without room.
    is_spilled: Cell<bool>,
    care: Care,
}

/// What is expected of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// All is as it should be: names are texts, and what has one shape has it. So no text is gone through twice, and the
    /// first mistake ends it.
    Quick,
    /// Every mistake is somebody's own.
    Plain,
    /// What stands where a list or an object belongs is looked at before it is read. That is one more pass for each level,
    /// and only a number that is none (`1e999`) needs it: the parser stops at it.
    Careful,
}

impl Left {
    pub(super) const fn new(room: usize, care: Care) -> Self {
        Self {
            room: Cell::new(room),
            is_spilled: Cell::new(false),
            care,
        }
    }

    pub(super) fn is_quick(&self) -> bool {
        self.care == Care::Quick
    }

    pub(super) fn is_careful(&self) -> bool {
        self.care == Care::Careful
    }

    pub(super) const fn is_spilled(&self) -> bool {
        self.is_spilled.get()
    }

    /// There was a row without room.
    pub(super) fn spill(&self) {
        self.is_spilled.set(true);
    }

    /// Room for one more.
    pub(super) fn take(&self) -> bool {
        let left = self.room.get().checked_sub(1);
        self.room.set(left.unwrap_or_default());
        left.is_some()
    }

    /// There was no row for it.
    pub(super) fn give_back(&self) {
        self.room.set(self.room.get() + 1);
    }
}
