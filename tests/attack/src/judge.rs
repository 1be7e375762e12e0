//! What is well, and what is not.

use std::time::Duration;

use crate::{assault::Assault, gateway::Setting, good::Answers};

/// Below this nobody waits, whatever the ratio: on a busy machine the calm itself is no steadier.
const SOON: Duration = Duration::from_millis(25);

/// What is so without an attack.
pub(crate) struct Calm {
    answers: Answers,
    memory_mib: u64,
    pub(crate) sockets: usize,
}

impl Calm {
    pub(crate) fn new(answers: &Answers, memory_mib: u64, sockets: usize) -> Self {
        Self {
            answers: answers.clone(),
            memory_mib,
            sockets,
        }
    }

    /// And after it.
    pub(crate) fn and(&mut self, more: &Answers) {
        self.answers.add(more);
    }

    pub(crate) fn said(&self) -> String {
        format!("{}; {} MiB", self.answers.said(), self.memory_mib)
    }
}

/// One way to attack, and what came of it.
pub(crate) struct Run<'a> {
    pub(crate) assault: &'a Assault,
    pub(crate) answers: Answers,
    /// Memory, in MiB.
    pub(crate) peak: u64,
    pub(crate) tries: u64,
    /// Until it was as before.
    pub(crate) recovery: Option<Duration>,
    /// Connections at once.
    pub(crate) held: usize,
}

impl Run<'_> {
    pub(crate) fn said(&self, calm: &Calm) -> String {
        let recovery = self
            .recovery
            .map_or("never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
        format!(
            "{} ({:.1}x); {} MiB (+{}), {} connections; {} tries; as before after {recovery}",
            self.answers.said(),
            self.answers.p99().as_secs_f64() / calm.answers.p99().as_secs_f64(),
            self.peak,
            self.peak.saturating_sub(calm.memory_mib),
            self.held,
            self.tries,
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
        let (p99, quiet) = (run.answers.p99(), calm.answers.p99());
        self.that(p99 <= (2 * quiet).max(SOON), || {
            format!("{name}: p99 {p99:?}, calm {quiet:?}: more than twice")
        });
        self.that(run.answers.refused.is_empty(), || {
            format!("{name}: good deliveries were refused: {:?}", run.answers.refused)
        });
        let grown = run.peak.saturating_sub(calm.memory_mib);
        let most = setting.budget_mib() + setting.budget_mib() / 10;
        self.that(grown <= most, || {
            format!("{name}: memory grew by {grown} MiB, and may by {most}")
        });
        self.that(run.recovery.is_some(), || {
            format!("{name}: it was not as before: connections stayed open, or it was not ready")
        });
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
