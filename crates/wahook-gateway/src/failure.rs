//! How a verb ends: exit codes, and one line that says what to do.

use std::{fmt, io};

/// How a verb ended when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Done: exit code 0.
    Done,
    /// The thing asked about is not so: exit code 1.
    NotSo,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotSo => 1,
        }
    }
}

/// Why a verb could not do its work. `Display` is one line that says what to do; it holds no secret and no payload.
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
    detail: Option<String>,
    is_perhaps: bool,
}

/// What sort of failure it is; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// Wrong use, or a configuration that cannot be used: exit code 2.
    Use,
    /// Could not do it, such as a file that cannot be read or a server that cannot be reached: exit code 3.
    Io,
    /// Whoever read our output went away; nobody is left to be told: exit code 0.
    PipeClosed,
}

impl Failure {
    /// Wrong use.
    pub fn wrong_use(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Use, message)
    }

    /// Could not do it.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Io, message)
    }

    fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: one_line(&message.into()),
            detail: None,
            is_perhaps: false,
        }
    }

    /// The same behind a few words.
    pub(crate) fn behind(mut self, words: &str) -> Self {
        self.message = format!("{words}: {}", self.message);
        self
    }

    /// What was asked of somebody may have been done all the same.
    pub(crate) const fn perhaps(mut self) -> Self {
        self.is_perhaps = true;
        self
    }

    /// Whether what was asked of somebody may have been done all the same.
    pub(crate) const fn is_perhaps(&self) -> bool {
        self.is_perhaps
    }

    /// With a picture of the place, shown below the line to those who look.
    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// A picture of the place, of several lines.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self.kind {
            FailureKind::PipeClosed => 0,
            FailureKind::Use => 2,
            FailureKind::Io => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// For output alone: everything else names the file it is about.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::new(FailureKind::PipeClosed, "the reader of the output went away")
        } else {
            Self::io(format!("cannot write the output: {error}"))
        }
    }
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    one_line(&text)
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r'])
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}
