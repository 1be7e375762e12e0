//! The file itself: where it may be, how it comes to be, and whether it is still the same.

#[cfg(unix)]
use std::time::SystemTime;
use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::error::open_error;

/// A path where a database may be.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: PathBuf,
}

/// Which file is under a path: there may be another one later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
    /// The number of a file that is gone is soon another's. `None` where the file system does not keep it.
    #[cfg(unix)]
    made: Option<SystemTime>,
}

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// It is.
    IfMissing,
    /// It was there before, and must not come back empty.
    Before,
}

/// Closing any handle of a file frees all locks that this process has on it (POSIX says so), so nobody may have it open
/// through SQLite while the handle that made it is open.
static OPENING: Mutex<()> = Mutex::new(());

impl File {
    /// Checks what can be said before anything is opened.
    pub(crate) fn at(path: &Path) -> Result<Self, OpenError> {
        let address = |text| OpenError::new(OpenErrorKind::Address, text);
        if path.as_os_str().is_empty() {
            return Err(address("the path of the SQLite file is empty".to_owned()));
        }
        if path == Path::new(":memory:") {
            return Err(address(
                "`:memory:` is no file and would be empty after a restart: use the memory store instead"
                    .to_owned(),
            ));
        }
        // SQLite takes names that begin with `file:` for addresses with options; an absolute path never does.
        let path = std::path::absolute(path)
            .map_err(|error| address("the path of the SQLite file is none".to_owned()).because(error))?;
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Self { path }),
            Ok(_) => Err(address(format!("{} is no file", path.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => match path.parent().map(fs::metadata) {
                Some(Ok(parent)) if parent.is_dir() => Ok(Self { path }),
                Some(Err(error)) if error.kind() == ErrorKind::PermissionDenied => Err(refused(error)),
                _ => Err(address(format!(
                    "the directory of {} does not exist: make it first",
                    path.display()
                ))),
            },
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(refused(error)),
            Err(error) => {
                Err(address(format!("{} cannot be the path of a file", path.display())).because(error))
            }
        }
    }

    /// Where it is, from the root.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection to the file, which is made first where `made` says so. Nothing was read yet.
    pub(crate) fn connect(&self, made: Made) -> Result<Connection, OpenError> {
        let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        if made == Made::IfMissing {
            self.make().map_err(refused)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(open_error)?;
        // Otherwise a value that is bound may have SQLite plan its statement anew, each time.
        connection
            .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(open_error)?;
        Ok(connection)
    }

    /// For its owner only: what it holds says who wrote when. SQLite gives the files beside it the same rights.
    fn make(&self) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            Err(error) => return Err(error),
        }
        // Its name has to survive a power cut as well.
        #[cfg(unix)]
        if let Some(directory) = self.path.parent() {
            fs::File::open(directory)?.sync_all()?;
        }
        Ok(())
    }

    /// Which file is under the path now; `None` if there is none. Elsewhere than on Unix an open file cannot be taken
    /// away.
    pub(crate) fn identity(&self) -> Option<Identity> {
        let found = fs::metadata(&self.path).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Identity {
                device: found.dev(),
                inode: found.ino(),
                made: found.created().ok(),
            })
        }
        #[cfg(not(unix))]
        found.is_file().then_some(Identity {})
    }
}

fn refused(error: io::Error) -> OpenError {
    OpenError::new(
        OpenErrorKind::Refused,
        "the SQLite file cannot be used: this process must be able to write it and its directory",
    )
    .because(error)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once_whatever_is_bound_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::at(&folder.path().join("file.db")).unwrap();
        let connection = file.connect(Made::IfMissing).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);",
            )
            .unwrap();
        let mut statement = connection
            .prepare("SELECT a.id FROM a JOIN b USING (id) WHERE a.id = ?1")
            .unwrap();
        for id in 0..9 {
            assert!(!statement.exists([id]).unwrap());
            // As happens to one that is kept for later.
            statement.clear_bindings();
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
