//! What was found out.

use std::fmt;

use serde::Serialize;

use super::{Scenario, wire::Came};

/// What is to be said of a receiver in one scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The provider has nothing of the kind, or the scheme cannot notice it.
    NotApplicable,
    /// Everything was as it should be.
    Pass,
    /// The answers were right; whether the application did right, it does not tell.
    NotObservable,
    /// Nothing is lost, but somebody will wonder.
    Warn,
    /// Forged events come in, or genuine ones are lost or doubled.
    Fail,
}

impl Verdict {
    /// Every verdict, from the best to the worst.
    pub const ALL: &'static [Self] = &[
        Self::Pass,
        Self::NotApplicable,
        Self::NotObservable,
        Self::Warn,
        Self::Fail,
    ];

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::Pass => "pass",
            Self::NotObservable => "not observable",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One scenario: what was sent, what came back, and what that means.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Which one.
    pub scenario: Scenario,
    /// Why it matters.
    pub why: &'static str,
    /// What is to be said.
    pub verdict: Verdict,
    /// What was sent.
    pub sent: Vec<String>,
    /// What came back.
    pub came: Vec<String>,
    /// What to do; for what is not applicable or not observable, why.
    #[serde(rename = "do")]
    pub advice: Vec<String>,
}

impl Finding {
    pub(super) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            why: scenario.why(),
            verdict: Verdict::Pass,
            sent: Vec::new(),
            came: Vec::new(),
            advice: Vec::new(),
        }
    }

    pub(super) fn not_applicable(&mut self, why: impl Into<String>) {
        self.verdict = Verdict::NotApplicable;
        self.advice = vec![why.into()];
    }

    pub(super) fn sent(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.sent.contains(&what) {
            self.sent.push(what);
        }
    }

    /// What came back for this; the same thing is said once, and counted.
    pub(super) fn came(&mut self, what: &str, came: &Came) {
        let text = if what.is_empty() {
            came.text()
        } else {
            format!("{what}: {}", came.text())
        };
        self.saw(text);
    }

    pub(super) fn saw(&mut self, text: String) {
        self.came.push(text);
    }

    /// The worst counts.
    pub(super) fn raise(&mut self, verdict: Verdict, advice: impl Into<String>) {
        self.verdict = self.verdict.max(verdict);
        let advice = advice.into();
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }

    pub(super) fn fail(&mut self, advice: impl Into<String>) {
        self.raise(Verdict::Fail, advice);
    }

    pub(super) fn warn(&mut self, advice: impl Into<String>) {
        self.raise(Verdict::Warn, advice);
    }
}

/// What was found out about a receiver. `Display` is the report for people.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The provider that was played.
    pub provider: &'static str,
    /// The scenarios, in the order in which they were run.
    pub scenarios: Vec<Finding>,
}

impl Report {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.failed().next().is_none()
    }

    /// What failed.
    pub fn failed(&self) -> impl Iterator<Item = &Finding> {
        self.scenarios
            .iter()
            .filter(|finding| finding.verdict == Verdict::Fail)
    }

    /// What was found out in one scenario, if it was run.
    #[must_use]
    pub fn finding(&self, scenario: Scenario) -> Option<&Finding> {
        self.scenarios.iter().find(|finding| finding.scenario == scenario)
    }

    /// How many have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let with_it = self.scenarios.iter().filter(|finding| finding.verdict == verdict);
        with_it.count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.scenarios {
            let came = counted(&finding.came);
            writeln!(f, "{:<15} {:<19} {came}", finding.verdict, finding.scenario.id())?;
            if finding.verdict == Verdict::Pass {
                continue;
            }
            if finding.verdict >= Verdict::Warn {
                writeln!(f, "{:16}{}", "", finding.why)?;
                writeln!(f, "{:16}sent: {}", "", finding.sent.join("; "))?;
            }
            for advice in &finding.advice {
                writeln!(f, "{:16}-> {advice}", "")?;
            }
        }
        let counts = Verdict::ALL.iter().filter_map(|verdict| {
            let count = self.count(*verdict);
            (count > 0).then(|| format!("{count} {verdict}"))
        });
        let counts: Vec<_> = counts.collect();
        write!(f, "{}", counts.join(", "))
    }
}

/// `200 × 7, 500` instead of eight words.
fn counted(texts: &[String]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for text in texts {
        match counts.iter_mut().find(|(known, _)| known == text) {
            Some((_, count)) => *count += 1,
            None => counts.push((text, 1)),
        }
    }
    let texts = counts.iter().map(|(text, count)| match count {
        1 => (*text).to_owned(),
        count => format!("{text} × {count}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}
