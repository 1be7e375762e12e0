//! Where a running gateway's admin API is: a file that only its owner can read.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wahook_core::Secret;

/// Where the admin API of a running gateway is, and the token that opens it: `admin.json` in the data directory.
///
/// `serve` writes it when it listens and removes it when it ends; verbs look there. After a crash it stays, and then
/// nobody answers at its address.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdminPlace {
    /// The address, such as `http://127.0.0.1:8081`.
    pub url: String,
    /// The token.
    pub token: Option<Secret>,
}

#[derive(Serialize, Deserialize)]
struct Form {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl AdminPlace {
    /// An address, and the token if there is one.
    #[must_use]
    pub const fn new(url: String, token: Option<Secret>) -> Self {
        Self { url, token }
    }

    /// The file in this folder.
    #[must_use]
    pub fn file(folder: &Path) -> PathBuf {
        folder.join("admin.json")
    }

    /// Writes the file, mode 0600.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let form = Form {
            url: self.url.clone(),
            token: self.token.as_ref().map(|token| token.expose().to_owned()),
        };
        let mut text = serde_json::to_vec(&form)?;
        text.push(b'\n');
        // Written beside and renamed: nobody reads half of it, and the rights of an older file do not stay.
        let beside = folder.join(format!("admin.json.new-{}", std::process::id()));
        let _ = fs::remove_file(&beside); // of a process that had this number before and crashed here
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&beside, Self::file(folder)));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Those of the system; [`io::ErrorKind::InvalidData`] if it is not ours.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read(Self::file(folder)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // The parser's own error may quote the token.
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "not a file that `serve` wrote");
        let form: Form = serde_json::from_slice(&text).map_err(|_| wrong())?;
        let token = form.token.map(Secret::new).transpose().map_err(|_| wrong())?;
        Ok(Some(Self::new(form.url, token)))
    }

    /// Removes the file if it is still this one: a gateway that was started since has written its own.
    pub fn remove(&self, folder: &Path) {
        if let Ok(Some(there)) = Self::read(folder)
            && there.url == self.url
        {
            let _ = fs::remove_file(Self::file(folder));
        }
    }
}
