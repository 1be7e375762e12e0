//! What the tests share.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use redis::{Cmd, FromRedisValue};
use wahook_core::guard::{Claim, Digest, GuardStore as _, Key, Settled, StoreError, StoreErrorKind, Token};
use wahook_redis::{RedisOptions, RedisStore};

pub(crate) const FRESH: Claim = Claim::Fresh { conflict: false };
pub(crate) const DUPLICATE: Claim = Claim::Duplicate { conflict: false };

/// A lease or life that does not end during a test.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// One whose end a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

pub(crate) fn one() -> Digest {
    Digest::of(b"one")
}

pub(crate) fn two() -> Digest {
    Digest::of(b"two")
}

/// A token that nobody else has.
pub(crate) fn token() -> Token {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut bytes = [0; 16];
    let (process, count) = bytes.split_at_mut(8);
    process.copy_from_slice(&u64::from(std::process::id()).to_le_bytes());
    count.copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    Token::new(bytes)
}

pub(crate) fn key(text: &str) -> Key {
    Key::delivery("shop", text)
}

pub(crate) async fn open(url: &str) -> RedisStore {
    RedisStore::connect(url, RedisOptions::new())
        .await
        .expect("the store opens")
}

pub(crate) async fn claim(store: &RedisStore, key: &Key, token: Token, lease: Duration) -> Claim {
    store
        .claim(key, one(), token, lease)
        .await
        .expect("the store answers")
}

pub(crate) async fn complete(store: &RedisStore, key: &Key, token: Token) -> Settled {
    store
        .complete(key, one(), token, LONG)
        .await
        .expect("the store answers")
}

pub(crate) fn assert_in_flight(claim: Claim) {
    assert!(
        matches!(claim, Claim::InFlight { .. }),
        "somebody holds it: {claim:?}"
    );
}

pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> StoreErrorKind {
    answer.expect_err("the store cannot answer").kind()
}

/// Says a thing to the server, past the store.
pub(crate) fn ask<T: FromRedisValue>(url: &str, command: &Cmd) -> T {
    let client = redis::Client::open(url).expect("a URL");
    let mut connection = client.get_connection().expect("the server is there");
    command.query(&mut connection).expect("the server answers")
}

pub(crate) fn command(text: &str) -> Cmd {
    let mut words = text.split(' ');
    let mut command = redis::cmd(words.next().expect("a word"));
    for word in words {
        command.arg(word);
    }
    command
}

/// Claims until the store answers, and says what.
pub(crate) async fn claim_when_back(store: &RedisStore, key: &Key, token: Token, lease: Duration) -> Claim {
    for _ in 0..500 {
        match store.claim(key, one(), token, lease).await {
            Ok(claim) => return claim,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the store does not answer although the server is back: {store:?}");
}

/// Claims until it is fresh.
pub(crate) async fn claim_when_free(store: &RedisStore, key: &Key) {
    for _ in 0..500 {
        if claim(store, key, token(), LONG).await == FRESH {
            return;
        }
        tokio::time::sleep(SHORT / 5).await;
    }
    panic!("the record did not become free although its lease is over");
}
