//! Servers that are down, gone, frozen, or refuse.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wahook_core::guard::{Claim, GuardStore as _, Settled, StoreErrorKind, Token};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::{Proxy, Redis};

use crate::common::{
    DUPLICATE, FRESH, LONG, ask, assert_in_flight, claim, claim_when_back, command, complete, key, kind, one,
    open, token,
};

const ALWAYS: [&str; 2] = ["appendonly yes", "appendfsync always"];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_a_server_that_writes_always_knows_after_a_crash_what_it_was_told() {
    let server = Redis::start(&ALWAYS).expect("a server");
    let store = open(&server.url()).await;
    let (done, begun, holder) = (key("done"), key("begun"), token());
    assert_eq!(claim(&store, &done, holder, LONG).await, FRESH);
    assert_eq!(complete(&store, &done, holder).await, Settled::Done);
    assert_eq!(claim(&store, &begun, holder, LONG).await, FRESH);

    server.kill();
    assert_eq!(
        kind(store.claim(&done, one(), token(), LONG).await),
        StoreErrorKind::Unavailable
    );
    server.restart().expect("it comes back");

    assert_eq!(claim_when_back(&store, &done, token(), LONG).await, DUPLICATE);
    assert_in_flight(claim(&store, &begun, token(), LONG).await);
    assert_eq!(complete(&store, &begun, holder).await, Settled::Done);
    assert_eq!(claim(&store, &begun, token(), LONG).await, DUPLICATE);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_a_server_that_lost_everything_refuses_nothing_for_ever() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (done, begun, holder) = (key("done"), key("begun"), token());
    assert_eq!(claim(&store, &done, holder, LONG).await, FRESH);
    assert_eq!(complete(&store, &done, holder).await, Settled::Done);
    assert_eq!(claim(&store, &begun, holder, LONG).await, FRESH);

    server.restart().expect("it comes back");

    assert_eq!(claim_when_back(&store, &done, token(), LONG).await, FRESH);
    assert_eq!(
        complete(&store, &begun, holder).await,
        Settled::Lost,
        "nobody can know it"
    );
    assert_eq!(claim(&store, &begun, token(), LONG).await, FRESH);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g1_a_crash_under_load_makes_nothing_fresh_twice() {
    let server = Redis::start(&ALWAYS).expect("a server");
    let store = Arc::new(open(&server.url()).await);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut fresh = Vec::new();
                for number in 0..300 {
                    let key = key(&format!("key {number}"));
                    let mine = token();
                    // As a provider does: again until there is an answer, each time with a claim of its own.
                    if claim_when_back(&store, &key, mine, LONG).await == FRESH {
                        fresh.push(number);
                    }
                }
                fresh
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.restart().expect("it comes back");
    }
    let mut fresh = Vec::new();
    for task in tasks {
        fresh.extend(task.await.expect("no panic"));
    }
    fresh.sort_unstable();
    let all = fresh.len();
    fresh.dedup();
    assert_eq!(fresh.len(), all, "a key was fresh twice");
    // A claim that was heard and whose connection broke is said again with the same token, so hardly one is stranded.
    assert!(fresh.len() > 250, "only {} were ever fresh", fresh.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_while_the_server_is_gone_every_verb_fails_at_once() {
    let server = Redis::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a proxy");
    let store = open(&server.url_at(&proxy.address())).await;
    let (before, holder) = (key("before"), token());
    assert_eq!(claim(&store, &before, holder, LONG).await, FRESH);

    proxy.cut();
    assert_eq!(
        kind(store.claim(&key("cut"), one(), token(), LONG).await),
        StoreErrorKind::Unavailable
    );
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(
            kind(store.claim(&key("cut"), one(), token(), LONG).await),
            StoreErrorKind::Unavailable
        );
        assert_eq!(
            kind(store.complete(&before, one(), holder, LONG).await),
            StoreErrorKind::Unavailable
        );
        assert_eq!(
            kind(store.release(&before, one(), holder).await),
            StoreErrorKind::Unavailable
        );
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());

    proxy.heal();
    assert_eq!(claim_when_back(&store, &key("after"), token(), LONG).await, FRESH);
    assert_eq!(complete(&store, &before, holder).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_frozen_server_is_slow_and_no_longer_than_the_deadline() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let holder = token();
    assert_eq!(claim(&store, &key("before"), holder, LONG).await, FRESH);

    server.freeze();
    for _ in 0..2 {
        let begun = Instant::now();
        assert_eq!(
            kind(store.claim(&key("frozen"), one(), token(), LONG).await),
            StoreErrorKind::Slow
        );
        let took = begun.elapsed();
        assert!(
            Duration::from_millis(900) < took && took < Duration::from_secs(2),
            "{took:?}"
        );
    }
    server.thaw();

    assert_in_flight(claim_when_back(&store, &key("before"), token(), LONG).await);
    assert_eq!(complete(&store, &key("before"), holder).await, Settled::Done);
}

/// The ids of connections that said a verb last.
fn connections(url: &str) -> Vec<String> {
    let list: String = ask(url, &command("CLIENT LIST"));
    let others = list.lines().filter(|line| !line.contains("cmd=client"));
    others
        .filter_map(|line| Some(line.split(' ').next()?.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_server_that_stays_frozen_is_not_waited_for_again_and_again() {
    let server = Redis::start(&[]).expect("a server");
    let options = RedisOptions::new()
        .deadline(Duration::from_secs(1))
        .connect_deadline(Duration::from_secs(1));
    let store = RedisStore::connect(&server.url(), options)
        .await
        .expect("the store opens");
    server.freeze();
    assert_eq!(
        kind(store.claim(&key("frozen"), one(), token(), LONG).await),
        StoreErrorKind::Slow
    );
    for _ in 0..20 {
        let begun = Instant::now();
        let kind = kind(store.claim(&key("frozen"), one(), token(), LONG).await);
        // By now it is known that it does not answer.
        assert_eq!(kind, StoreErrorKind::Slow);
        if begun.elapsed() < Duration::from_millis(200) {
            server.thaw();
            claim_when_back(&store, &key("thawed"), token(), LONG).await;
            return;
        }
    }
    panic!("each verb waits for its deadline");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_connection_on_which_nothing_comes_is_replaced() {
    is_replaced(LONG).await;
}

/// Whoever guards deliveries gives a verb up sooner than the store would: that must not hide that nothing comes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_connection_on_which_nothing_comes_is_replaced_though_callers_are_impatient() {
    is_replaced(Duration::from_millis(200)).await;
}

async fn is_replaced(patience: Duration) {
    let server = Redis::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a proxy");
    let options = RedisOptions::new().deadline(Duration::from_millis(500));
    let store = RedisStore::connect(&server.url_at(&proxy.address()), options).await;
    let store = store.expect("the store opens");
    let first = connections(&server.url());
    assert_eq!(first.len(), 1);

    proxy.stall();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        let key = key("stalled");
        let claim = store.claim(&key, one(), token(), LONG);
        if let Ok(answer) = tokio::time::timeout(patience, claim).await {
            assert_eq!(kind(answer), StoreErrorKind::Slow);
        }
    }
    proxy.heal();
    claim_when_back(&store, &key("after"), token(), LONG).await;
    // The server may be slow to notice that the old one is gone.
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let after = connections(&server.url());
        if !after.is_empty() && !after.contains(&first[0]) {
            return;
        }
        assert!(Instant::now() < until, "{first:?} {after:?}");
    }
}

/// Callers that give up at once are no sign that the connection is bad.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_callers_that_give_up_cost_no_connection() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let first = connections(&server.url());
    for at in 0..100 {
        let key = key(&format!("given up {at}"));
        let claim = store.claim(&key, one(), token(), LONG);
        drop(tokio::time::timeout(Duration::from_micros(at), claim).await);
    }
    claim_when_back(&store, &key("after"), token(), LONG).await;
    assert_eq!(connections(&server.url()), first);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_primary_that_became_a_replica_is_unavailable_until_it_is_one_again() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let before = connections(&server.url());
    let () = ask(&server.url(), &command("REPLICAOF 127.0.0.1 1"));
    for _ in 0..3 {
        assert_eq!(
            kind(store.claim(&key("replica"), one(), token(), LONG).await),
            StoreErrorKind::Unavailable
        );
    }
    let () = ask(&server.url(), &command("REPLICAOF NO ONE"));
    assert_eq!(
        claim_when_back(&store, &key("replica"), token(), LONG).await,
        FRESH
    );
    // The name of the primary may have led to another server by then, so the connection was made anew.
    let after = connections(&server.url());
    assert!(
        before.iter().all(|id| !after.contains(id)),
        "{before:?} {after:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_without_memory_nothing_is_begun_and_what_was_begun_is_finished() {
    let server = Redis::start(&["maxmemory-policy noeviction"]).expect("a server");
    let store = open(&server.url()).await;
    let (begun, given_up, holder) = (key("begun"), key("given up"), token());
    assert_eq!(claim(&store, &begun, holder, LONG).await, FRESH);
    assert_eq!(claim(&store, &given_up, holder, LONG).await, FRESH);

    let () = ask(&server.url(), &command("CONFIG SET maxmemory 1"));
    assert_eq!(
        kind(store.claim(&key("new"), one(), token(), LONG).await),
        StoreErrorKind::Full
    );
    assert_in_flight(claim(&store, &begun, token(), LONG).await);
    assert_eq!(complete(&store, &begun, holder).await, Settled::Done);
    assert_eq!(claim(&store, &begun, token(), LONG).await, DUPLICATE);
    let released = store
        .release(&given_up, one(), holder)
        .await
        .expect("the store answers");
    assert_eq!(released, Settled::Done);
    // A store can be opened all the same, and says what is wrong.
    let second = open(&server.url()).await;
    let warnings = &second.assurance().warnings;
    assert!(
        warnings.iter().any(|warning| warning.contains("no memory left")),
        "{warnings:?}"
    );

    let () = ask(&server.url(), &command("CONFIG SET maxmemory 0"));
    assert_eq!(claim(&store, &key("new"), token(), LONG).await, FRESH);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g2_a_server_that_forgot_the_scripts_loses_no_verb() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let forget = || {
        let () = ask(&server.url(), &command("SCRIPT FLUSH"));
    };
    let (done, released, holder) = (key("done"), key("released"), token());
    for key in [&done, &released] {
        forget();
        assert_eq!(claim(&store, key, holder, LONG).await, FRESH);
    }
    forget();
    assert_eq!(complete(&store, &done, holder).await, Settled::Done);
    forget();
    let answer = store
        .release(&released, one(), holder)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    forget();
    assert_eq!(claim(&store, &done, token(), LONG).await, DUPLICATE);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn p1_errors_repeat_nothing_of_what_was_said() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let hidden = key("4915112345678");
    let name = format!("wahook:guard:1:{}", hidden.as_str());
    let () = ask(&server.url(), redis::cmd("SET").arg(&name).arg("4915112345678"));
    let error = store
        .claim(&hidden, one(), Token::new(*b"4915112345678abc"), LONG)
        .await;
    let error = error.expect_err("somebody else's value has that name");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let () = ask(&server.url(), redis::cmd("DEL").arg(&name));
    let () = ask(
        &server.url(),
        redis::cmd("HSET")
            .arg(&name)
            .arg(one().as_bytes())
            .arg("4915112345678"),
    );
    let second = store.claim(&hidden, one(), token(), LONG).await;
    for text in [
        format!("{error} {error:?}"),
        format!("{second:?}"),
        format!("{store:?}"),
    ] {
        assert!(!text.contains("49151"), "{text}");
    }
    assert!(!matches!(second, Ok(Claim::Duplicate { .. })), "{second:?}");
}
