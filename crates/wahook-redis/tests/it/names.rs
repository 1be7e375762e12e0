//! How guard keys are called on the server.

use std::collections::BTreeSet;

use wahook_core::guard::{GuardStore as _, Key};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::Redis;

use crate::common::{
    DUPLICATE, FRESH, LONG, ask, assert_in_flight, claim, command, complete, key, one, open, token,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g6_every_text_is_a_name_of_its_own() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let texts = [
        "",
        " ",
        "{",
        "}",
        "{}",
        "{a}",
        "a{b}c",
        "{a}{b}",
        "*",
        "?",
        "[a]",
        "\\",
        "\"",
        "'",
        "\r\n",
        "\n",
        "\0",
        "a\0",
        "a\0b",
        "a",
        "A",
        "ä",
        "a\u{308}",
        "\u{202e}",
        "💬",
        "$1",
        "*1\r\n$4\r\nPING\r\n",
        "KEYS[1]",
        "]]",
        "--",
        ":",
        "::",
        "%00",
    ];
    let mut keys: Vec<Key> = texts.iter().map(|text| key(text)).collect();
    keys.extend(texts.iter().map(|text| Key::event("shop", text)));
    keys.extend([
        key(&"x".repeat(512)),
        key(&"x".repeat(513)),
        key(&"{".repeat(100_000)),
    ]);
    for key in &keys {
        assert_eq!(claim(&store, key, token(), LONG).await, FRESH, "{key:?}");
    }
    for key in &keys {
        assert_in_flight(claim(&store, key, token(), LONG).await);
    }
    let names: Vec<Vec<u8>> = ask(&server.url(), &command("KEYS *"));
    let names: BTreeSet<_> = names.into_iter().collect();
    let wanted = keys
        .iter()
        .map(|key| format!("wahook:guard:1:{}", key.as_str()).into_bytes());
    assert_eq!(names, wanted.collect());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g6_databases_and_prefixes_do_not_share_and_all_else_does() {
    let server = Redis::start(&[]).expect("a server");
    let other = RedisOptions::new().prefix("other {tag}*".replace(' ', ""));
    let first = open(&server.url()).await;
    let same = open(&format!("{}/0", server.url())).await;
    let database = open(&format!("{}/5", server.url())).await;
    let prefix = RedisStore::connect(&server.url(), other)
        .await
        .expect("the store opens");
    let (key, holder) = (key("shared"), token());
    assert_eq!(claim(&first, &key, holder, LONG).await, FRESH);
    assert_in_flight(claim(&same, &key, token(), LONG).await);
    assert_eq!(
        complete(&same, &key, holder).await,
        wahook_core::guard::Settled::Done
    );
    assert_eq!(claim(&first, &key, token(), LONG).await, DUPLICATE);
    for store in [&database, &prefix] {
        assert_eq!(claim(store, &key, token(), LONG).await, FRESH);
        let answer = store
            .release(&key, one(), holder)
            .await
            .expect("the store answers");
        assert_eq!(answer, wahook_core::guard::Settled::Lost);
    }
}
