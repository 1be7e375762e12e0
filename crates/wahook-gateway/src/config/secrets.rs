//! Where secrets are read from: one of four keys.

use std::path::{Path, PathBuf};

use wahook_core::{Secret, Secrets};

use super::{Hidden, build::Wrong};
use crate::failure::chain;

/// The four ways to give secrets; at most one of them is used.
pub(super) struct Sources<'a> {
    pub(super) secret: Option<&'a Hidden>,
    pub(super) secret_file: Option<&'a PathBuf>,
    pub(super) secrets: Option<&'a Vec<Hidden>>,
    pub(super) secrets_files: Option<&'a Vec<PathBuf>>,
}

impl Sources<'_> {
    /// Reads them; `None` if there are none. `whose` is said where there are too many.
    pub(super) fn read(&self, whose: &str, folder: &Path) -> Result<Option<Secrets>, Wrong> {
        let one = |text: &Hidden| Secret::new(text.expose()).map_err(|error| chain(&error));
        let (key, list): (_, Result<Vec<_>, String>) =
            match (self.secret, self.secret_file, self.secrets, self.secrets_files) {
                (None, None, None, None) => return Ok(None),
                (Some(secret), None, None, None) => ("secret", one(secret).map(|secret| vec![secret])),
                (None, Some(file), None, None) => {
                    ("secret_file", from_file(file, folder).map(|secret| vec![secret]))
                }
                (None, None, Some(list), None) => ("secrets", list.iter().map(one).collect()),
                (None, None, None, Some(files)) => (
                    "secrets_files",
                    files.iter().map(|file| from_file(file, folder)).collect(),
                ),
                _ => {
                    let text = format!(
                        "{whose} has more than one of secret, secret_file, secrets, secrets_files; keep one"
                    );
                    return Err(("secrets", text));
                }
            };
        list.and_then(|list| Secrets::new(list).map_err(|error| chain(&error)))
            .map(Some)
            .map_err(|text| (key, text))
    }
}

/// The secret in a file.
pub(super) fn from_file(file: &Path, folder: &Path) -> Result<Secret, String> {
    let file = folder.join(file);
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("cannot read the secret in {}: {error}", file.display()))?;
    Secret::new(text).map_err(|error| format!("{}: {error}", file.display()))
}
