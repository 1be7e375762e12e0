//! What was answered, counted.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use serde_json::{Value, json};

use crate::cli::client::{Answer, Ending, millis, percentile};

#[derive(Debug, Default)]
pub(super) struct Report {
    counts: BTreeMap<String, usize>,
    unexpected: BTreeMap<String, usize>,
    expected: Vec<u16>,
    took: Vec<Duration>,
    /// From the first to the last.
    pub(super) lasted: Duration,
    unreachable: Option<String>,
    /// The keys of events in deliveries that were answered with success: what is said twice is handled once.
    pub(super) acknowledged: HashSet<String>,
    /// Events that the receiver handled; `None` where nobody was asked.
    pub(super) handled: Option<u64>,
}

impl Report {
    pub(super) fn add(&mut self, answer: Answer, expected: &[u16]) {
        let (word, code) = match answer.ending {
            Ending::Status(status) => (status.to_string(), Some(status)),
            Ending::Closed => ("closed".to_owned(), None),
            Ending::Silent => ("no answer".to_owned(), None),
            Ending::Unreachable(why) => {
                self.unreachable.get_or_insert(why);
                return;
            }
        };
        if !code.is_some_and(|code| expected.contains(&code)) {
            *self.unexpected.entry(word.clone()).or_default() += 1;
        }
        *self.counts.entry(word).or_default() += 1;
        self.expected.extend(expected);
        self.expected.sort_unstable();
        self.expected.dedup();
        self.took.push(answer.took);
    }

    /// Why nobody could be reached, if that is so.
    pub(super) fn unreachable(&self) -> Option<&str> {
        self.unreachable.as_deref()
    }

    pub(super) fn is_as_expected(&self) -> bool {
        self.unexpected.is_empty()
            && self
                .handled
                .is_none_or(|handled| handled == self.acknowledged.len() as u64)
    }

    pub(super) fn json(&self) -> Value {
        let mut all = json!({
            "sent": self.took.len(),
            "answers": self.counts,
            "expected": self.expected,
            "unexpected": self.unexpected,
            "ok": self.is_as_expected(),
            "p50_ms": millis(self.percentile(50)),
            "p99_ms": millis(self.percentile(99)),
            "seconds": (self.lasted.as_secs_f64() * 1e3).round() / 1e3,
        });
        if let (Some(handled), Some(all)) = (self.handled, all.as_object_mut()) {
            all.insert("events_acknowledged".to_owned(), self.acknowledged.len().into());
            all.insert("events_handled".to_owned(), handled.into());
        }
        all
    }

    pub(super) fn table(&self) -> String {
        let mut table = "answer     count\n".to_owned();
        for (word, count) in &self.counts {
            let mark = match self.unexpected.get(word) {
                Some(_) => {
                    let expected: Vec<_> = self.expected.iter().map(|status| status.to_string()).collect();
                    format!("  (expected {})", expected.join(" or "))
                }
                None => String::new(),
            };
            table.push_str(&format!("{word:<9} {count:>6}{mark}\n"));
        }
        let (p50, p99) = (millis(self.percentile(50)), millis(self.percentile(99)));
        table.push_str(&format!("answered in {p50} ms (p50), {p99} ms (p99)"));
        if let Some(handled) = self.handled {
            let acknowledged = self.acknowledged.len();
            table.push_str(&format!(
                "\n{acknowledged} events acknowledged, {handled} handled"
            ));
        }
        table
    }

    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        percentile(&sorted, percent)
    }
}
