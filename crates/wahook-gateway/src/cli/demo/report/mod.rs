//! What is told at the end: a table of 80 columns, or one JSON object.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde_json::{Value, json};

use super::{
    ledger::{Fate, Ledger, Promise, Request, SinkFigures, Tally},
    traffic::Play,
};
use crate::cli::client::{millis, percentile};

/// Everything that there is to tell.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) seed: u64,
    pub(super) sent_for: Duration,
    /// Somebody stopped it.
    pub(super) stopped: bool,
    /// What the inbox promises, in its own words.
    pub(super) inbox: String,
    providers: Vec<(&'static str, Figures)>,
    plays: Vec<(&'static str, Figures)>,
    statuses: BTreeMap<String, u64>,
    kinds: BTreeMap<&'static str, u64>,
    sinks: Vec<SinkFigures>,
    dead: Vec<u64>,
    tally: Tally,
    p50: f64,
    p99: f64,
    pub(super) kept: Option<PathBuf>,
}

/// What became of some requests.
#[derive(Clone, Debug, Default)]
struct Figures {
    sent: u64,
    accepted: u64,
    duplicates: u64,
    refused: u64,
    unanswered: u64,
    reasons: BTreeMap<&'static str, u64>,
}

impl Figures {
    fn of<'a>(requests: impl Iterator<Item = &'a Request>) -> Self {
        let mut figures = Self::default();
        for request in requests {
            figures.sent += 1;
            match request.fate {
                Fate::Accepted => figures.accepted += 1,
                Fate::Copy => figures.duplicates += 1,
                Fate::Unanswered => figures.unanswered += 1,
                Fate::Refused(why) => {
                    figures.refused += 1;
                    *figures.reasons.entry(why).or_default() += 1;
                }
            }
        }
        figures
    }

    fn json(&self) -> Value {
        json!({
            "sent": self.sent,
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "refused": self.refused,
            "unanswered": self.unanswered,
        })
    }
}

