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
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
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

/// Puts a secret that its file did not take where it is found again, for its owner alone: beside that file, or where files
/// may always be made.
pub(crate) fn rescue(file: &Path, secret: &Secret) -> io::Result<PathBuf> {
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let beside = with_suffix(&file, &format!(".rescued-{}", std::process::id()));
    let elsewhere = std::env::temp_dir().join(beside.file_name().unwrap_or_default());
    let put = |place: PathBuf| {
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut new = options.open(&place)?;
        let text = zeroize::Zeroizing::new(format!("{}\n", secret.expose()));
        let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(&place);
        }
        written.map(|()| place)
    };
    put(beside).or_else(|_: io::Error| put(elsewhere))
}

/// A link is no file.
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// Has this text be the file, with as much room tried as well.
fn take_place(file: &Path, text: &[u8], room: usize) -> io::Result<()> {
    let beside = with_suffix(file, &format!(".new-{}", std::process::id()));
    let written = write_beside(file, &beside, text, room).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    // The name as well is on disk. It is in place in any case: what fails here does not undo that.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let _ = fs::File::open(folder.unwrap_or_else(|| Path::new("."))).and_then(|folder| folder.sync_all());
    Ok(())
}

fn write_beside(file: &Path, beside: &Path, text: &[u8], room: usize) -> io::Result<()> {
    // What was left there, or put there by somebody: it is not written into.
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)?;
    new.write_all(text)?;
    if room > 0 {
        new.write_all(&vec![b' '; room])?;
        new.sync_all()?;
        new.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
    }
    if let Ok(old) = fs::metadata(file) {
        give_to(&new, &old)?;
    }
    new.sync_all()
}

/// It may be read by whom the old one might be read by, and by nobody else on the way.
fn give_to(new: &fs::File, old: &fs::Metadata) -> io::Result<()> {
    let mode = old.mode() & 0o777;
    let now = new.metadata()?;
    // One by one: whoever may not give a file away may still give it to a group of theirs.
    let group = now.gid() == old.gid() || fchown(new, None, Some(old.gid())).is_ok();
    new.set_permissions(fs::Permissions::from_mode(mode))?;
    let owner = now.uid() == old.uid() || fchown(new, Some(old.uid()), None).is_ok();
    lost(mode, owner, group).map_or(Ok(()), |whose| {
        let text = format!(
            "the {whose} of the file cannot be kept, who may read it now; do this as its owner or as root"
        );
        Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
    })
}

/// Who could read no longer what could be read before.
const fn lost(mode: u32, owner: bool, group: bool) -> Option<&'static str> {
    match (owner, group) {
        _ if mode & 0o004 != 0 => None,
        (_, false) if mode & 0o070 != 0 => Some("group"),
        (false, _) if mode & 0o400 != 0 => Some("owner"),
        _ => None,
    }
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
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

    #[test]
    fn nobody_loses_the_right_to_read_it_unnoticed() {
        assert_eq!(lost(0o640, true, true), None);
        assert_eq!(lost(0o640, true, false), Some("group"));
        assert_eq!(lost(0o600, true, false), None);
        assert_eq!(lost(0o600, false, true), Some("owner"));
        assert_eq!(lost(0o644, false, false), None, "all may read it");
    }

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
