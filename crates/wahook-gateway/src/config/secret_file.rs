//! The file of a secret. It holds the secret, and while that is being rotated what is valid beside it and for how long:
//! one file, written in one step, says all of it to every gateway that reads it.
//!
//! ```text
//! whsec_NEW
//! previous 2026-01-02T10:00:00Z whsec_OLD
//! rotating 2026-01-01T10:05:00Z
//! ```

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use jiff::Timestamp;
use wahook_core::{Secret, SecretError};

/// What is in it.
#[derive(Clone, Debug)]
pub(crate) struct SecretFile {
    /// What is valid without end.
    pub(crate) current: Secret,
    /// What is valid until then as well.
    pub(crate) previous: Vec<(Secret, Timestamp)>,
    /// Until when another one may be in use at the sender's.
    pub(crate) rotating: Option<Timestamp>,
}

const PREVIOUS: &str = "previous ";
const ROTATING: &str = "rotating ";

impl SecretFile {
    /// A secret and nothing else.
    pub(crate) const fn new(current: Secret) -> Self {
        Self {
            current,
            previous: Vec::new(),
            rotating: None,
        }
    }

    /// Reads it; what is wrong with it is said without its words.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("cannot read the secret in {}: {error}", file.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Whether there is more in it than a secret.
    pub(crate) fn is_rotated(text: &str) -> bool {
        let mut more = text.trim().lines().skip(1).map(str::trim);
        more.any(|line| line.starts_with(PREVIOUS) || line.starts_with(ROTATING))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let secret = |text: &str| Secret::new(text).map_err(|error: SecretError| error.to_string());
        if !Self::is_rotated(text) {
            // A secret may have lines of its own.
            return secret(text).map(Self::new);
        }
        let mut lines = text.trim().lines().map(str::trim).zip(1..);
        let mut file = Self::new(secret(lines.next().map_or("", |(first, _)| first))?);
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let wrong = || format!("line {number} is neither `previous TIME SECRET` nor `rotating TIME`");
            if let Some(rest) = line.strip_prefix(PREVIOUS) {
                let (until, text) = rest.split_once(' ').ok_or_else(wrong)?;
                file.previous
                    .push((secret(text)?, until.parse().map_err(|_| wrong())?));
            } else {
                let until = line.strip_prefix(ROTATING).ok_or_else(wrong)?;
                file.rotating = Some(until.trim().parse().map_err(|_| wrong())?);
            }
        }
        Ok(file)
    }

    /// What is valid now, the current one first.
    pub(crate) fn valid(&self, now: Timestamp) -> Vec<Secret> {
        let previous = self.previous.iter().filter(|(_, until)| now < *until);
        std::iter::once(&self.current)
            .chain(previous.map(|(secret, _)| secret))
            .cloned()
            .collect()
    }

    /// Forgets what is valid no longer; whether there was such.
    pub(crate) fn forget_ended(&mut self, now: Timestamp) -> bool {
        let before = self.previous.len();
        self.previous.retain(|(_, until)| now < *until);
        self.previous.len() < before
    }

    /// Takes the place of what is in the file, in one step: whoever reads it sees the one or the other, also after a crash.
    /// It may be read by whom the old one might be read by.
    pub(crate) fn write(&self, file: &Path) -> io::Result<()> {
        // A link leads to the file whose place is taken.
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        let beside = beside(&file);
        let written = self.write_beside(&file, &beside);
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    fn write_beside(&self, file: &Path, beside: &Path) -> io::Result<()> {
        let mut new = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(beside)?;
        new.write_all(self.text().as_bytes())?;
        if let Ok(old) = fs::metadata(file) {
            new.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))?;
            // Whose file it is can be changed by root alone, who is the one for whom it matters.
            let _ = std::os::unix::fs::fchown(&new, Some(old.uid()), Some(old.gid()));
        }
        new.sync_all()?;
        fs::rename(beside, file)?;
        // The name as well is on disk.
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs::File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
    }

    /// Whether it can be written, as far as that can be known before: a new secret that cannot be kept is lost.
    pub(crate) fn can_be_written(&self, file: &Path) -> io::Result<()> {
        let file = fs::canonicalize(file)?;
        let beside = beside(&file);
        let tried = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut new| {
                new.write_all(&vec![b' '; 2 * self.text().len() + 512])
                    .and_then(|()| new.sync_all())
            });
        let _ = fs::remove_file(&beside);
        tried
    }

    fn text(&self) -> zeroize::Zeroizing<String> {
        let mut text = zeroize::Zeroizing::new(format!("{}\n", self.current.expose()));
        for (secret, until) in &self.previous {
            text.push_str(&format!("{PREVIOUS}{until} {}\n", secret.expose()));
        }
        if let Some(until) = self.rotating {
            text.push_str(&format!("{ROTATING}{until}\n"));
        }
        text
    }
}

fn beside(file: &Path) -> std::path::PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn v5_a_file_says_what_is_valid_and_for_how_long() {
        let file = SecretFile::parse(
            "new-secret-new-secret\n\nprevious 2026-01-02T00:00:00Z old-secret-old-secret\nrotating 2026-01-01T00:05:00Z\n",
        )
        .unwrap();
        let valid = |now| {
            file.valid(at(now))
                .iter()
                .map(|secret| secret.expose().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            valid("2026-01-01T00:00:00Z"),
            ["new-secret-new-secret", "old-secret-old-secret"]
        );
        assert_eq!(valid("2026-01-02T00:00:00Z"), ["new-secret-new-secret"]);
        assert_eq!(file.rotating, Some(at("2026-01-01T00:05:00Z")));
        let again = SecretFile::parse(&file.text()).unwrap();
        assert_eq!(again.text(), file.text());
    }

    #[test]
    fn p_what_is_wrong_with_a_file_is_said_without_its_words() {
        for text in [
            "",
            "  \n",
            "a\nprevious hunter2",
            "a\nprevious x hunter2",
            "a\nrotating hunter2",
            "a\nrotating 2026-01-01T00:00:00Z\nhunter2",
        ] {
            let error = SecretFile::parse(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        // As files were before anything was rotated, whatever is in them.
        assert_eq!(
            SecretFile::parse("two\nlines\n").unwrap().current.expose(),
            "two\nlines"
        );
    }

    #[test]
    fn it_takes_the_place_of_the_old_one_with_its_rights() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("secret"), folder.path().join("link"));
        fs::write(&file, "old-secret-old-secret\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let new = SecretFile::new(Secret::new("new-secret-new-secret").unwrap());
        new.can_be_written(&link).unwrap();
        new.write(&link).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new-secret-new-secret\n");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing is left beside it"
        );
        assert!(new.can_be_written(&folder.path().join("nowhere/secret")).is_err());
    }
}
