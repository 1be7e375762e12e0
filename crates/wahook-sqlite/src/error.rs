//! What SQLite's errors mean here.

use rusqlite::{Error, ErrorCode};
use wahook_core::guard::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};

/// A verb's error. SQLite's texts name tables, never values.
pub(crate) fn verb_error(error: Error) -> StoreError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            StoreErrorKind::Slow
        }
        _ => StoreErrorKind::Unavailable,
    };
    StoreError::with_source(kind, error)
}

/// An error of opening the file, with what to do about it.
pub(crate) fn open_error(error: Error) -> OpenError {
    let (kind, text) = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => (
            OpenErrorKind::Schema,
            "the file is no SQLite database: give wahook a file of its own",
        ),
        Some(ErrorCode::DatabaseCorrupt) => (
            OpenErrorKind::Schema,
            "the SQLite file is damaged: restore it, or remove it and what ends in -wal and -shm beside it",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => (
            OpenErrorKind::Unreachable,
            "another program keeps the SQLite file locked: end its transaction",
        ),
        Some(ErrorCode::DiskFull) => (
            OpenErrorKind::Refused,
            "there is no room to set up the SQLite file: make some on the disk, or allow it more bytes",
        ),
        _ => (
            OpenErrorKind::Refused,
            "the SQLite file cannot be used: this process must be able to write it and its directory",
        ),
    };
    OpenError::new(kind, text).because(error)
}

/// An error of starting a thread.
pub(crate) fn no_thread(error: std::io::Error) -> OpenError {
    OpenError::new(
        OpenErrorKind::Refused,
        "no thread could be started for the SQLite file",
    )
    .because(error)
}
