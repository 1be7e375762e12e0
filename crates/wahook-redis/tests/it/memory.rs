//! What it costs the server to remember.

use std::time::Duration;

use wahook_core::guard::{Claim, Digest, GuardStore as _, Settled};
use wahook_services::Redis;

use crate::common::{
    DUPLICATE, FRESH, LONG, SHORT, ask, assert_in_flight, claim, command, complete, key, one, open, token,
    two,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g9_a_key_is_small_and_goes_when_its_time_is_over() {
    let server = Redis::start(&[]).expect("a server");
    let (store, url) = (open(&server.url()).await, server.url());
    let (done, released, holder) = (key("3EB0C431C26A1916E07E"), key("released"), token());
    let name = "wahook:guard:1:d:shop:3EB0C431C26A1916E07E";
    let left = || -> i64 { ask(&url, &command(&format!("PTTL {name}"))) };

    assert_eq!(claim(&store, &done, holder, LONG).await, FRESH);
    assert!((50_000..=60_000).contains(&left()), "{}", left());
    let answer = store
        .complete(&done, one(), holder, 60 * LONG)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    assert!((3_500_000..=3_600_000).contains(&left()), "{}", left());
    let bytes: usize = ask(&url, &command(&format!("MEMORY USAGE {name}")));
    assert!(bytes <= 176, "{bytes} bytes");

    assert_eq!(claim(&store, &released, holder, LONG).await, FRESH);
    let answer = store
        .release(&released, one(), holder)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    let keys: Vec<String> = ask(&url, &command("KEYS *"));
    assert_eq!(keys, [name], "of what was released nothing is left");

    // A shorter life than the lease had, and nobody who asks again: the server forgets it by itself.
    let short = key("short");
    assert_eq!(claim(&store, &short, holder, LONG).await, FRESH);
    store
        .complete(&short, one(), holder, SHORT)
        .await
        .expect("the store answers");
    for _ in 0..500 {
        if ask::<usize>(&url, &command("DBSIZE")) == 1 {
            return;
        }
        tokio::time::sleep(SHORT / 5).await;
    }
    panic!("it is still there");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g9_a_hash_lives_as_long_as_its_last_record() {
    let server = Redis::start(&[]).expect("a server");
    let (store, url) = (open(&server.url()).await, server.url());
    let (key, holder) = (key("two"), token());
    assert_eq!(claim(&store, &key, holder, 10 * LONG).await, FRESH);
    // A record that ends earlier does not take the other one along.
    let second = store
        .claim(&key, two(), holder, LONG)
        .await
        .expect("the store answers");
    assert_eq!(second, Claim::Fresh { conflict: true });
    let left: i64 = ask(&url, &command("PTTL wahook:guard:1:d:shop:two"));
    assert!(left > 590_000, "{left}");
    // One that ends later keeps it.
    store
        .complete(&key, two(), holder, 100 * LONG)
        .await
        .expect("the store answers");
    let left: i64 = ask(&url, &command("PTTL wahook:guard:1:d:shop:two"));
    assert!(left > 5_900_000, "{left}");
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_what_is_over_is_over_though_another_body_keeps_the_hash() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (done, completed, released, holder) = (key("done"), key("completed"), key("released"), token());
    for key in [&done, &completed, &released] {
        store
            .claim(key, two(), holder, LONG)
            .await
            .expect("the store answers");
    }
    let fresh = Claim::Fresh { conflict: true };
    assert_eq!(claim(&store, &done, holder, LONG).await, fresh);
    let answer = store
        .complete(&done, one(), holder, SHORT)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    assert_eq!(claim(&store, &completed, holder, SHORT).await, fresh);
    assert_eq!(claim(&store, &released, holder, SHORT).await, fresh);
    tokio::time::sleep(3 * SHORT).await;
    assert_eq!(claim(&store, &done, token(), LONG).await, fresh);
    assert_eq!(complete(&store, &completed, holder).await, Settled::Lost);
    let answer = store
        .release(&released, one(), holder)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Lost);
    assert_eq!(claim(&store, &completed, token(), LONG).await, fresh);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g2_a_complete_that_is_said_again_changes_nothing() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (key, holder) = (key("twice"), token());
    assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
    let answer = store
        .complete(&key, one(), holder, 10 * LONG)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    let left: i64 = ask(&server.url(), &command("PTTL wahook:guard:1:d:shop:twice"));
    assert!((50_000..=60_000).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g7_records_that_are_over_are_taken_out_a_bounded_number_at_a_time() {
    let server = Redis::start(&[]).expect("a server");
    let (store, url) = (open(&server.url()).await, server.url());
    let (key, holder) = (key("many"), token());
    assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);
    // A second body, which makes it a hash, and is over at once.
    let second = store.claim(&key, two(), holder, Duration::ZERO).await;
    assert_eq!(
        second.expect("the store answers"),
        Claim::Fresh { conflict: true }
    );
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
    // Each meets a live record at once, so none of them looks at all of the others.
    let mut name = redis::cmd("HSET");
    name.arg("wahook:guard:1:d:shop:many");
    for number in 0..2000_u32 {
        name.arg(Digest::of(&number.to_le_bytes()).as_bytes())
            .arg("C0123456789abcdef1");
    }
    let () = ask(&url, &name);
    let count = || -> usize { ask(&url, &command("HLEN wahook:guard:1:d:shop:many")) };
    let mut before = count();
    assert_eq!(before, 2002);
    for _ in 0..20 {
        let answer = store
            .claim(&key, one(), token(), LONG)
            .await
            .expect("the store answers");
        assert_eq!(answer, DUPLICATE, "records that are over are no conflict");
        let after = count();
        assert!(before - after <= 600, "{before} → {after}");
        if after == 1 {
            return;
        }
        assert!(after < before);
        before = after;
    }
    panic!("{before} are left");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g2_any_duration_is_a_time_to_live() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (forever, never, holder) = (key("for ever"), key("never"), token());
    assert_eq!(claim(&store, &forever, holder, Duration::MAX).await, FRESH);
    let answer = store
        .complete(&forever, one(), holder, Duration::MAX)
        .await
        .expect("the store answers");
    assert_eq!(answer, Settled::Done);
    assert_eq!(claim(&store, &forever, token(), LONG).await, DUPLICATE);
    assert_eq!(claim(&store, &never, holder, Duration::ZERO).await, FRESH);
    assert_eq!(complete(&store, &never, holder).await, Settled::Lost);
    assert_eq!(
        claim(&store, &never, holder, Duration::from_nanos(1)).await,
        FRESH
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g1_no_script_is_run_for_a_new_key_or_for_one_that_is_done() {
    let server = Redis::start(&[]).expect("a server");
    let (store, url) = (open(&server.url()).await, server.url());
    let scripts = || -> usize {
        let stats: String = ask(&url, &command("INFO commandstats"));
        let calls = |line: &str| {
            line.strip_prefix("cmdstat_evalsha:calls=")?
                .split(',')
                .next()?
                .parse()
                .ok()
        };
        stats.lines().find_map(calls).unwrap_or(0)
    };
    let (key, holder, before) = (key("new"), token(), scripts());
    assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);
    assert_eq!(scripts() - before, 0);
    assert_in_flight(claim(&store, &key, token(), LONG).await);
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
    assert_eq!(scripts() - before, 2, "who holds it is for the script");
    assert_eq!(claim(&store, &key, token(), LONG).await, DUPLICATE);
    assert_eq!(scripts() - before, 2);
}
