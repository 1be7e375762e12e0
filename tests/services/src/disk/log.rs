//! What a disk with a volatile cache still has, told from what was done to it.

use std::{
    collections::BTreeMap,
    fs, io, mem,
    path::{Path, PathBuf},
};

/// The files of a folder, as the disk has them.
pub(super) struct Past {
    folder: PathBuf,
    kept: PathBuf,
    files: BTreeMap<PathBuf, File>,
}

/// A file: what is on the disk, and what was done to it since.
struct File {
    flushed: Vec<u8>,
    since: Vec<Change>,
}

enum Change {
    Write { at: usize, data: Vec<u8> },
    Cut { length: usize },
}

impl Past {
    pub(super) fn new(folder: &Path, kept: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            kept: kept.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// Goes through a log; a last record that was cut by the end of its process is left out.
    pub(super) fn replay(&mut self, mut log: &[u8]) {
        while let Some(record) = next(&mut log) {
            match record.what {
                b'W' => self.file(record.path).since.push(Change::Write {
                    at: record.at,
                    data: record.data.to_vec(),
                }),
                b'T' => self
                    .file(record.path)
                    .since
                    .push(Change::Cut { length: record.at }),
                b'S' => self.file(record.path).flush(),
                b'U' => {
                    self.files.remove(Path::new(record.path));
                }
                b'R' => {
                    let file = self.take(record.path);
                    let to = String::from_utf8_lossy(record.data);
                    self.files.insert(PathBuf::from(&*to), file);
                }
                _ => {}
            }
        }
    }

    fn file(&mut self, path: &str) -> &mut File {
        if !self.files.contains_key(Path::new(path)) {
            let file = self.take(path);
            self.files.insert(PathBuf::from(path), file);
        }
        #[expect(clippy::expect_used, reason = "it was put there")]
        self.files.get_mut(Path::new(path)).expect("the file is known")
    }

    fn take(&mut self, path: &str) -> File {
        let path = Path::new(path);
        self.files.remove(path).unwrap_or_else(|| {
            let kept = self.kept.join(path.strip_prefix(&self.folder).unwrap_or(path));
            File {
                flushed: fs::read(kept).unwrap_or_default(),
                since: Vec::new(),
            }
        })
    }

    /// Writes the files as the disk has them; says how many changes are lost.
    pub(super) fn restore(self) -> io::Result<usize> {
        let mut lost = 0;
        for (path, file) in self.files {
            // A file that is there no more was taken away by its process, or never survived. Folders are flushed, too.
            if path.is_file() {
                lost += file.since.len();
                fs::write(&path, file.flushed)?;
            }
        }
        for path in files(&self.folder)? {
            // Shared memory of processes that are gone.
            if path.to_string_lossy().ends_with("-shm") {
                fs::remove_file(path)?;
            }
        }
        Ok(lost)
    }
}

impl File {
    fn flush(&mut self) {
        for change in mem::take(&mut self.since) {
            match change {
                Change::Cut { length } => self.flushed.resize(length, 0),
                Change::Write { at, data } => {
                    let end = at + data.len();
                    if self.flushed.len() < end {
                        self.flushed.resize(end, 0);
                    }
                    self.flushed[at..end].copy_from_slice(&data);
                }
            }
        }
    }
}

struct Record<'a> {
    what: u8,
    path: &'a str,
    at: usize,
    data: &'a [u8],
}

fn next<'a>(log: &mut &'a [u8]) -> Option<Record<'a>> {
    let (head, rest) = log.split_at_checked(21)?;
    let number = |bytes: &[u8]| {
        let bytes = bytes.iter().rev();
        bytes.fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let (path, rest) = rest.split_at_checked(number(&head[1..5]))?;
    let what = head[0];
    // Only these carry data.
    let length = if matches!(what, b'W' | b'R') {
        number(&head[13..21])
    } else {
        0
    };
    let (data, rest) = rest.split_at_checked(length)?;
    *log = rest;
    Some(Record {
        what,
        path: str::from_utf8(path).ok()?,
        at: number(&head[5..13]),
        data,
    })
}

/// All files below a folder.
pub(super) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    Ok(files)
}
