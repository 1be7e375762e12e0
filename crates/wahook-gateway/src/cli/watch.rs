//! Whether the configuration, or a file that it names, was written since it was read.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::config::Config;

/// How often files are looked at. Polling needs no system's help, and sees links that change as those of Kubernetes do.
pub(super) const EVERY: Duration = Duration::from_secs(2);

/// Files, and how they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    files: Vec<(PathBuf, Option<State>)>,
}

/// What changes when a file is written, or when another takes its place.
type State = (SystemTime, u64, u64);

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
        }
    }

    /// Whether one of them is not as it was; from then on as it is now.
    pub(super) fn changed(&mut self) -> bool {
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
    Some((metadata.modified().ok()?, metadata.len(), metadata.ino()))
}

/// The file of a configuration, and every file that it names.
pub(super) fn files(file: &Path, config: &Config, folder: &Path) -> Vec<PathBuf> {
    let of_endpoints = config.endpoint.iter().flat_map(|endpoint| {
        let many = endpoint.secrets_files.iter().flatten();
        endpoint
            .secret_file
            .iter()
            .chain(&endpoint.store_file)
            .chain(many)
    });
    let of_sinks = config.sink.iter().flat_map(|sink| {
        let many = sink.secrets_files.iter().flatten();
        sink.secret_file.iter().chain(&sink.address_file).chain(many)
    });
    let named = of_endpoints
        .chain(of_sinks)
        .chain(&config.inbox_file)
        .chain(&config.store_file)
        .chain(&config.tls.cert_file)
        .chain(&config.tls.key_file)
        .chain(&config.admin.token_file);
    std::iter::once(file.to_path_buf())
        .chain(named.map(|file| folder.join(file)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_while_it_is_read_is_a_change() {
        let folder = std::env::temp_dir().join(format!("wahook-watch-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
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
}
