//! What a failure means: to a caller, and for the next try.

use std::{error::Error, fmt};

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;
use wahook_core::guard::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};

/// A failure of the server, of the way to it, or of waiting for it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: StoreErrorKind,
    pub(crate) remedy: Remedy,
    cause: Cause,
}

/// What may help against a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nothing was done: say it again.
    Again,
    /// Nothing is known of what was said, and the connection is no good: say it again on another.
    Reconnect,
    /// One of the rows is to blame: say them apart.
    Apart,
    /// Only the operator can help.
    None,
}

impl Fault {
    pub(crate) fn slow(what: &'static str) -> Self {
        Self {
            kind: StoreErrorKind::Slow,
            remedy: Remedy::None,
            cause: Cause(what.to_owned()),
        }
    }

    /// An outcome that should not be.
    pub(crate) fn strange(what: &'static str) -> Self {
        Self {
            kind: StoreErrorKind::Unavailable,
            remedy: Remedy::None,
            cause: Cause(what.to_owned()),
        }
    }

    /// For the caller of a verb.
    pub(crate) fn to_store_error(&self) -> StoreError {
        StoreError::with_source(self.kind, self.cause.clone())
    }

    /// For whoever opens the store; `doing` completes "could not …".
    pub(crate) fn to_open_error(&self, kind: OpenErrorKind, doing: &str) -> OpenError {
        OpenError::new(kind, format!("could not {doing}")).because(self.cause.clone())
    }
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        let (kind, remedy) = match error.code() {
            Some(code) => judge(code),
            // What the client itself has to say is about the connection, or about an answer it does not understand.
            None => (StoreErrorKind::Unavailable, Remedy::Reconnect),
        };
        if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
            tracing::warn!(
                "PostgreSQL takes no writes: it is a replica, or default_transaction_read_only is on"
            );
        }
        Self {
            kind,
            remedy,
            cause: Cause::of(&error),
        }
    }
}

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => Self {
                // No statement was sent, so the next caller is the next try.
                remedy: Remedy::None,
                ..Self::from(error)
            },
            PoolError::Timeout(_) => Self::slow("there was no connection in time"),
            other => Self {
                kind: StoreErrorKind::Unavailable,
                remedy: Remedy::None,
                cause: Cause(other.to_string()),
            },
        }
    }
}

fn judge(code: &SqlState) -> (StoreErrorKind, Remedy) {
    use StoreErrorKind::{Full, Slow, Unavailable};
    match *code {
        SqlState::DISK_FULL | SqlState::OUT_OF_MEMORY | SqlState::CONFIGURATION_LIMIT_EXCEEDED => {
            (Full, Remedy::None)
        }
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => (Slow, Remedy::None),
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => (Unavailable, Remedy::Again),
        // After a failover the old address may lead to a replica, and a prepared statement may be gone or have become
        // another's: a new connection cures both.
        SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::INVALID_SQL_STATEMENT_NAME
        | SqlState::DUPLICATE_PSTATEMENT
        | SqlState::FEATURE_NOT_SUPPORTED
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => (Unavailable, Remedy::Reconnect),
        _ => match code.code().get(..2) {
            Some("08") => (Unavailable, Remedy::Reconnect),
            // Data, constraints, limits of a row: the table was changed by somebody.
            Some("22" | "23" | "54") => (Unavailable, Remedy::Apart),
            _ => (Unavailable, Remedy::None),
        },
    }
}

/// Why there is no connection, for whoever opens the store.
pub(crate) fn not_connected(error: PoolError) -> OpenError {
    let (kind, text) = match &error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => why_not(error),
        _ => (OpenErrorKind::Unreachable, "PostgreSQL does not answer in time"),
    };
    OpenError::new(kind, text).because(Fault::from(error).cause)
}

fn why_not(error: &tokio_postgres::Error) -> (OpenErrorKind, &'static str) {
    use OpenErrorKind::{Refused, Unreachable};
    if let Some(code) = error.code() {
        return match *code {
            SqlState::CANNOT_CONNECT_NOW | SqlState::TOO_MANY_CONNECTIONS => {
                (Unreachable, "PostgreSQL takes no connection at present")
            }
            SqlState::PROTOCOL_VIOLATION => (
                Refused,
                "PostgreSQL refuses the session; behind a pooler, say that there is one",
            ),
            _ => (Refused, "PostgreSQL refuses the login"),
        };
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            let inner = error.get_ref();
            return if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
                (
                    Refused,
                    "PostgreSQL's certificate is not accepted: sslrootcert names who may sign it",
                )
            } else {
                (Unreachable, "PostgreSQL cannot be reached")
            };
        }
        cause = error.source();
    }
    // No word from the network: the two could not agree on TLS or on a login.
    (Refused, "PostgreSQL and the address do not agree on TLS or login")
}

/// The words of a failure, without what they are about: a server quotes rows in the details of its errors, and rows
/// hold keys.
#[derive(Clone)]
struct Cause(String);

impl Cause {
    fn of(error: &tokio_postgres::Error) -> Self {
        if let Some(said) = error.as_db_error() {
            let advice = match *said.code() {
                SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
                    " (if a pooler hands out connections by transaction, say that there is one)"
                }
                _ => "",
            };
            return Self(format!("{} ({}){advice}", said.message(), said.code().code()));
        }
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let words = next.to_string();
            if !text.contains(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = next.source();
        }
        Self(text)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for Cause {}
