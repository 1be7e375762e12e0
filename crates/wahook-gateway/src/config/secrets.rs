//! Where secrets are read from: one of four keys.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use wahook_core::{Clock, Secret, Secrets};
use wahook_tower::SystemClock;

use super::{Built, Hidden, Route, build::Wrong, secret_file::SecretFile};
use crate::failure::chain;

/// What is given.
pub(super) struct Given {
    /// What is valid now.
    pub(super) secrets: Secrets,
    /// Where they are from, and until when some of them are valid.
    pub(super) files: Vec<SecretFile>,
    /// Until when they are being rotated.
    pub(super) rotating: Option<Timestamp>,
}

/// The four ways to give secrets; at most one of them is used.
pub(super) struct Sources<'a> {
    pub(super) secret: Option<&'a Hidden>,
    pub(super) secret_file: Option<&'a PathBuf>,
    pub(super) secrets: Option<&'a Vec<Hidden>>,
    pub(super) secrets_files: Option<&'a Vec<PathBuf>>,
}

impl Sources<'_> {
    /// Reads them; `None` if there are none. `whose` is said where there are too many.
    pub(super) fn read(&self, whose: &str, folder: &Path) -> Result<Option<Given>, Wrong> {
        let one = |text: &Hidden| {
            let secret = Secret::new(text.expose()).map_err(|error| chain(&error))?;
            Ok(SecretFile::new(secret))
        };
        let from_file = |file: &PathBuf| SecretFile::read(&folder.join(file));
        let (key, list): (_, Result<Vec<_>, String>) =
            match (self.secret, self.secret_file, self.secrets, self.secrets_files) {
                (None, None, None, None) => return Ok(None),
                (Some(secret), None, None, None) => ("secret", one(secret).map(|secret| vec![secret])),
                (None, Some(file), None, None) => ("secret_file", from_file(file).map(|secret| vec![secret])),
                (None, None, Some(list), None) => ("secrets", list.iter().map(one).collect()),
                (None, None, None, Some(files)) => ("secrets_files", files.iter().map(from_file).collect()),
                _ => {
                    let text = format!(
                        "{whose} has more than one of secret, secret_file, secrets, secrets_files; keep one"
                    );
                    return Err(("secrets", text));
                }
            };
        // Files are read here; which of what is in them is still valid is a question of now.
        let now = SystemClock::new().now();
        let given = |files: Vec<SecretFile>| {
            let valid = files.iter().flat_map(|file| file.valid(now)).collect();
            Ok(Given {
                secrets: Secrets::new(valid).map_err(|error| chain(&error))?,
                rotating: files.iter().filter_map(|file| file.rotating).max(),
                files,
            })
        };
        list.and_then(given).map(Some).map_err(|text| (key, text))
    }
}

impl Built {
    /// Secrets whose time is over verify nothing from now on, also where the configuration cannot be read again; tells the names of
    /// the endpoints that had such.
    pub(crate) fn drop_ended_secrets(&mut self, now: Timestamp) -> Vec<&str> {
        let routes = self.routes.iter_mut();
        routes.filter_map(|route| route.drop_ended_secrets(now)).collect()
    }
}

impl Route {
    /// The secret that a provider is to sign with, or to show.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret_files.first().map(|file| &file.current)
    }

    fn drop_ended_secrets(&mut self, now: Timestamp) -> Option<&str> {
        let files = self.secret_files.iter_mut();
        if files
            .filter_map(|file| file.forget_ended(now).then_some(()))
            .count()
            == 0
        {
            return None;
        }
        let valid: Vec<_> = self
            .secret_files
            .iter()
            .flat_map(|file| file.valid(now))
            .collect();
        for keyring in self.endpoint.verifier().keyrings() {
            // Each of them was good when the endpoint was built.
            let _ = Secrets::new(valid.clone()).and_then(|secrets| keyring.replace(secrets));
        }
        Some(self.endpoint.name())
    }
}

/// The secret in a file.
pub(super) fn from_file(file: &Path, folder: &Path) -> Result<Secret, String> {
    SecretFile::read(&folder.join(file)).map(|file| file.current)
}
