//! Reads the ledger of a race and tells what must not be.

use std::{collections::HashSet, path::Path, time::Duration};

use super::record::{FIRST_LIFE, KEYS, Line, Verb, holders, is_done, lease, turns};

/// Stores count milliseconds, and may round.
const ROUNDING: i64 = 5_000;

/// One holder of a key.
#[derive(Debug)]
struct Holder {
    process: u32,
    claim_said: i64,
    claim_heard: i64,
    verb: Verb,
    says_at: i64,
    /// Whether it was done, and when it was told.
    told: Option<(bool, i64)>,
}

impl Holder {
    fn read(lines: &[Line]) -> Option<Self> {
        let (Some(&Line::Claimed { process, said, heard }), Some(&Line::Says { verb, at })) =
            (lines.first(), lines.get(1))
        else {
            return None;
        };
        let told = match lines.get(2) {
            Some(&Line::Told { done, at }) => Some((done, at)),
            _ => None,
        };
        Some(Self {
            process,
            claim_said: said,
            claim_heard: heard,
            verb,
            says_at: at,
            told,
        })
    }

    /// Before this moment nobody else can have the key.
    fn over_at(&self, lease_ends: i64) -> i64 {
        match (self.verb, self.told) {
            (Verb::Release, Some((true, _))) => self.says_at,
            (Verb::Complete, Some((true, _))) => self.says_at + micros(FIRST_LIFE) - ROUNDING,
            _ => lease_ends - ROUNDING,
        }
    }
}

/// All that is wrong.
pub(super) fn judge(ledger: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut processes = HashSet::new();
    for key in 0..KEYS {
        let lines = holders(ledger, key);
        let all: Vec<_> = lines.iter().filter_map(|lines| Holder::read(lines)).collect();
        let mut say = |what: &str| wrong.push(format!("key {key}: {what}: {all:#?}"));
        if all.len() < lines.len() {
            say("a holder did not say what it does");
        }
        if lines.iter().filter(|holder| is_done(holder)).count() != 2 {
            say("it was not done once in each of two lives");
        }
        // A holder that lost its lease before it was done is another turn.
        let lost = |one: &&Holder| one.verb != Verb::Abandon && !matches!(one.told, Some((true, _)));
        if all.len() != 2 * (turns(key).len() + 1) + all.iter().filter(lost).count() {
            say("it was fresh more or less often than once per life, release and lost lease");
        }
        for one in &all {
            let lease_ends = one.claim_said + micros(lease(key));
            match one.told {
                Some((true, _)) if one.verb == Verb::Abandon => say("who came too late was heard"),
                Some((false, at)) if at < lease_ends - ROUNDING => say("a lease was over before its time"),
                None if one.verb != Verb::Abandon => say("a holder did not hear whether it is done"),
                _ => {}
            }
        }
        for pair in all.windows(2) {
            let [one, next] = pair else { continue };
            if next.claim_heard < one.over_at(one.claim_said + micros(lease(key))) {
                say("it was fresh while somebody had it, or had done it");
            }
        }
        processes.extend(all.iter().map(|one| one.process));
    }
    if processes.len() != 2 {
        wrong.push(format!("both processes got something: {processes:?}"));
    }
    wrong
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap()
}
