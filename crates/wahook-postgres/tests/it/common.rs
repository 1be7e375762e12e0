//! What the tests share.

use std::{
    fmt::Debug,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use tokio_postgres::{Client, NoTls};
use wahook_core::guard::{Claim, Digest, GuardStore as _, Key, Token};
use wahook_postgres::{PostgresOptions, PostgresStore};

/// A lease or life that does not end during a test.
pub(crate) const LONG: Duration = Duration::from_secs(600);
/// One whose end a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

pub(crate) const FRESH: Claim = Claim::Fresh { conflict: false };
pub(crate) const DUPLICATE: Claim = Claim::Duplicate { conflict: false };

/// A schema of the caller's own, so that tests share a server.
pub(crate) fn schema() -> PostgresOptions {
    PostgresOptions::default().schema(name())
}

pub(crate) fn name() -> String {
    format!("test_{:016x}", random())
}

pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

pub(crate) fn token() -> Token {
    Token::new((u128::from(random()) << 64 | u128::from(random())).to_le_bytes())
}

pub(crate) fn key(name: &str) -> Key {
    Key::delivery("shop", name)
}

pub(crate) fn body() -> Digest {
    Digest::of(b"body")
}

pub(crate) async fn open(url: &str, options: PostgresOptions) -> PostgresStore {
    PostgresStore::connect(url, options).await.expect("it opens")
}

pub(crate) async fn claim(store: &PostgresStore, name: &str, token: Token) -> Claim {
    let claim = store.claim(&key(name), body(), token, LONG).await;
    claim.expect("the store answers")
}

/// A connection of the test's own.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// A number that the server gives.
pub(crate) async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect("a count").get(0)
}

/// Asks until the answer is the wanted one.
pub(crate) async fn until<T: Debug>(
    what: &str,
    mut ask: impl AsyncFnMut() -> T,
    wanted: impl Fn(&T) -> bool,
) -> T {
    let mut last = None;
    for _ in 0..1500 {
        let found = ask().await;
        if wanted(&found) {
            return found;
        }
        last = Some(found);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: still {last:?}");
}
