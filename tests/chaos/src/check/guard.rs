//! What a guard without an inbox promises. Nothing says which attempt it is there, so it is counted: a sending hands its
//! message over once at most, and what was marked as done is never handed over again.

use std::collections::BTreeMap;

use super::{
    Found, Rule,
    seen::{Seen, Sending},
};
use crate::{history::Line, plan::CLOCK_MOVED};

/// How long after a fault its connections may still be made anew, in µs.
const AFTER: u64 = 1_000_000;

pub(super) fn check(seen: &Seen<'_>, lines: &[Line], found: &mut Found<'_>) {
    let mut delivered: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (line, one) in &seen.delivered {
        delivered.entry(&one.message).or_default().push(*line);
    }
    let mut sendings: BTreeMap<&str, Vec<&Sending<'_>>> = BTreeMap::new();
    for sending in seen.sendings.values() {
        sendings.entry(sending.message).or_default().push(sending);
    }
    for (id, delivered) in delivered {
        let sendings = sendings.get(id).map_or(&[][..], Vec::as_slice);
        let excused = sendings.iter().filter(|one| is_excused(seen, lines, one)).count();
        // Of all that were marked as done, one handed it over.
        let most = excused + usize::from(excused < sendings.len());
        if delivered.len() > most {
            let text = format!(
                "{id} was handed over {} times, {most} at most may be",
                delivered.len()
            );
            let sent = sendings.iter().map(|one| one.sent);
            found.add(Rule::OnceUnlessMarked, text, sent.chain(delivered));
        }
    }
}

/// Whether a sending may have been handed over without being marked as done: it was not answered with 200, or something
/// failed meanwhile, so that the mark may not have been made.
fn is_excused(seen: &Seen<'_>, lines: &[Line], sending: &Sending<'_>) -> bool {
    let Some((answered, Some(200))) = sending.answered else {
        return true;
    };
    let sent_at = lines.get(sending.sent - 1).map_or(0, |line| line.at);
    seen.faults.values().any(|fault| {
        fault.kind != CLOCK_MOVED
            && fault.began < answered
            && fault.ended_at.is_none_or(|ended| ended + AFTER > sent_at)
    })
}
