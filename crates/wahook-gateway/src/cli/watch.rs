//! Whether the configuration, or a file that it names, was written since it was read.

use std::{
    fs, iter, mem,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::config::Loaded;

/// How often files are looked at. Polling needs no system's help, and sees links that change as those of Kubernetes do.
pub(super) const EVERY: Duration = Duration::from_secs(2);

/// Files, and how they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    files: Vec<(PathBuf, Option<State>)>,
    /// One of them was not as it was when they were looked at last.
    moving: bool,
}

/// What changes when a file is written, or when another takes its place. Its own time can be set, as copies do; the other,
/// that of its change, cannot.
type State = (SystemTime, [i64; 2], u64, u64);

impl Watch {
    /// As they are now.
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::default().and_now(files)
    }

    /// Other files from now on. One that was watched already is as it was seen last: what was written since is a change.
    pub(super) fn and_now(self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        let with_state = |file: PathBuf| {
            let seen = self.files.iter().find(|(other, _)| *other == file);
            let state = seen.map_or_else(|| look(&file), |(_, state)| *state);
            (file, state)
        };
        Self {
            files: files.into_iter().map(with_state).collect(),
            moving: self.moving,
        }
    }

    /// Looks again: whether one of them changed, and all are as they were at the last look. What is still being written is
    /// left alone, since the first half of a file may make sense, and another one.
    pub(super) fn settled(&mut self) -> bool {
        if self.changed() {
            self.moving = true;
            return false;
        }
        mem::take(&mut self.moving)
    }

    /// Whether one of them is not as it was; from then on as it is now.
    fn changed(&mut self) -> bool {
        let mut changed = false;
        for (file, state) in &mut self.files {
            let now = look(file);
            changed |= *state != now;
            *state = now;
        }
        changed
    }
}

fn look(file: &Path) -> Option<State> {
    let metadata = fs::metadata(file).ok()?;
    let changed = [metadata.ctime(), metadata.ctime_nsec()];
    Some((metadata.modified().ok()?, changed, metadata.len(), metadata.ino()))
}

/// The file of a configuration, and every file that it names.
pub(super) fn files(file: &Path, loaded: &Loaded) -> Vec<PathBuf> {
    let named = loaded.config.files();
    let named = named.iter().map(|named| loaded.folder.join(named.path));
    iter::once(file.to_path_buf()).chain(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("wahook-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_is_written_while_it_is_read_is_a_change() {
        let folder = folder("watch");
        let (one, two) = (folder.join("one"), folder.join("two"));
        fs::write(&one, "a").unwrap();
        let mut watch = Watch::of([one.clone(), two.clone()]);
        assert!(!watch.changed());
        fs::write(&two, "b").unwrap();
        assert!(watch.changed(), "a file that was not there");
        assert!(!watch.changed());
        fs::write(&one, "longer").unwrap();
        let mut watch = watch.and_now([one.clone()]);
        assert!(watch.changed());
        // A renewed certificate: another file of the same length and, as copies have it, of the same time.
        let seen = fs::metadata(&one).unwrap();
        fs::write(&two, "renewd").unwrap();
        let copy = fs::File::options().write(true).open(&two).unwrap();
        copy.set_modified(seen.modified().unwrap()).unwrap();
        fs::rename(&two, &one).unwrap();
        assert_eq!(fs::metadata(&one).unwrap().len(), seen.len());
        assert!(watch.changed(), "a file that took its place");
        fs::remove_file(&one).unwrap();
        assert!(watch.changed());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_still_being_written_is_left_alone() {
        let folder = folder("watch-settled");
        let file = folder.join("one");
        fs::write(&file, "").unwrap();
        let mut watch = Watch::of([file.clone()]);
        assert!(!watch.settled());
        for part in [
            "[[endpoint]]",
            "[[endpoint]]\nname",
            "[[endpoint]]\nname = \"shop\"",
        ] {
            fs::write(&file, part).unwrap();
            assert!(!watch.settled(), "{part}");
        }
        assert!(watch.settled());
        assert!(!watch.settled(), "it is told once");
        // In place, of the same length and with its time set back.
        let seen = fs::metadata(&file).unwrap();
        let written = fs::File::options().write(true).open(&file).unwrap();
        // Until the system's clock goes on: it counts in steps.
        while look(&file).map(|state| state.1) == Some([seen.ctime(), seen.ctime_nsec()]) {
            written.set_modified(seen.modified().unwrap()).unwrap();
        }
        assert!(!watch.settled());
        assert!(watch.settled(), "the time of its change cannot be set");
        fs::remove_dir_all(&folder).unwrap();
    }
}
