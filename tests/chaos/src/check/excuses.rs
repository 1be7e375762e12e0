//! What excuses that something is handed over again: that it was done could not be seen, or not be written down.
//!
//! No more than that is excused. A mark is made within moments; what keeps it from being made is waited for, and it is tried
//! again. It is lost with a gateway that is killed before it is made, or if it cannot be made until the lease ends.

use super::seen::{Fault, Seen, Sending};
use crate::plan::Kind;

/// How long the gateway waits for the answer of a sink, in µs: what it does not see until then was not answered for it.
const SINK_WAITS: u64 = 1_000_000;

/// So long after a sink's answer the next of the same lane is handed over, or all that was are marked. On a machine with
/// ten times the work that it can do, most of that is waiting for a processor.
const MARKED: u64 = 2_000_000;

/// So many of a lane are handed over, one after the other, before they are marked.
const AT_ONCE: usize = 32;

/// The same if one of the next is waited for in vain, or all takes longer.
const MARKED_LATE: u64 = 4_000_000;

/// A sink may answer so long after the gateway was killed that asked it.
const ANSWERED: u64 = 100_000;

/// What is not marked by then is taken again, by whoever is there.
const LEASE: u64 = 30_000_000;

/// The same for what a guard claimed.
const CLAIM: u64 = 10_000_000;

/// Without an inbox it is answered then that it is not handed over, although it may be.
const HANDLER: u64 = 2_500_000;

/// What keeps marks from being made while it lasts.
const PREVENTS: [Kind; 9] = [
    Kind::DiskFull,
    Kind::DiskBroken,
    Kind::DiskHanging,
    Kind::ServerKill,
    Kind::ServerFreeze,
    Kind::WireCut,
    Kind::WireStalls,
    Kind::WireDeaf,
    Kind::Freeze,
];

/// What makes them late.
const DELAYS: [Kind; 4] = [Kind::DiskSlow, Kind::WireSlow, Kind::SinkHangs, Kind::SinkForgets];

/// When the last was handed over that may be marked together with one that was confirmed at this moment. `lane`: when those
/// of its conversation were, in order.
pub(super) fn last_at_once(lane: &[u64], at: u64) -> u64 {
    let next = lane.partition_point(|other| *other <= at);
    let mut last = at;
    for other in lane.iter().skip(next).take(AT_ONCE) {
        if *other > last.saturating_add(MARKED) {
            break;
        }
        last = *other;
    }
    last
}

impl Fault<'_> {
    fn is(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| kind.name() == self.kind)
    }

    fn overlaps(&self, from: u64, to: u64) -> bool {
        self.began_at <= to && self.ended_at.is_none_or(|ended| ended >= from)
    }

    /// When all that it held up was tried again: the longer it lasted, the longer that takes.
    fn is_over(&self) -> u64 {
        self.ended_at.map_or(u64::MAX, |ended| {
            ended
                .saturating_add(ended.saturating_sub(self.began_at))
                .saturating_add(MARKED)
        })
    }
}

impl Seen<'_> {
    /// Whether the mark of a hand-over may be lost that the sink confirmed at this moment, and the last that may be marked
    /// with it at another. `asked`: over a connection, whose other side hangs up in the end.
    pub(super) fn mark_may_be_lost(&self, at: u64, last: u64, asked: bool) -> bool {
        let soon = last.saturating_add(MARKED);
        let usually = if self.fails(&DELAYS, at, soon) {
            last.saturating_add(MARKED_LATE)
        } else {
            soon
        };
        let prevented = self.prevented_until(at, usually);
        let until = prevented.unwrap_or(usually);
        until >= at.saturating_add(LEASE)
            || self.is_killed(at.saturating_sub(ANSWERED), until)
            || (prevented.is_some() && self.fails(&[Kind::Restart], at, until))
            || (asked
                && self.fails(
                    &[Kind::Freeze],
                    at.saturating_sub(SINK_WAITS),
                    at.saturating_add(SINK_WAITS),
                ))
    }

    /// Without an inbox: whether a sending may have been handed over without being marked as done.
    pub(super) fn may_be_unmarked(&self, sending: &Sending<'_>) -> bool {
        let (from, to) = (sending.sent_at, sending.answered_at);
        match sending.answered {
            // It is marked before that is said, unless the store does not answer; then it is tried again.
            Some((_, Some(200))) => {
                let until = to.saturating_add(CLAIM);
                self.prevented_until(from, to).is_some()
                    && (self.is_killed(to, until) || self.fails(&[Kind::Restart], to, until))
            }
            // Nobody waited for the end of the hand-over.
            Some((_, Some(503))) => to.saturating_sub(from) >= HANDLER,
            Some((_, Some(_))) => false,
            Some((_, None)) | None => self.is_killed(from, to),
        }
    }

    fn is_killed(&self, from: u64, to: u64) -> bool {
        let mut deaths = self.deaths.iter();
        deaths.any(|death| death.not_before <= to && death.not_after >= from)
    }

    fn fails(&self, kinds: &[Kind], from: u64, to: u64) -> bool {
        let mut faults = self.faults.values();
        faults.any(|fault| fault.is(kinds) && fault.overlaps(from, to))
    }

    /// If something keeps marks from being made in this time: until when, with what keeps them as soon as it is over.
    fn prevented_until(&self, from: u64, to: u64) -> Option<u64> {
        let mut until = None;
        let mut reach = to;
        loop {
            let faults = self.faults.values();
            let prevent = faults.filter(|fault| fault.is(&PREVENTS) && fault.overlaps(from, reach));
            let over = prevent.map(Fault::is_over).max();
            if over <= until {
                return until;
            }
            until = over;
            reach = reach.max(over.unwrap_or_default());
        }
    }
}
