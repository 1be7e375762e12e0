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
    /// The answers were right; whether the application did right, nobody was there to tell.
    NotObservable,
    /// Nothing is proven to be forged, lost or doubled; whoever looks after provider or receiver will wonder.
    Warn,
    /// Forged events come in, genuine ones are refused, lost or doubled, or the receiver can be brought down.
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
    /// The last that was sent and came to an end.
    #[serde(skip)]
    last: Option<String>,
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
            last: None,
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
        self.last = self.sent.last().cloned();
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

    /// Nobody is there any more.
    pub(super) fn gone(&mut self, why: &str) {
        self.saw("gone".to_owned());
        self.fail(match &self.last {
            Some(last) => format!(
                "it was gone after {last} ({why}): a request must never end the process; its log tells more"
            ),
            None => {
                format!("it was gone when this began ({why}): what came before ended it; its log tells more")
            }
        });
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
    /// Whether something was played, and nothing failed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        !self.scenarios.is_empty() && self.failed().next().is_none()
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

    /// How many have each verdict, in a line: the last of the report.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = Verdict::ALL.iter().filter_map(|verdict| {
            let count = self.count(*verdict);
            (count > 0).then(|| format!("{count} {verdict}"))
        });
        counts.collect::<Vec<_>>().join(", ")
    }

    /// How many have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let with_it = self.scenarios.iter().filter(|finding| finding.verdict == verdict);
        with_it.count()
    }
}

/// What is to be said of one scenario, for people.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = counted(&self.came);
        let line = format!("{:<15} {:<19} {came}", self.verdict, self.scenario.id());
        f.write_str(line.trim_end())?;
        if self.verdict == Verdict::Pass {
            return Ok(());
        }
        if self.verdict >= Verdict::Warn {
            write!(f, "\n{:16}{}", "", self.why)?;
        }
        if self.verdict >= Verdict::Warn && !self.sent.is_empty() {
            write!(f, "\n{:16}sent: {}", "", self.sent.join("; "))?;
        }
        for advice in &self.advice {
            write!(f, "\n{:16}-> {advice}", "")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.scenarios {
            writeln!(f, "{finding}")?;
        }
        f.write_str(&self.summary())
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
