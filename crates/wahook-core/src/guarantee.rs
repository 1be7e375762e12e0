//! What survives of what was acknowledged.

use std::{borrow::Cow, fmt};

/// What survives of what a store was told. Ordered: the greater promises more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Guarantee {
    /// Nothing outlives the process.
    None,
    /// Outlives a crash of the process, but not of the machine or of the server that holds it.
    ProcessCrashOnly,
    /// Is on stable storage before it is acknowledged.
    SurvivesPowerLoss,
}

impl Guarantee {
    /// The words that operators read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ProcessCrashOnly => "process crash only",
            Self::SurvivesPowerLoss => "survives power loss",
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a store found out about itself when it was opened, for whoever starts it.
///
/// Its texts name settings and their values, never an address or a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assurance {
    /// What survives.
    pub guarantee: Guarantee,
    /// Which setting says so, such as `appendfsync is everysec`.
    pub because: Cow<'static, str>,
    /// What is unsafe, each with what to do about it.
    pub warnings: Vec<Cow<'static, str>>,
}

impl Assurance {
    /// A guarantee and the setting that gives it.
    pub fn new(guarantee: Guarantee, because: impl Into<Cow<'static, str>>) -> Self {
        Self {
            guarantee,
            because: because.into(),
            warnings: Vec::new(),
        }
    }

    /// Adds what is unsafe, with what to do about it.
    #[must_use]
    pub fn warn(mut self, warning: impl Into<Cow<'static, str>>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_the_greater_guarantee_promises_more() {
        assert!(Guarantee::None < Guarantee::ProcessCrashOnly);
        assert!(Guarantee::ProcessCrashOnly < Guarantee::SurvivesPowerLoss);
    }
}