impl Report {
    /// From the two sides and what the comparison found. `dead` is how many dead letters each sink had.
    pub(super) fn new(ledger: &Ledger, tally: Tally, took: &[u32], dead: Vec<u64>) -> Self {
        let requests = ledger.requests();
        let mut providers: Vec<_> = requests.iter().map(|request| request.provider).collect();
        providers.sort_unstable();
        providers.dedup();
        let of_provider = |id: &'static str| {
            (
                id,
                Figures::of(requests.iter().filter(|request| request.provider == id)),
            )
        };
        let of_play = |play: Play| {
            let figures = Figures::of(requests.iter().filter(|request| request.play == play));
            (play.as_str(), figures)
        };
        let mut statuses = BTreeMap::new();
        for request in requests {
            let word = request
                .status
                .map_or_else(|| "none".to_owned(), |status| status.to_string());
            *statuses.entry(word).or_default() += 1;
        }
        let mut took: Vec<_> = took
            .iter()
            .map(|micros| Duration::from_micros((*micros).into()))
            .collect();
        took.sort_unstable();
        let within = |percent| millis(percentile(&took, percent));
        Self {
            seed: 0,
            sent_for: Duration::ZERO,
            stopped: false,
            inbox: String::new(),
            providers: providers.into_iter().map(of_provider).collect(),
            plays: Play::all()
                .map(of_play)
                .filter(|(_, figures)| figures.sent > 0)
                .collect(),
            statuses,
            kinds: ledger.kinds(),
            sinks: ledger.sinks(),
            dead,
            p50: within(50),
            p99: within(99),
            tally,
            kept: None,
        }
    }

    pub(super) fn is_as_promised(&self) -> bool {
        self.tally.all_broken() == 0
    }

    fn all(&self) -> Figures {
        let mut all = Figures::default();
        for (_, figures) in &self.providers {
            all.sent += figures.sent;
            all.accepted += figures.accepted;
            all.duplicates += figures.duplicates;
            all.refused += figures.refused;
            all.unanswered += figures.unanswered;
            for (why, count) in &figures.reasons {
                *all.reasons.entry(why).or_default() += count;
            }
        }
        all
    }

    pub(super) fn json(&self) -> Value {
        let all = self.all();
        let (lines, more) = self.tally.lines();
        let promises = Promise::ALL.iter().map(|promise| {
            let count = self.tally.count(*promise);
            json!({
                "promise": promise.number(),
                "what": promise.text(),
                "held": count.held,
                "broken": count.broken,
            })
        });
        let sinks = self.sinks.iter().zip(&self.dead).map(|(sink, dead)| {
            json!({
                "name": sink.name,
                "handed_over": sink.taken,
                "again": sink.again,
                "not_taken": sink.failed,
                "dead_letters": dead,
            })
        });
        let named = |figures: &[(&'static str, Figures)]| -> serde_json::Map<String, Value> {
            let form = |(name, figures): &(&str, Figures)| ((*name).to_owned(), figures.json());
            figures.iter().map(form).collect()
        };
        json!({
            "ok": self.is_as_promised(),
            "seed": self.seed,
            "seconds": (self.sent_for.as_secs_f64() * 10.0).round() / 10.0,
            "stopped": self.stopped,
            "inbox": self.inbox,
            "sent": all.sent,
            "accepted": all.accepted,
            "duplicates": all.duplicates,
            "refused": all.refused,
            "unanswered": all.unanswered,
            "reasons": all.reasons,
            "answers": self.statuses,
            "providers": named(&self.providers),
            "plays": named(&self.plays),
            "events": self.kinds,
            "sinks": sinks.collect::<Vec<_>>(),
            "p50_ms": self.p50,
            "p99_ms": self.p99,
            "promises": promises.collect::<Vec<_>>(),
            "broken": lines,
            "more_broken": more,
            "kept": self.kept.as_ref().map(|folder| folder.display().to_string()),
        })
    }

    pub(super) fn table(&self) -> String {
        let mut text = self.head();
        self.requests(&mut text);
        self.events(&mut text);
        self.handed_over(&mut text);
        self.promises(&mut text);
        if let Some(folder) = &self.kept {
            text.push_str(&format!("\nkept in {}\n", folder.display()));
        }
        text.push_str("\nnext: `wahook serve` starts a gateway of your own\n");
        text
    }

    fn head(&self) -> String {
        let all = self.all();
        let seconds = self.sent_for.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = if seconds > 0.0 {
            all.sent as f64 / seconds
        } else {
            0.0
        };
        let stopped = if self.stopped { ", stopped by hand" } else { "" };
        format!(
            "{seconds:.0} s of traffic{stopped}: {rate:.0} requests/s, seed {}\n\
             inbox: {}\n\
             answered in {} ms (p50), {} ms (p99)\n\n",
            self.seed, self.inbox, self.p50, self.p99
        )
    }

    fn requests(&self, text: &mut String) {
        let columns = "    SENT  ACCEPTED  DUPLICATES  REFUSED";
        text.push_str(&format!("{:<14}{columns}\n", "PROVIDER"));
        let all = [("all", self.all())];
        for (name, figures) in self.providers.iter().chain(&all) {
            row(text, name, figures, false);
        }
        text.push_str(&format!("\n{:<14}{columns}  WHY\n", "FAULT"));
        for (name, figures) in &self.plays {
            row(
                text,
                if *name == Play::Sound.as_str() {
                    "none"
                } else {
                    name
                },
                figures,
                true,
            );
        }
        let unanswered = self.all().unanswered;
        if unanswered > 0 {
            text.push_str(&format!("{} requests got no answer\n", grouped(unanswered)));
        }
    }

    /// In three columns, by their names.
    fn events(&self, text: &mut String) {
        text.push_str("\nEVENTS BY KIND\n");
        let cells: Vec<_> = self
            .kinds
            .iter()
            .map(|(kind, count)| format!("{kind:<18}{:>7}", grouped(*count)))
            .collect();
        let lines = cells.len().div_ceil(EVENT_COLUMNS);
        for line in 0..lines {
            let of_line: Vec<_> = cells
                .iter()
                .skip(line)
                .step_by(lines)
                .map(String::as_str)
                .collect();
            text.push_str(of_line.join("  ").trim_end());
            text.push('\n');
        }
    }

    fn handed_over(&self, text: &mut String) {
        text.push_str(&format!(
            "\n{:<14}HANDED OVER   AGAIN  NOT TAKEN  DEAD LETTERS\n",
            "SINK"
        ));
        for (sink, dead) in self.sinks.iter().zip(&self.dead) {
            let retried = if *dead > 0 { ", all put back" } else { "" };
            text.push_str(&format!(
                "{:<14}{:>11}{:>8}{:>11}{:>14}{retried}\n",
                sink.name,
                grouped(sink.taken as u64),
                grouped(sink.again as u64),
                grouped(sink.failed as u64),
                grouped(*dead)
            ));
        }
    }

    fn promises(&self, text: &mut String) {
        text.push_str(&format!("\n{:<59}{:>9}{:>9}\n", "PROMISE", "HELD", "BROKEN"));
        for promise in Promise::ALL {
            let count = self.tally.count(*promise);
            text.push_str(&format!(
                "{:<5}{:<54}{:>9}{:>9}\n",
                promise.number(),
                promise.text(),
                grouped(count.held),
                grouped(count.broken)
            ));
        }
        let (lines, more) = self.tally.lines();
        if lines.is_empty() {
            text.push_str("\nall promises held\n");
            return;
        }
        text.push_str("\nBROKEN\n");
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        if more > 0 {
            text.push_str(&format!("and {} more\n", grouped(more)));
        }
    }
}

const EVENT_COLUMNS: usize = 3;

fn row(text: &mut String, name: &str, figures: &Figures, why: bool) {
    text.push_str(&format!(
        "{name:<14}{:>8}{:>10}{:>12}{:>9}",
        grouped(figures.sent),
        grouped(figures.accepted),
        grouped(figures.duplicates),
        grouped(figures.refused)
    ));
    if why {
        // One below the other: the longest of them has just this room.
        let reasons: Vec<_> = figures.reasons.keys().copied().collect();
        let margin = format!("\n{}", " ".repeat(WHY));
        if !reasons.is_empty() {
            text.push_str(&format!("  {}", reasons.join(&margin)));
        }
    }
    text.push('\n');
}

/// Where the column of reasons begins.
const WHY: usize = 14 + 8 + 10 + 12 + 9 + 2;

/// A number in groups of three.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
