//! The report for people, in 80 columns.

use super::{Figures, Report};
use crate::cli::demo::{ledger::Promise, traffic::Play};

impl Report {
    pub(in crate::cli::demo) fn table(&self) -> String {
        let mut text = self.head();
        self.requests(&mut text);
        self.events(&mut text);
        self.handed_over(&mut text);
        self.promises(&mut text);
        if let Some(folder) = &self.run.kept {
            text.push_str(&format!("\nkept in {}\n", folder.display()));
        }
        text.push_str("\nnext: `wahook serve` starts a gateway of your own\n");
        text
    }

    fn head(&self) -> String {
        let run = &self.run;
        let seconds = run.sent_for.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = if seconds > 0.0 {
            self.all.sent as f64 / seconds
        } else {
            0.0
        };
        let stopped = if run.stopped { ", stopped by hand" } else { "" };
        format!(
            "{seconds:.0} s of traffic{stopped}: {rate:.0} requests/s, seed {}\n\
             inbox: {}\n\
             answered in {} ms (p50), {} ms (p99)\n\n",
            run.seed, run.inbox, self.p50, self.p99
        )
    }

    fn requests(&self, text: &mut String) {
        let columns = "    SENT  ACCEPTED  DUPLICATES  REFUSED";
        text.push_str(&format!("{:<14}{columns}\n", "PROVIDER"));
        for (name, figures) in &self.providers {
            row(text, name, figures, false);
        }
        row(text, "all", &self.all, false);
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
        let unanswered = self.all.unanswered;
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
        for (sink, dead) in &self.sinks {
            // What still waits comes first.
            let retried = if *dead > 0 && self.waiting == 0 {
                ", all put back"
            } else {
                ""
            };
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
            let cell = |number| match count.is_tested() {
                true => grouped(number),
                false => "-".to_owned(),
            };
            text.push_str(&format!(
                "{:<5}{:<54}{:>9}{:>9}\n",
                promise.number(),
                promise.text(),
                cell(count.held),
                cell(count.broken)
            ));
        }
        self.standing(text);
        let (lines, more) = self.tally.lines();
        if lines.is_empty() {
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

    fn standing(&self, text: &mut String) {
        let [held, broken, not_tested] = self.standings();
        text.push('\n');
        if self.waiting > 0 {
            let waiting = grouped(self.waiting);
            text.push_str(&format!(
                "not finished: {waiting} events still wait, and none of them moves\n"
            ));
        }
        let broken = match broken {
            0 => String::new(),
            _ => format!("{broken} broken, "),
        };
        text.push_str(&format!(
            "promises: {broken}{held} held, {not_tested} not tested\n"
        ));
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
pub(in crate::cli::demo) fn grouped(number: u64) -> String {
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
