//! What a run was like, in figures.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{Excused, seen::Seen};
use crate::history::{Line, What};

/// The figures of one scene.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Figures {
    /// The scene.
    pub scene: String,
    /// What repeats its plan.
    pub seed: u64,
    /// Sendings, with those that were repeated.
    pub sent: usize,
    /// Messages that were answered with 200.
    pub acknowledged: usize,
    /// How often each answer was heard; 0 is none.
    pub answers: BTreeMap<u16, usize>,
    /// Messages in the inbox.
    pub stored: usize,
    /// Messages by sink.
    pub delivered: BTreeMap<String, usize>,
    /// What sinks gave up on.
    pub dead: usize,
    /// What sinks were handed again.
    pub repeats: usize,
    /// So many hand-overs that were confirmed, or without an inbox so many sendings, might have been repeated: what failed
    /// meanwhile excuses it.
    pub excused: usize,
    /// Of so many.
    pub judged: usize,
    /// How often what failed.
    pub faults: BTreeMap<String, usize>,
    /// How often a gateway came up.
    pub starts: u64,
    /// How often one went, or did not come up.
    pub ends: u64,
    /// The longest time without an answer of 200, in milliseconds.
    pub outage_ms: u64,
    /// Promises that were not kept.
    pub violations: usize,
}

impl Figures {
    pub(super) fn of(seen: &Seen<'_>, lines: &[Line], excused: &Excused, violations: usize) -> Self {
        let mut answers = BTreeMap::new();
        for (_, status) in seen.sendings.values().filter_map(|sending| sending.answered) {
            *answers.entry(status.unwrap_or_default()).or_default() += 1;
        }
        let mut faults = BTreeMap::new();
        for fault in seen.faults.values() {
            *faults.entry(fault.kind.to_owned()).or_default() += 1;
        }
        let there: BTreeSet<_> = seen
            .delivered
            .iter()
            .map(|(_, one)| (&one.sink, &one.message))
            .collect();
        let mut delivered = BTreeMap::new();
        for (sink, _) in &there {
            *delivered.entry((*sink).clone()).or_default() += 1;
        }
        let good = lines.iter().filter(|line| line.scene == seen.scene);
        let good = good.filter(|line| {
            matches!(
                line.what,
                What::Answered {
                    status: Some(200),
                    ..
                }
            )
        });
        let good: Vec<_> = good.map(|line| line.at).collect();
        let outage = good.windows(2).map(|two| two[1].saturating_sub(two[0])).max();
        Self {
            scene: seen.scene.to_owned(),
            seed: seen.seed,
            sent: seen.sendings.len(),
            acknowledged: seen
                .messages
                .values()
                .filter(|message| message.acknowledged.is_some())
                .count(),
            answers,
            stored: seen
                .messages
                .values()
                .filter(|message| !message.stored.is_empty())
                .count(),
            delivered,
            dead: seen.dead.len(),
            repeats: seen.delivered.len() - there.len(),
            excused: excused.count,
            judged: excused.of,
            faults,
            starts: seen.starts,
            ends: seen.ends,
            outage_ms: outage.unwrap_or_default() / 1_000,
            violations,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |parts: &mut dyn Iterator<Item = String>| parts.collect::<Vec<_>>().join(", ");
        let answers = list(&mut self.answers.iter().map(|(status, count)| match status {
            0 => format!("none: {count}"),
            status => format!("{status}: {count}"),
        }));
        let delivered = list(
            &mut self
                .delivered
                .iter()
                .map(|(sink, count)| format!("{sink}: {count}")),
        );
        let faults = list(&mut self.faults.iter().map(|(kind, count)| format!("{kind}: {count}")));
        let verdict = match self.violations {
            0 => "every promise kept".to_owned(),
            count => format!("{count} violations"),
        };
        for (name, value) in [
            ("sent", self.sent.to_string()),
            ("answers", answers),
            ("messages acknowledged", self.acknowledged.to_string()),
            ("messages stored", self.stored.to_string()),
            ("messages delivered", delivered),
            ("dead letters", self.dead.to_string()),
            ("repeats, marked", self.repeats.to_string()),
            (
                "excused if repeated",
                format!("{} of {}", self.excused, self.judged),
            ),
            ("faults", faults),
            ("gateways started", self.starts.to_string()),
            (
                "longest time without 200",
                format!("{:.1} s", self.outage_ms as f64 / 1e3),
            ),
            ("verdict", verdict),
        ] {
            writeln!(f, "{:<10} {name:<26} {value}", self.scene)?;
        }
        Ok(())
    }
}
