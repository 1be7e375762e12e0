//! Whether the gateway can do its work, part by part.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use serde::{Deserialize, Serialize};

/// What is wrong, told by the parts of the gateway themselves; `GET /ready` answers 503 while anything is.
///
/// ```
/// use wahook_gateway::admin::Health;
///
/// let health = Health::default();
/// health.trouble("workers", "no worker runs; start the gateway again");
/// assert_eq!(health.troubles()[0].part, "workers");
/// health.well("workers");
/// assert!(health.troubles().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Health {
    parts: Mutex<Parts>,
    findings: Mutex<BTreeMap<&'static str, String>>,
}

/// By part: what is wrong, and until when that is believed.
type Parts = BTreeMap<&'static str, (String, Option<Instant>)>;

/// What is wrong with a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trouble {
    /// Which part, such as `inbox` or `workers`.
    pub part: String,
    /// What is wrong, in a line that says what to do.
    pub why: String,
}

impl Trouble {
    pub(crate) fn new(part: &str, why: impl Into<String>) -> Self {
        Self {
            part: part.to_owned(),
            why: why.into(),
        }
    }
}

impl Health {
    /// Something is wrong with a part; replaces what was wrong with it before. `why` holds no credential.
    pub fn trouble(&self, part: &'static str, why: impl Into<String>) {
        self.parts().insert(part, (why.into(), None));
    }

    /// Something was wrong a moment ago, and nobody will say when it is over.
    pub(crate) fn trouble_for(&self, part: &'static str, why: &str, span: Duration) {
        let until = Instant::now() + span;
        self.parts().insert(part, (why.to_owned(), Some(until)));
    }

    /// The part does its work.
    pub fn well(&self, part: &'static str) {
        self.parts().remove(part);
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        let now = Instant::now();
        let mut parts = self.parts();
        parts.retain(|_, (_, until)| until.is_none_or(|until| until > now));
        parts
            .iter()
            .map(|(part, (why, _))| Trouble::new(part, why))
            .collect()
    }

    /// What an operator should see to, although the part does its work; `None` if there is nothing any more.
    pub(crate) fn find(&self, part: &'static str, why: Option<String>) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        match why {
            Some(why) => findings.insert(part, why),
            None => findings.remove(part),
        };
    }

    /// Everything that somebody should see to.
    pub(crate) fn findings(&self) -> Vec<Trouble> {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        findings
            .iter()
            .map(|(part, why)| Trouble::new(part, why))
            .collect()
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
