//! A store that could not be opened.

use std::{error::Error, fmt, sync::Arc};

/// Why a store could not be opened. Its text says what to do; it holds no credential.
#[derive(Clone, Debug)]
pub struct OpenError {
    kind: OpenErrorKind,
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl OpenError {
    /// An error that says what happened and what to do. `text` must not hold credentials.
    pub fn new(kind: OpenErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            source: None,
        }
    }

    /// With its cause, whose text must not hold credentials either.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// What sort of error it is.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        self.kind
    }
}

/// What sort of error kept a store from opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The address or path is not one.
    Address,
    /// Nobody answers there, or not in time.
    Unreachable,
    /// It answers and refuses: credentials, rights, certificates.
    Refused,
    /// What it holds was written by a later release, or could not be brought to this one.
    Schema,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
