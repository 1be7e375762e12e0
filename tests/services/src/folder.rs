//! The folder of one server: its configuration, its log, its data. It goes when the server goes.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, chown},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// The account that a server runs under, when it is not ours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    owner: Option<Owner>,
    keep: bool,
}

impl Folder {
    /// A new one under the system's place for temporary files, readable by its owner alone.
    pub(crate) fn new(name: &str, owner: Option<Owner>) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let parent = std::env::temp_dir();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("wahook-{name}-{}-{number}", std::process::id()));
            // Another process with our id may have left one.
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(told(&error, &path)),
                Ok(()) => {
                    let folder = Self {
                        path,
                        owner,
                        keep: false,
                    };
                    folder.own(&folder.path)?;
                    return Ok(folder);
                }
            }
        }
    }

    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the server keeps what it is given.
    pub(crate) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    /// Makes the folder for the data, empty.
    pub(crate) fn make_data(&self) -> io::Result<()> {
        let data = self.data();
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&data)
            .and_then(|()| self.own(&data))
            .map_err(|error| told(&error, &data))
    }

    /// Writes a file that the server alone can read.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let work = || {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(path)?;
            io::Write::write_all(&mut file, bytes)?;
            self.own(path)
        };
        work().map_err(|error| told(&error, path))
    }

    /// Writes files into the folder for the data. Their names are names, not paths.
    pub(crate) fn write_all(&self, files: &[(&str, &[u8])]) -> io::Result<()> {
        for (name, bytes) in files {
            if Path::new(name).file_name() != Some(name.as_ref()) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!("{name:?} is not the name of a file"),
                ));
            }
            self.write(&self.data().join(name), bytes)?;
        }
        Ok(())
    }

    /// Copies a folder with all in it to a place that does not exist yet; the copy belongs to the server.
    pub(crate) fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        copy(from, to, &|path| self.own(path))
    }

    /// Leaves the folder where it is.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        match self.owner {
            Some(owner) => chown(path, Some(owner.user), Some(owner.group)),
            None => Ok(()),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Copies a folder with all in it; `own` is told each path that was made.
pub(crate) fn copy(from: &Path, to: &Path, own: &dyn Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(to)?;
    own(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, own)?;
        } else {
            fs::copy(entry.path(), &target)?;
            own(&target)?;
        }
    }
    Ok(())
}

fn told(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
