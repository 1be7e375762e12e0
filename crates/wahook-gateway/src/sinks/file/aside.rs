//! Files that were put aside: `events.jsonl.000001` and so on, the newest with the highest number.
//!
//! A file keeps its name from then on, so that whoever reads or ships it is not led astray.

use std::{
    ffi::OsString,
    fs, io,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use super::opened::{folder_of, sync_folder};

/// Puts the file aside under the next number.
pub(super) fn put_aside(path: &Path) -> io::Result<()> {
    let next = numbers(path)?.last().map_or(1, |last| last + 1);
    let aside = numbered(path, next);
    // A rename would put this one in the place of another without a word; the lock keeps other writers away.
    if aside.try_exists()? {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file already under the next number",
        ));
    }
    fs::rename(path, aside)?;
    sync_folder(path)
}

/// Removes all but the newest.
pub(super) fn prune(path: &Path, keep: NonZeroU32) -> io::Result<()> {
    let numbers = numbers(path)?;
    let surplus = numbers.len().saturating_sub(keep.get() as usize);
    for number in numbers.iter().take(surplus) {
        fs::remove_file(numbered(path, *number))?;
    }
    Ok(())
}

/// The numbers that are there, in order.
fn numbers(path: &Path) -> io::Result<Vec<u64>> {
    let mut start = path.file_name().unwrap_or_default().to_owned();
    start.push(".");
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder_of(path))? {
        let name = entry?.file_name();
        let digits = name
            .as_encoded_bytes()
            .strip_prefix(start.as_encoded_bytes())
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()));
        // `parse` alone would take `+1` as well.
        numbers.extend(digits.and_then(|digits| digits.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

const DIGITS: usize = 6;

fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number:0DIGITS$}"));
    PathBuf::from(name)
}
