//! A file takes the place of another in one step, and may be read by whom that might be read by.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

use wahook_core::Secret;

/// Has this text be the file, with as much room tried as well.
pub(super) fn take_place(file: &Path, text: &[u8], room: usize) -> io::Result<()> {
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

pub(super) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_loses_the_right_to_read_it_unnoticed() {
        assert_eq!(lost(0o640, true, true), None);
        assert_eq!(lost(0o640, true, false), Some("group"));
        assert_eq!(lost(0o600, true, false), None);
        assert_eq!(lost(0o600, false, true), Some("owner"));
        assert_eq!(lost(0o644, false, false), None, "all may read it");
    }
}
