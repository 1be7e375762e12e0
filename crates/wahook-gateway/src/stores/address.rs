//! The address of a store: whose it is, and what must not be shown of it.

use std::{
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::{Reach, STORES, StoreRow, masked};
use crate::suggest::hint;

/// SQLite's own word for it.
const NORMAL: &str = "synchronous=normal";

/// Where a store is. `Debug` and `Display` leave out what may be a credential.
#[derive(Clone)]
pub struct StoreAddress {
    row: &'static StoreRow,
    text: SecretString,
    /// Where a relative path starts.
    folder: PathBuf,
}

impl StoreAddress {
    /// The memory of this process.
    pub(crate) fn memory() -> Self {
        Self {
            row: &STORES[0],
            text: SecretString::from("memory"),
            folder: PathBuf::new(),
        }
    }

    /// Reads an address; relative paths start at `folder`. What is wrong with it is said without a piece of it.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let text = text.trim();
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) => (scheme, Some(rest)),
            None => (text, None),
        };
        let Some(row) = STORES.iter().find(|row| row.schemes.contains(&scheme)) else {
            let schemes = STORES.iter().flat_map(|row| row.schemes).copied();
            return Err(format!("that is no store{}", hint(scheme, schemes)));
        };
        let complete = match (row.reach, rest) {
            (Reach::Process, None) => true,
            // A second meaning of the slashes, host or root, would be guessed.
            (Reach::Machine, Some(path)) => !path.is_empty() && !path.starts_with("//"),
            (Reach::Network, Some(rest)) => rest.len() > 2 && rest.starts_with("//"),
            _ => false,
        };
        if !complete {
            return Err(format!(
                "that is no store; {} is written as {}",
                row.name, row.form
            ));
        }
        if row.reach == Reach::Machine
            && let Some((_, parameters)) = text.split_once('?')
            && !["synchronous=full", NORMAL].contains(&parameters)
        {
            return Err("after the file there may be ?synchronous=normal or ?synchronous=full".to_owned());
        }
        Ok(Self {
            row,
            text: SecretString::from(text),
            folder: folder.to_path_buf(),
        })
    }

    /// The row of the table that opens it.
    pub(crate) const fn row(&self) -> &'static StoreRow {
        self.row
    }

    /// The whole text. Do not print it.
    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Whether what is acknowledged need not be flushed before: only an inbox can do that, and says what it means.
    pub(crate) fn flushes_later(&self) -> bool {
        self.row.reach == Reach::Machine
            && self
                .expose()
                .split_once('?')
                .is_some_and(|(_, parameters)| parameters == NORMAL)
    }

    /// The file of a store that is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let (_, path) = self.expose().split_once(':')?;
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        (self.row.reach == Reach::Machine).then(|| {
            let path = self.folder.join(path);
            std::path::absolute(&path).unwrap_or(path)
        })
    }

    /// Where relative paths start.
    #[cfg(feature = "nats")]
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether both are one store.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose() == other.expose() && self.folder == other.folder
    }

    /// Whether the text itself has a password or a user in it.
    pub(crate) fn has_credentials(&self) -> bool {
        self.row.reach == Reach::Network && masked(self.expose()) != self.expose()
    }

    /// Whether a password of a Redis would be sent to another machine as it is.
    pub(crate) fn sends_password_in_the_clear(&self) -> bool {
        let Some(("redis" | "valkey", rest)) = self.expose().split_once("://") else {
            return false;
        };
        let Some((_, place)) = rest.rsplit_once('@') else {
            return false;
        };
        let host = match place.strip_prefix('[') {
            Some(six) => six.split(']').next(),
            None => place.split([':', '/', '?']).next(),
        };
        let host = host.unwrap_or_default();
        host != "localhost" && !host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(self.expose()))
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<StoreAddress, String> {
        StoreAddress::parse(text, Path::new("/etc/wahook"))
    }

    #[test]
    fn each_form_finds_its_store() {
        for (text, name) in [
            ("memory", "memory"),
            (" sqlite:guard.db\n", "sqlite"),
            ("sqlite:/var/lib/wahook/guard.db", "sqlite"),
            ("redis://127.0.0.1:6379/0", "redis"),
            ("rediss://u:p@h", "redis"),
            ("redis+unix:///run/redis.sock", "redis"),
            ("valkey://h", "redis"),
            ("postgres://u:p@h/d", "postgres"),
            ("postgresql://h/d", "postgres"),
            ("nats://u:p@a:4222,b:4222?stream=IN", "nats"),
            ("tls://h", "nats"),
        ] {
            assert_eq!(parse(text).unwrap().row().name, name, "{text}");
        }
        assert_eq!(StoreAddress::memory().row().name, "memory");
    }

    #[test]
    fn a_relative_file_is_found_from_the_folder_of_the_configuration() {
        let file = |text| parse(text).unwrap().file().unwrap();
        assert_eq!(file("sqlite:guard.db"), Path::new("/etc/wahook/guard.db"));
        assert_eq!(file("sqlite:/var/guard.db"), Path::new("/var/guard.db"));
        assert_eq!(
            file("sqlite:/var/inbox.db?synchronous=normal"),
            Path::new("/var/inbox.db")
        );
        assert_eq!(parse("redis://h").unwrap().file(), None);
    }

    #[test]
    fn v4_what_is_no_store_is_refused_and_not_repeated() {
        for (text, said) in [
            ("", "there are: memory, sqlite"),
            ("hunter2", "there are: memory, sqlite"),
            ("hunter2://hunter2", "there are: memory, sqlite"),
            ("redsi://u:hunter2@h", "did you mean `redis`?"),
            ("postgress://u:hunter2@h", "did you mean `postgres`?"),
            ("memroy", "did you mean `memory`?"),
            ("memory:hunter2", "memory is written as memory"),
            ("sqlite", "sqlite is written as sqlite:PATH"),
            ("sqlite:", "sqlite is written as sqlite:PATH"),
            ("sqlite://hunter2.db", "sqlite is written as sqlite:PATH"),
            ("redis:hunter2", "redis is written as redis://"),
            ("redis://", "redis is written as redis://"),
            ("postgres", "postgres is written as postgres://"),
            ("nats:hunter2", "nats is written as nats://"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_password_that_leaves_the_machine_unencrypted_is_known() {
        for (text, clear) in [
            ("redis://u:p@db.example:6379/0", true),
            ("redis://:p@10.0.0.7", true),
            ("valkey://:p@[2001:db8::1]:6379", true),
            ("redis://:p@localhost:6379", false),
            ("redis://:p@127.0.0.1:6379", false),
            ("redis://:p@[::1]:6379", false),
            ("redis://db.example:6379", false),
            ("rediss://u:p@db.example", false),
            ("postgres://u:p@db.example/d", false),
            ("memory", false),
        ] {
            assert_eq!(
                parse(text).unwrap().sends_password_in_the_clear(),
                clear,
                "{text}"
            );
        }
    }
}
