//! How each store is opened.

use std::{sync::Arc, time::Duration};

use wahook_core::{
    Assurance, BoxFuture, Guarantee,
    guard::{MemoryStore, OpenError, OpenErrorKind},
};
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_sqlite::{SqliteOptions, SqliteStore};

use super::{Means, Plain, StoreAddress, forgetful};

/// A little less than the guard itself waits: so it is the store that gives up, and it knows why.
const DEADLINE: Duration = Duration::from_millis(450);

type Opening<'a> = BoxFuture<'a, Result<Plain, OpenError>>;

pub(super) fn memory<'a>(_: &'a StoreAddress, means: &'a Means) -> Opening<'a> {
    let store = Arc::new(MemoryStore::new(
        Arc::clone(&means.clock),
        means.capacity,
        means.hash_key,
    ));
    let assurance = Assurance::new(Guarantee::None, "a restart forgets what was handled");
    Box::pin(async move {
        let watched = Arc::downgrade(&store);
        tokio::spawn(forgetful::watch(
            move || watched.upgrade().map(|store| store.forgotten_early()),
            forgetful::warn,
        ));
        Ok((store as _, assurance))
    })
}

pub(super) fn sqlite<'a>(address: &'a StoreAddress, means: &'a Means) -> Opening<'a> {
    Box::pin(async move {
        if address.flushes_later() {
            return Err(bad(
                "a guard store always flushes first: leave ?synchronous=normal to an inbox",
            ));
        }
        let options = SqliteOptions::new(Arc::clone(&means.clock)).deadline(DEADLINE);
        let path = address.file().unwrap_or_default();
        let store = SqliteStore::open(path, options).await?;
        let assurance = store.assurance().clone();
        Ok((Arc::new(store) as _, assurance))
    })
}

pub(super) fn redis<'a>(address: &'a StoreAddress, _: &'a Means) -> Opening<'a> {
    Box::pin(async move {
        let (url, ours) = split(address.expose(), &["prefix"])?;
        let mut options = RedisOptions::new().deadline(DEADLINE);
        for (_, prefix) in ours {
            options = options.prefix(prefix);
        }
        let store = RedisStore::connect(&url, options).await?;
        let assurance = store.assurance().clone();
        Ok((Arc::new(store) as _, assurance))
    })
}

pub(super) fn postgres<'a>(address: &'a StoreAddress, _: &'a Means) -> Opening<'a> {
    Box::pin(async move {
        let database = Database::of(address)?;
        let store = PostgresStore::connect(&database.url, database.options().deadline(DEADLINE)).await?;
        let assurance = store.assurance().clone();
        Ok((Arc::new(store) as _, assurance))
    })
}

/// A database of PostgreSQL: the URL for the driver, and what our own parameters say.
pub(crate) struct Database {
    pub(crate) url: String,
    pub(crate) schema: Option<String>,
    pub(crate) transaction_pooler: bool,
}

impl Database {
    pub(crate) fn of(address: &StoreAddress) -> Result<Self, OpenError> {
        let (url, ours) = split(address.expose(), &["pooler", "schema"])?;
        let mut database = Self {
            url,
            schema: None,
            transaction_pooler: false,
        };
        for (name, value) in ours {
            match (name, value.as_str()) {
                ("schema", schema) if !schema.is_empty() => database.schema = Some(schema.to_owned()),
                ("pooler", "transaction") => database.transaction_pooler = true,
                ("pooler", "session") => {}
                ("pooler", _) => return Err(bad("?pooler is `transaction` or `session`")),
                _ => return Err(bad("?schema is empty")),
            }
        }
        Ok(database)
    }

    pub(super) fn options(&self) -> PostgresOptions {
        let options = PostgresOptions::default().transaction_pooler(self.transaction_pooler);
        match &self.schema {
            Some(schema) => options.schema(schema),
            None => options,
        }
    }
}

pub(super) type Parameters = Vec<(&'static str, String)>;

/// Takes the parameters that are ours out of a URL: the drivers know nothing of them.
pub(super) fn split(url: &str, ours: &[&'static str]) -> Result<(String, Parameters), OpenError> {
    // A `?` before an `@` is not where parameters begin; such a URL is refused by the driver, with a reason.
    let start = url.rfind('@').unwrap_or_default();
    let Some(at) = url[start..].find('?').map(|at| start + at) else {
        return Ok((url.to_owned(), Vec::new()));
    };
    let mut taken = Parameters::new();
    let mut kept = Vec::new();
    for pair in url[at + 1..].split('&') {
        let read = form_urlencoded::parse(pair.as_bytes()).next();
        let found = read.and_then(|(name, value)| {
            let name = ours.iter().find(|ours| **ours == name)?;
            Some((*name, value.into_owned()))
        });
        match found {
            Some((name, _)) if taken.iter().any(|(there, _)| *there == name) => {
                return Err(bad("a parameter stands twice in the URL; keep one"));
            }
            Some(found) => taken.push(found),
            None => kept.push(pair),
        }
    }
    let mut url = url[..at].to_owned();
    if !kept.is_empty() {
        url.push('?');
        url.push_str(&kept.join("&"));
    }
    Ok((url, taken))
}

pub(super) fn bad(text: &str) -> OpenError {
    OpenError::new(OpenErrorKind::Address, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_parameters_do_not_reach_the_driver() {
        for (url, kept, taken) in [
            ("redis://h", "redis://h", vec![]),
            ("redis://h?prefix=a%3Ab", "redis://h", vec!["a:b"]),
            ("redis://h?ca=x&prefix=a", "redis://h?ca=x", vec!["a"]),
            (
                "redis://u:p?prefix=x@h?prefix=a&ca=x",
                "redis://u:p?prefix=x@h?ca=x",
                vec!["a"],
            ),
        ] {
            let (rest, found) = split(url, &["prefix"]).unwrap();
            let found: Vec<_> = found.iter().map(|(_, value)| value.as_str()).collect();
            assert_eq!((rest.as_str(), found), (kept, taken));
        }
        assert!(split("redis://h?prefix=a&prefix=b", &["prefix"]).is_err());
    }
}
