//! Whether a history keeps the promises, from the history alone.

mod excuses;
mod figures;
mod guard;
mod handed;
mod seen;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::figures::Figures;
use self::seen::Seen;
use crate::history::{Line, Promise};

/// A promise, as far as one can see from outside whether it was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "each has a test that breaks it")]
pub enum Rule {
    /// What was answered with 200 is in the inbox (I1).
    AnsweredIsStored,
    /// What was answered with 200, and what is in the inbox, reached every sink, or is a dead letter (I3).
    ReachesEverySink,
    /// A dead letter is what its sink refused for good, and says so (I3).
    GivenUpBySinks,
    /// What comes again says so: the same key, a higher attempt (I3). Without an inbox: each sending hands it over once at
    /// most, and not at all once it was marked as done (G1, G2).
    OnceUnlessMarked,
    /// What a sink confirmed does not come again, unless a gateway was killed, or could not see or write down that it was
    /// confirmed (I3).
    NotAgainOnceConfirmed,
    /// Of one conversation, what was acknowledged before another was sent comes before it (I3).
    InOrder,
    /// The inbox has each message once (I2).
    StoredOnce,
    /// Nobody gets what was never sent, or something else than was sent.
    AsItWasSent,
    /// What does not verify is refused, and goes nowhere (V1).
    RefusedGoesNowhere,
    /// Who is genuine is answered with 200 or asked to come again (A).
    AnswersAreRight,
    /// Once the faults are mended all comes to rest by itself (I5).
    ComesToRest,
    /// There was traffic, something failed, and what failed does not excuse everything: else the history proves nothing.
    SomethingHappens,
}

impl Rule {
    /// What it demands, in one line.
    #[must_use]
    pub const fn demands(self) -> &'static str {
        match self {
            Self::AnsweredIsStored => "what was answered with 200 is stored",
            Self::ReachesEverySink => {
                "what was acknowledged or stored reaches every sink, or is a dead letter"
            }
            Self::GivenUpBySinks => "a dead letter is what its sink refused for good",
            Self::NotAgainOnceConfirmed => {
                "what a sink confirmed is not handed over again, unless the mark may be lost"
            }
            Self::OnceUnlessMarked => "what is handed over again has the same key and a higher attempt",
            Self::InOrder => "each conversation is handed over in the order of acceptance",
            Self::StoredOnce => "each message is stored once",
            Self::AsItWasSent => "what is handed over was sent, and is what was sent",
            Self::RefusedGoesNowhere => "what does not verify is refused and goes nowhere",
            Self::AnswersAreRight => "the genuine are answered with 200 or 503",
            Self::ComesToRest => "once the faults are mended all comes to rest",
            Self::SomethingHappens => "there is traffic, something fails, and most has no excuse",
        }
    }
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// In which scene.
    pub scene: String,
    /// How.
    pub text: String,
    /// The lines that show it, from 1.
    pub lines: Vec<usize>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scene, text, .. } = self;
        write!(f, "{scene}: {text}")
    }
}

/// What a history says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verdict {
    /// What was not kept; in a good run nothing.
    pub violations: Vec<Violation>,
    /// The figures of each scene.
    pub scenes: Vec<Figures>,
}

/// Looks at all of it.
#[must_use]
pub fn check(lines: &[Line]) -> Verdict {
    let mut verdict = Verdict::default();
    for seen in Seen::scenes(lines) {
        let before = verdict.violations.len();
        let mut found = Found {
            scene: seen.scene,
            violations: &mut verdict.violations,
        };
        seen.check(&mut found);
        let excused = match seen.promise {
            Promise::Inbox => handed::check(&seen, lines, &mut found),
            Promise::Guard => guard::check(&seen, &mut found),
        };
        if excused.of > 0 && excused.count > excused.of / 10 * 9 {
            let text = format!("{} of {} are excused by what failed", excused.count, excused.of);
            found.add(Rule::SomethingHappens, text, []);
        }
        let violations = verdict.violations.len() - before;
        verdict
            .scenes
            .push(Figures::of(&seen, lines, &excused, violations));
    }
    if verdict.scenes.is_empty() {
        let mut found = Found {
            scene: "history",
            violations: &mut verdict.violations,
        };
        found.add(Rule::SomethingHappens, "it has no scene".to_owned(), []);
    }
    verdict
}

/// How many of so many, hand-overs that were confirmed or sendings, may be repeated, for what failed meanwhile.
#[derive(Clone, Copy, Debug, Default)]
struct Excused {
    count: usize,
    of: usize,
}

/// Where violations of a scene are put.
struct Found<'a> {
    scene: &'a str,
    violations: &'a mut Vec<Violation>,
}

impl Found<'_> {
    fn add(&mut self, rule: Rule, text: String, lines: impl IntoIterator<Item = usize>) {
        let mut lines: Vec<_> = lines.into_iter().collect();
        lines.sort_unstable();
        self.violations.push(Violation {
            rule,
            scene: self.scene.to_owned(),
            text,
            lines,
        });
    }
}
