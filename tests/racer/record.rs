//! The ledger of a race: for each key one file for each of its holders, in their order, beside each other.
//!
//! A file is made when a claim is fresh, and it must not be there yet: two who hold a key at once meet in its name. Lines
//! are only ever added. Times are microseconds of the machine's clock, which all processes and servers of a race share.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// So many keys are raced for.
pub(crate) const KEYS: usize = 1_000;

/// How long a key of the first life is remembered once it is done. The second life does not end.
pub(crate) const FIRST_LIFE: Duration = Duration::from_secs(2);

/// The lease on keys that are abandoned.
pub(crate) const SHORT_LEASE: Duration = Duration::from_secs(2);

/// What a holder does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verb {
    Complete,
    Release,
    /// Nothing: its lease has to end. When another has it, it says `complete` all the same, too late.
    Abandon,
}

/// One line of a holder's file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    /// The claim was said, and heard to be fresh.
    Claimed { process: u32, said: i64, heard: i64 },
    /// What it is about to say.
    Says { verb: Verb, at: i64 },
    /// What it was told, and whether that was `Done`.
    Told { done: bool, at: i64 },
}

/// What the holders of a key do in each of its lives, before one completes it.
pub(crate) const fn turns(key: usize) -> &'static [Verb] {
    match key % 4 {
        0 => &[],
        1 => &[Verb::Release],
        2 => &[Verb::Abandon],
        _ => &[Verb::Release, Verb::Abandon],
    }
}

/// The lease of every claim on a key.
pub(crate) const fn lease(key: usize) -> Duration {
    if key % 4 < 2 {
        Duration::from_secs(600)
    } else {
        SHORT_LEASE
    }
}

/// The file of a key's n-th holder.
pub(crate) fn file(ledger: &Path, key: usize, holder: usize) -> PathBuf {
    ledger.join(format!("{key}.{holder}"))
}

/// The holders of a key so far.
pub(crate) fn holders(ledger: &Path, key: usize) -> Vec<Vec<Line>> {
    let read = |holder| fs::read_to_string(file(ledger, key, holder)).ok();
    // A line that is being written has no end yet, and is none.
    let lines = |text: String| {
        text.split_inclusive('\n')
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    (0..).map_while(read).map(lines).collect()
}

/// Whether a holder completed the key, and was told so.
pub(crate) fn is_done(holder: &[Line]) -> bool {
    let says = |line: &Line| {
        matches!(
            line,
            Line::Says {
                verb: Verb::Complete,
                ..
            }
        )
    };
    holder.iter().any(says)
        && holder
            .iter()
            .any(|line| matches!(line, Line::Told { done: true, .. }))
}
