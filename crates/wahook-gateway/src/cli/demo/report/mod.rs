//! What is told at the end: a table of 80 columns, or one JSON object.

mod table;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde_json::{Value, json};

pub(super) use self::table::grouped;
use super::{
    ledger::{Claims, Fate, Ledger, Promise, Request, SinkFigures, Tally},
    traffic::Play,
};
use crate::cli::client::{millis, percentile};

/// How it was played.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) sent_for: Duration,
    /// Somebody stopped it.
    pub(super) stopped: bool,
    /// What the inbox promises, in its own words.
    pub(super) inbox: String,
    /// The folder, if it was to be kept.
    pub(super) kept: Option<PathBuf>,
}

/// Everything that there is to tell.
#[derive(Debug)]
pub(super) struct Report {
    run: Run,
    all: Figures,
    providers: Vec<(&'static str, Figures)>,
    plays: Vec<(&'static str, Figures)>,
    statuses: BTreeMap<String, u64>,
    kinds: BTreeMap<&'static str, u64>,
    /// With how many dead letters each had.
    sinks: Vec<(SinkFigures, u64)>,
    /// So many events still waited at the end.
    waiting: u64,
    tally: Tally,
    p50: f64,
    p99: f64,
}

/// What it all comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What was put to the test held.
    Kept,
    Broken,
    /// Something still waits: whether it comes is not known.
    Unfinished,
    /// Nothing was accepted.
    Untested,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::Unfinished => "not finished",
            Self::Untested => "not tested",
        }
    }
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
    /// From both sides and what the comparison found.
    pub(super) fn new(run: Run, ledger: &Ledger, claims: &Claims, tally: Tally, took: &[u32]) -> Self {
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
        let dead = |place| claims.dead.iter().filter(|(sink, _)| *sink == place).count() as u64;
        let sinks = ledger.sinks().into_iter().enumerate();
        Self {
            run,
            all: Figures::of(requests.iter()),
            providers: providers.into_iter().map(of_provider).collect(),
            plays: Play::all()
                .map(of_play)
                .filter(|(_, figures)| figures.sent > 0)
                .collect(),
            statuses,
            kinds: ledger.kinds(),
            sinks: sinks.map(|(place, sink)| (sink, dead(place))).collect(),
            waiting: claims.waiting,
            p50: within(50),
            p99: within(99),
            tally,
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        if self.tally.all_broken() > 0 {
            Verdict::Broken
        } else if self.waiting > 0 {
            Verdict::Unfinished
        } else if self.all.accepted == 0 {
            Verdict::Untested
        } else {
            Verdict::Kept
        }
    }

    pub(super) fn json(&self) -> Value {
        let (run, all) = (&self.run, &self.all);
        let verdict = self.verdict();
        let [held, broken, not_tested] = self.standings();
        let (lines, more) = self.tally.lines();
        let promises = Promise::ALL.iter().map(|promise| {
            let count = self.tally.count(*promise);
            json!({
                "promise": promise.number(),
                "what": promise.text(),
                "held": count.held,
                "broken": count.broken,
                "tested": count.is_tested(),
            })
        });
        let sinks = self.sinks.iter().map(|(sink, dead)| {
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
            "ok": verdict == Verdict::Kept,
            "verdict": verdict.as_str(),
            "seed": run.seed,
            "seconds": (run.sent_for.as_secs_f64() * 10.0).round() / 10.0,
            "stopped": run.stopped,
            "inbox": run.inbox,
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
            "waiting": self.waiting,
            "promises": promises.collect::<Vec<_>>(),
            "promises_held": held,
            "promises_broken": broken,
            "promises_not_tested": not_tested,
            "broken": lines,
            "more_broken": more,
            "kept": run.kept.as_ref().map(|folder| folder.display().to_string()),
        })
    }

    /// How many promises held, were broken, and were not tested.
    fn standings(&self) -> [usize; 3] {
        let counts = || Promise::ALL.iter().map(|promise| self.tally.count(*promise));
        let tested = counts().filter(|count| count.is_tested()).count();
        let broken = counts().filter(|count| count.broken > 0).count();
        [tested - broken, broken, Promise::ALL.len() - tested]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a gateway that was sent nothing.
    fn report(claims: &Claims) -> Report {
        let mut ledger = Ledger::new(&["file", "http"]);
        let tally = ledger.judge(claims);
        let run = Run {
            seed: 7,
            sent_for: Duration::ZERO,
            stopped: true,
            inbox: "sqlite, survives power loss".to_owned(),
            kept: None,
        };
        Report::new(run, &ledger, claims, tally, &[])
    }

    #[test]
    fn where_nothing_was_accepted_no_promise_held() {
        let report = report(&Claims::default());
        assert_eq!(report.verdict(), Verdict::Untested);
        let (json, table) = (report.json(), report.table());
        assert_eq!(json["ok"], false);
        assert_eq!(json["verdict"], "not tested");
        assert_eq!(
            (&json["promises_held"], &json["promises_broken"]),
            (&0.into(), &0.into())
        );
        assert_eq!(json["promises_not_tested"], Promise::ALL.len());
        assert!(table.contains("promises: 0 held, 13 not tested\n"), "{table}");
        let rows = table.lines().filter(|line| line.ends_with("        -        -"));
        assert_eq!(rows.count(), Promise::ALL.len(), "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn what_is_not_finished_did_not_hold_and_a_lie_stands_above_it() {
        let unfinished = Claims {
            waiting: 1_234,
            ..Claims::default()
        };
        let told = report(&unfinished);
        assert_eq!(told.verdict(), Verdict::Unfinished);
        assert_eq!(told.json()["ok"], false);
        assert!(told.table().contains("not finished: 1,234 events still wait"));

        let lying = Claims {
            stored: 1,
            ..unfinished
        };
        let told = report(&lying);
        assert_eq!(told.verdict(), Verdict::Broken);
        assert!(
            told.table()
                .contains("promises: 1 broken, 0 held, 12 not tested\n")
        );
    }
}
