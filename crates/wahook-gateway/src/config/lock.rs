//! One at a time changes the file of a secret.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown},
    path::Path,
};

use super::replace::with_suffix;

/// Held by whoever changes a file of a secret, in a file beside it; let go when dropped, and when the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: fs::File,
}

impl Lock {
    /// Takes it; one that somebody else holds is not waited for.
    pub(crate) fn of(file: &Path) -> Result<Self, String> {
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        let place = with_suffix(&file, ".lock");
        let cannot = |error: io::Error| format!("cannot lock {}: {error}", place.display());
        // It stays: who removes it may remove it from under somebody who holds it. Where it leads elsewhere somebody put it
        // there, who may not be who runs this.
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).mode(0o600).custom_flags(NOFOLLOW);
        let lock = match options.clone().create_new(true).open(&place) {
            // Whoever may change the file may lock it, whoever was first.
            Ok(lock) => {
                if let Ok(old) = fs::metadata(&file) {
                    let _ = fchown(&lock, Some(old.uid()), Some(old.gid()));
                }
                lock
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                options.open(&place).map_err(cannot)?
            }
            Err(error) => return Err(cannot(error)),
        };
        match lock.try_lock() {
            Ok(()) => Ok(Self { _file: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(format!(
                "another `wahook` is changing {} just now; let it end first",
                file.display()
            )),
            Err(fs::TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

/// A link is no file.
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_changes_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "old-secret-old-secret").unwrap();
        let lock = Lock::of(&path).unwrap();
        let error = Lock::of(&path).unwrap_err();
        assert!(error.contains("another `wahook`"), "{error}");
        drop(lock);
        Lock::of(&path).unwrap();
        let place = folder.path().join("secret.lock");
        let mode = fs::metadata(&place).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);

        // Somebody had it lead elsewhere.
        let other = folder.path().join("other");
        fs::write(&other, "").unwrap();
        fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink(&other, &place).unwrap();
        assert!(Lock::of(&path).unwrap_err().contains("cannot lock"));
    }
}
