//! What is promised, and how often it was kept.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use crate::cli::demo::mark::Mark;

macro_rules! promises {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $text:literal;)+) => {
        /// A promise that the demo looks at; its number is that of the code's documentation and tests.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(in crate::cli::demo) enum Promise { $($(#[doc = $doc])+ $variant),+ }

        impl Promise {
            pub(in crate::cli::demo) const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub(in crate::cli::demo) const fn number(self) -> &'static str {
                match self { $(Self::$variant => $number),+ }
            }

            pub(in crate::cli::demo) const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

promises! {
    /// By status and body.
    Answer = "A", "every request got the answer that it deserves";
    /// Status and body of a copy are those of the first.
    Alike = "A", "copies were answered alike, byte for byte";
    /// Refused, or never sent.
    Kept = "V", "what was refused came to no sink";
    /// Of what a sink got.
    Bytes = "V1", "what came to a sink says what was sent";
    /// By the counters of the gateway.
    Reason = "V4", "the operator is told why each was refused";
    /// By the counters of the gateway.
    Once = "G1", "of equal deliveries, also at once, one was stored";
    /// By the counters of the gateway.
    Conflict = "G7", "another body under a known key was noticed";
    /// To each sink.
    Arrived = "I1", "what was acknowledged came to every sink";
    /// By what its sink did to it before.
    Repeated = "I3", "an event came once, or had a cause to come again";
    /// Where an answer came before the next was sent.
    Order = "I3", "the events of a conversation came in their order";
    /// And nothing else is.
    Dead = "I3", "what a sink gave up on is a dead letter";
    /// Marked, and around the guard.
    Replay = "I4", "a replay came, and said that it is one";
    /// In short: nothing is swallowed.
    Unknown = "N1", "the unknown and the malformed were kept";
}

/// How often a promise was kept and broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli::demo) struct Count {
    pub(in crate::cli::demo) held: u64,
    pub(in crate::cli::demo) broken: u64,
}

impl Count {
    /// Nothing that happened says anything about it otherwise.
    pub(in crate::cli::demo) const fn is_tested(self) -> bool {
        self.held > 0 || self.broken > 0
    }
}

/// The count of every promise, and what there is to say about the broken ones.
#[derive(Debug, Default)]
pub(in crate::cli::demo) struct Tally {
    counts: BTreeMap<Promise, Count>,
    lines: Vec<String>,
}

/// Two sets of events that must be the same, and what to say of those that are in one alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sets<'a> {
    pub(super) expected: &'a HashSet<Mark>,
    pub(super) found: &'a HashSet<Mark>,
    /// Otherwise what is missing may yet come, and only what is too much is known.
    pub(super) is_final: bool,
    pub(super) missing: &'a str,
    pub(super) too_much: &'a str,
}

/// So many lines about broken promises; a gateway that breaks one a thousand times is not better understood by more.
pub(in crate::cli::demo) const LINES: usize = 20;

impl Tally {
    pub(in crate::cli::demo) fn held(&mut self, promise: Promise) {
        self.held_times(promise, 1);
    }

    pub(in crate::cli::demo) fn held_times(&mut self, promise: Promise, times: u64) {
        self.counts.entry(promise).or_default().held += times;
    }

    /// Once, with what was expected and what happened: no key, no content.
    pub(in crate::cli::demo) fn broken(&mut self, promise: Promise, line: impl FnOnce() -> String) {
        self.broken_times(promise, 1, line);
    }

    pub(in crate::cli::demo) fn broken_times(
        &mut self,
        promise: Promise,
        times: u64,
        line: impl FnOnce() -> String,
    ) {
        self.counts.entry(promise).or_default().broken += times;
        if self.lines.len() < LINES {
            self.lines.push(format!("{}: {}", promise.number(), line()));
        }
    }

    /// A number that must be one of these; each unit beside them counts.
    pub(in crate::cli::demo) fn within(
        &mut self,
        promise: Promise,
        what: &str,
        expected: RangeInclusive<u64>,
        found: u64,
    ) {
        let (least, most) = expected.into_inner();
        let nearest = found.clamp(least, most.max(least));
        self.held_times(promise, nearest.min(found));
        let times = nearest.abs_diff(found);
        if times > 0 {
            self.broken_times(promise, times, || {
                let range = if most > least {
                    format!("{least} to {most}")
                } else {
                    least.to_string()
                };
                format!("expected {range} {what}, found {found}")
            });
        }
    }

    /// Each that is in both counts, and each that is in one alone.
    pub(super) fn same_sets(&mut self, promise: Promise, sink: &str, sets: &Sets<'_>) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut differences = vec![(sets.found.difference(sets.expected).count(), sets.too_much)];
        if sets.is_final {
            self.held_times(promise, number(sets.expected.intersection(sets.found).count()));
            differences.push((sets.expected.difference(sets.found).count(), sets.missing));
        }
        for (count, what) in differences {
            if count > 0 {
                self.broken_times(promise, number(count), || format!("{sink}: an event {what}"));
            }
        }
    }

    pub(in crate::cli::demo) fn count(&self, promise: Promise) -> Count {
        self.counts.get(&promise).copied().unwrap_or_default()
    }

    pub(in crate::cli::demo) fn all_broken(&self) -> u64 {
        self.counts.values().map(|count| count.broken).sum()
    }

    /// What there is to say, and how much more there would be.
    pub(in crate::cli::demo) fn lines(&self) -> (&[String], u64) {
        let told = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        // A line may stand for several.
        let more = if self.lines.len() < LINES {
            0
        } else {
            self.all_broken().saturating_sub(told)
        };
        (&self.lines, more)
    }
}
