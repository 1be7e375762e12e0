//! What is well, and what is not.

use std::time::Duration;

use crate::{
    assault::Assault,
    gateway::{Peak, Setting},
    good::Answers,
};

/// Below this nobody waits, whatever the ratio: on a busy machine the calm itself is no steadier.
const SOON: Duration = Duration::from_millis(25);

/// What is so without an attack.
pub(crate) struct Calm {
    pub(crate) answers: Answers,
    pub(crate) memory_mib: u64,
    pub(crate) claimed_mib: u64,
    pub(crate) sockets: usize,
}

impl Calm {
    pub(crate) fn said(&self) -> String {
        format!("{}; {} MiB", self.answers.said(), self.memory_mib)
    }
}

/// One way to attack, and what came of it.
pub(crate) struct Run<'a> {
    pub(crate) assault: &'a Assault,
    pub(crate) answers: Answers,
    pub(crate) peak: Peak,
    pub(crate) attacker: Spent,
    /// What the gateway took of the processor, good deliveries included.
    pub(crate) busy: Duration,
    /// Until it was as before.
    pub(crate) recovery: Option<Duration>,
    /// The same deliveries while as much of the processor was taken by somebody who talks to nobody. Looked at only where
    /// the calm alone does not acquit.
    pub(crate) shared: Option<Answers>,
    /// How long good deliveries took is judged by the next try.
    pub(crate) is_tried_again: bool,
}

/// What an attacker did.
pub(crate) struct Spent {
    /// Connections that there were, one after the other and at once.
    pub(crate) tries: u64,
    /// Of the processor.
    pub(crate) busy: Duration,
}

impl Run<'_> {
    /// How long good deliveries may take: twice as long as in the calm, or as beside somebody who takes as much of the
    /// processor.
    pub(crate) fn is_soon(&self, calm: &Answers) -> bool {
        let mut calms = [Some(calm), self.shared.as_ref()].into_iter().flatten();
        calms.any(|calm| self.answers.p99() <= (2 * calm.p99()).max(SOON))
    }

    /// Connections of the attacker at once.
    fn held(&self, calm: &Calm) -> usize {
        self.peak.sockets.saturating_sub(calm.sockets)
    }

    pub(crate) fn said(&self, calm: &Calm) -> String {
        let recovery = self
            .recovery
            .map_or("never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        let p99 = self.answers.p99().as_secs_f64();
        let mut ratio = format!("{:.1}x", p99 / calm.answers.p99().as_secs_f64());
        if let Some(shared) = &self.shared {
            let shared = shared.p99().as_secs_f64();
            ratio += &format!(
                ", {:.1}x of {:.1} ms on a shared processor",
                p99 / shared,
                shared * 1000.0
            );
        }
        format!(
            "{} ({ratio}); {} MiB (+{}), claimed +{}; {} connections at once, {} in all; processor: attackers {:.1} s, gateway {:.1} s; as before after {recovery}",
            self.answers.said(),
            self.peak.memory_mib,
            self.peak.memory_mib.saturating_sub(calm.memory_mib),
            self.peak.claimed_mib.saturating_sub(calm.claimed_mib),
            self.held(calm),
            self.attacker.tries,
            self.attacker.busy.as_secs_f64(),
            self.busy.as_secs_f64(),
        )
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Verdicts {
    broken: Vec<String>,
    held: usize,
    pub(crate) not_run: usize,
}

impl Verdicts {
    pub(crate) fn judge(&mut self, setting: &Setting, calm: &Calm, run: &Run<'_>) {
        let name = format!("{} with {} connections", run.assault.name, setting.connections);
        self.judge_attack(&name, setting, calm, run);
        if !run.is_tried_again {
            self.that(run.is_soon(&calm.answers), || {
                let [p99, quiet] = [&run.answers, &calm.answers].map(Answers::p99);
                let shared = run.shared.as_ref().map(Answers::p99);
                format!(
                    "{name}: p99 {p99:?}, calm {quiet:?}, on a shared processor {shared:?}: more than twice"
                )
            });
        }
        self.that(run.answers.lost == 0, || {
            format!(
                "{name}: {} connections of good senders were closed for those of attackers",
                run.answers.lost
            )
        });
        self.that(run.answers.refused.is_empty(), || {
            format!("{name}: good deliveries were refused: {:?}", run.answers.refused)
        });
        let grown = run.peak.memory_mib.saturating_sub(calm.memory_mib);
        let most = setting.budget_mib() + setting.budget_mib() / 10;
        self.that(grown <= most, || {
            format!("{name}: memory grew by {grown} MiB, and may by {most}")
        });
        self.that(run.recovery.is_some(), || {
            format!("{name}: it was not as before: connections stayed open, or it was not ready")
        });
    }

    /// Whether there was an attack at all: nothing is shown by one that never came through.
    fn judge_attack(&mut self, name: &str, setting: &Setting, calm: &Calm, run: &Run<'_>) {
        let (tries, held) = (run.attacker.tries, run.held(calm));
        if run.assault.stays {
            let least = setting.fit(run.assault.connections) * 9 / 10;
            self.that(held >= least, || {
                format!("{name}: the attackers held {held} connections at once, and {least} are an attack")
            });
        } else {
            let least = run.assault.connections as u64;
            self.that(tries >= least, || {
                format!("{name}: the attackers had {tries} connections, and {least} are an attack")
            });
        }
        if run.assault.announced_mib > 0 {
            let claimed = run.peak.claimed_mib.saturating_sub(calm.claimed_mib);
            self.that(claimed < run.assault.announced_mib / 2, || {
                format!("{name}: {claimed} MiB were reserved on the word of the attackers")
            });
        }
    }

    pub(crate) fn judge_end(
        &mut self,
        setting: &Setting,
        calm: &Calm,
        sent: u64,
        came: u64,
        memory_mib: u64,
        ended_well: bool,
    ) {
        println!("in the end       {sent} accepted, {came} in the sink; {memory_mib} MiB");
        let name = format!("in the end, with {} connections", setting.connections);
        self.that(sent == came, || {
            format!("{name}: {sent} were accepted, {came} came to the sink")
        });
        let grown = memory_mib.saturating_sub(calm.memory_mib);
        self.that(grown <= setting.budget_mib(), || {
            format!("{name}: {grown} MiB more than in the beginning")
        });
        self.that(ended_well, || format!("{name}: it did not end well"));
    }

    fn that(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if holds {
            self.held += 1;
        } else {
            self.broken.push(what());
        }
    }

    /// Whether all went well.
    pub(crate) fn finish(self) -> bool {
        println!(
            "\n{} checks held, {} did not, {} assaults not run",
            self.held,
            self.broken.len(),
            self.not_run
        );
        for broken in &self.broken {
            println!("BROKEN {broken}");
        }
        self.broken.is_empty() && self.held > 0
    }
}
