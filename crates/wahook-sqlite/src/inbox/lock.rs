//! An inbox is one process's: what it remembers in memory is true only as long as nobody else writes.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use wahook_core::guard::{OpenError, OpenErrorKind};

/// Keeps everybody else from the inbox until it is dropped, or the process ends.
#[derive(Debug)]
pub(crate) struct Exclusive {
    /// The system frees its lock when it is closed.
    _file: File,
}

impl Exclusive {
    /// Takes the lock on a file beside the inbox. It stays there: whoever removed it could not know that nobody has it.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let mut name = OsString::from(path);
        name.push("-lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(name).map_err(|error| {
            OpenError::new(
                OpenErrorKind::Refused,
                "the lock file beside the inbox cannot be written: this process must be able to write its directory",
            )
            .because(error)
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::new(
                OpenErrorKind::Refused,
                "another process has this inbox open, most likely a gateway that runs: stop it, or ask it over its admin \
                 address; for several gateways on one inbox use PostgreSQL",
            )),
            Err(TryLockError::Error(error)) => Err(OpenError::new(
                OpenErrorKind::Refused,
                "the lock file beside the inbox cannot be locked: the inbox must be on a local disk",
            )
            .because(error)),
        }
    }
}
