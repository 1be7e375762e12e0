//! What of a limited stream is left for deliveries (I5).
//!
//! What is full must be emptied, and whatever empties it is a record as well: so a delivery is accepted only as long as all
//! that is there could be read, handed over, written down and removed without it.

use super::{book::Page, ledger::Ledger};

/// A delivery's record, beside its bytes: keys, frame, and what it adds to the state, which is written down more than once.
const DELIVERY: u64 = 5 << 10;
/// Reading a delivery: the record that asks for it, and that of its first event. Further events are in proportion to its body.
const READ: u64 = 1_500;
/// Handing over an event: taken and settled, a few times.
const HAND_OVER: u64 = 1_000;
/// Kept free beside all that: what operators do, and sweeping.
const FLOOR: std::ops::RangeInclusive<u64> = 64 << 10..=16 << 20;
/// What a body has beside it where it is carried to.
const HEAD: u64 = 400;

impl Page {
    /// Whether there is room for so many bytes of a delivery, while so many are on their way.
    pub(super) fn has_room(&self, bytes: u64, on_their_way: u64) -> bool {
        self.most.is_none_or(|most| {
            self.bytes + 2 * bytes + DELIVERY + 2 * on_their_way + self.reserve(most) <= most
        })
    }

    /// Whether nothing more is accepted, so that all is done to make room.
    pub(super) fn is_tight(&self) -> bool {
        !self.has_room(0, 0)
    }

    /// Bytes that are kept free.
    fn reserve(&self, most: u64) -> u64 {
        let ledger = &self.ledger;
        let work = ledger.not_read() * READ + ledger.bytes_not_read + ledger.waiting() * HAND_OVER;
        let floor = floor(most);
        // Two that write the state at once are one too many, but may happen; and half of it for what work adds to it.
        work + self.state_bytes() * 5 / 2 + ledger.largest() + floor
    }

    /// How large the state would be that is written down now, about.
    pub(super) fn state_bytes(&self) -> u64 {
        let weight = self.ledger.weight();
        match self.notes.note.place() {
            Some(place) if place.bytes > place.weight => {
                let scaled = u128::from(weight) * u128::from(place.bytes) / u128::from(place.weight.max(1));
                u64::try_from(scaled).unwrap_or(u64::MAX)
            }
            _ => weight,
        }
    }

    /// How many bytes of several deliveries may be in one message: all of it must have room where it is carried to, when
    /// hardly anything else has.
    pub(super) fn record_bytes(&self) -> u64 {
        self.most.map_or(u64::MAX, floor)
    }

    /// Whether the state can be written down, with something left for the work that goes on.
    pub(super) fn has_room_for_state(&self) -> bool {
        let needed = self.state_bytes() + *FLOOR.start() / 4;
        self.most.is_none_or(|most| self.bytes + needed <= most)
    }

    /// How many bytes may be carried to the end, with the state still to be written after it.
    pub(super) fn may_carry(&self) -> u64 {
        self.most.map_or(u64::MAX, |most| {
            let needed = self.state_bytes() + *FLOOR.start() / 2;
            most.saturating_sub(self.bytes).saturating_sub(needed)
        })
    }

    /// Whether it pays to carry all that is needed to the end, for what is between it: records of work that was done, or tried
    /// again and again. Long before these have used up what is kept free, since to carry takes some of it.
    pub(super) fn is_full_of_gaps(&self) -> bool {
        self.most.is_some_and(|most| {
            let needed = self.ledger.bytes_kept + self.ledger.count_kept() * HEAD + self.state_bytes();
            self.is_tight() && self.bytes.saturating_sub(needed) > (most / 16).max(*FLOOR.start() / 2)
        })
    }
}

/// Beside what is reckoned.
fn floor(most: u64) -> u64 {
    (most / 16).clamp(*FLOOR.start(), *FLOOR.end()).min(most / 4)
}

impl Ledger {
    /// What it weighs when it is written down, about.
    pub(super) fn weight(&self) -> u64 {
        let [deliveries, events, entries, said, sessions, lanes] = self.counts();
        2_000 + deliveries * 700 + events * 450 + entries * 350 + said * 110 + sessions * 90 + lanes * 250
    }
}
