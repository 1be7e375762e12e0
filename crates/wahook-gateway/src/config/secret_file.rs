//! The file of a secret. It holds the secret, and while that is being rotated what is valid beside it and for how long:
//! one file, written in one step, says all of it to every gateway that reads it.
//!
//! ```text
//! whsec_NEW
//! previous 2026-01-02T10:00:00Z whsec_OLD
//! rotating 2026-01-01T10:05:00Z
//! ```

use std::{fs, io, path::Path};

use jiff::Timestamp;
use wahook_core::{Secret, SecretError};

use super::replace::take_place;

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

    /// Whether there is more in it than a secret. What only looks like it is no part of a secret either: it is an error.
    pub(crate) fn is_rotated(text: &str) -> bool {
        text.trim()
            .lines()
            .skip(1)
            .any(|line| word_of_ours(line).is_some())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let secret = |text: &str| Secret::new(text).map_err(|error: SecretError| error.to_string());
        let first = text.trim().lines().next().unwrap_or_default();
        let is_time = |word: &str| word.parse::<Timestamp>().is_ok();
        if word_of_ours(first).is_some() && first.split_whitespace().nth(1).is_some_and(is_time) {
            return Err("line 1 must be the secret".to_owned());
        }
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
        self.reads_back()?;
        // A link leads to the file whose place is taken.
        let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
        take_place(&file, self.text().as_bytes(), 0)
    }

    /// Whether it can be written, as far as that can be known before: a new secret that cannot be kept is lost. A copy of
    /// what is in the file takes its place, which a file that is mounted by itself does not let happen.
    pub(crate) fn can_be_written(&self, file: &Path) -> io::Result<()> {
        self.reads_back()?;
        let file = fs::canonicalize(file)?;
        let now = zeroize::Zeroizing::new(fs::read(&file)?);
        // There has to be room for what is to come.
        take_place(&file, &now, 2 * self.text().len() + 512)
    }

    /// Whoever reads what would be written gets the same secrets.
    pub(crate) fn reads_back(&self) -> io::Result<()> {
        let wrong = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        let text = self.text();
        // As it is when something stands below it.
        let marked = format!("{}{ROTATING}{}\n", *text, Timestamp::UNIX_EPOCH);
        let marked = zeroize::Zeroizing::new(marked);
        let is_same = |read: &Self| read.current.is_same(&self.current);
        match Self::parse(&text).and_then(|_| Self::parse(&marked)) {
            Ok(read) if is_same(&read) => Ok(()),
            _ if self.current.expose().lines().nth(1).is_some() => Err(wrong(
                "the secret in it has several lines; one that is rotated has one".to_owned(),
            )),
            Ok(_) => Err(wrong("the secret in it would be read as another one".to_owned())),
            Err(error) => Err(wrong(error)),
        }
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

/// The first word of a line, if it is one of ours, in whatever case and space.
fn word_of_ours(line: &str) -> Option<&str> {
    let word = line.split_whitespace().next()?;
    let is_it = |ours: &str| word.eq_ignore_ascii_case(ours.trim_end());
    (is_it(PREVIOUS) || is_it(ROTATING)).then_some(word)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::{super::replace::with_suffix, *};

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
            // Almost ours: not part of a secret.
            "a\nprevious\t2026-01-01T00:00:00Z hunter2",
            "a\nPrevious 2026-01-01T00:00:00Z hunter2",
            "a\nprevious  2026-01-01T00:00:00Z hunter2",
            "a\nROTATING\nhunter2",
            // The first line is gone.
            "previous 2026-01-01T00:00:00Z hunter2",
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

    #[test]
    fn whether_it_can_be_written_is_tried_to_the_end_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let text = "old-secret-old-secret \n\n";
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        let before = fs::metadata(&path).unwrap();
        let file = SecretFile::read(&path).unwrap();
        file.can_be_written(&path).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_ne!(before.ino(), after.ino(), "another file has its name");
        assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        // What would be read as something else afterwards.
        fs::write(&path, "two\nlines\n").unwrap();
        let file = SecretFile::read(&path).unwrap();
        let error = file.can_be_written(&path).unwrap_err().to_string();
        assert!(error.contains("several lines"), "{error}");
        assert!(file.write(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\nlines\n");
    }

    #[test]
    fn p_what_lies_beside_it_is_not_written_into() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("secret"), folder.path().join("other"));
        fs::write(&path, "old-secret-old-secret").unwrap();
        fs::write(&other, "").unwrap();
        let beside = with_suffix(&path, &format!(".new-{}", std::process::id()));
        std::os::unix::fs::symlink(&other, &beside).unwrap();
        let file = SecretFile::new(Secret::new("new-secret-new-secret").unwrap());
        file.write(&path).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "");
        assert!(!fs::symlink_metadata(&path).unwrap().is_symlink());
        assert!(!beside.exists());
    }
}
