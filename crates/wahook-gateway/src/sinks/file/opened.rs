//! The file itself: opened, repaired, still the same.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use jiff::Timestamp;

/// A file that is ours to append to, and how much of it is confirmed.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    identity: (u64, u64),
    /// So many bytes are on stable storage, and end with a line.
    length: u64,
    /// When its first line was written, as far as the file system knows.
    since: Option<Timestamp>,
}

impl Opened {
    /// Opens the file, or makes it; what is behind its last line break was never confirmed, and is cut off.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // Opening a pipe would wait for its reader.
        let there = match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
            }
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600) // messages are in it
            .open(path)?;
        match file.try_lock() {
            // Some network file systems know no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(ErrorKind::ResourceBusy, "another writer has it"));
            }
        }
        let length = repair(&mut file)?;
        // An empty one may have been made by somebody who died before the folder knew of it.
        if !there || length == 0 {
            sync_folder(path)?;
        }
        let found = file.metadata()?;
        let since = found.created().or_else(|_| found.modified()).ok();
        Ok(Self {
            identity: (found.dev(), found.ino()),
            length,
            since: since.and_then(|time| Timestamp::try_from(time).ok()),
            file,
        })
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    pub(super) const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// Whether the path still leads here, and nobody changed what is here: it may have been put aside, removed or
    /// emptied.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.identity && found.len() == self.length)
    }

    /// Appends whole lines; done when they are on stable storage. Otherwise nothing was done: the file is as it was, and
    /// must be opened anew, which cuts what could not be cut now.
    pub(super) fn append(&mut self, lines: &[u8], now: Timestamp) -> io::Result<()> {
        let written = self
            .file
            .write_all(lines)
            .and_then(|()| self.file.sync_data())
            .and_then(|()| self.file.metadata());
        match written {
            Ok(found) if found.nlink() == 0 => Err(io::Error::new(ErrorKind::NotFound, REMOVED)),
            Ok(_) => {
                if self.length == 0 {
                    self.since = Some(now);
                }
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                let _ = self.file.set_len(self.length);
                Err(error)
            }
        }
    }
}

/// What is said of lines that were written to a file without a name.
const REMOVED: &str = "it was removed while it was written to";

/// Cuts what is behind the last line break, and tells the length that is left.
fn repair(file: &mut File) -> io::Result<u64> {
    let whole = file.metadata()?.len();
    let mut end = whole;
    let mut piece = [0; 8192];
    let kept = loop {
        if end == 0 {
            break 0;
        }
        let start = end.saturating_sub(piece.len() as u64);
        let bytes = &mut piece[..usize::try_from(end - start).unwrap_or(0)];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            break start + at as u64 + 1;
        }
        end = start;
    };
    if kept < whole {
        tracing::warn!(
            target: "wahook",
            "the last line of the file was cut, {} bytes; its event was not confirmed, and comes again",
            whole - kept
        );
        file.set_len(kept)?;
        file.sync_all()?;
    }
    Ok(kept)
}

/// A name survives a power cut once its folder is on stable storage.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// The folder that a file is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
