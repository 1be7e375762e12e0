//! Answers and connections that get lost.

use std::time::Duration;

use wahook_core::guard::{GuardStore as _, Settled, StoreErrorKind};
use wahook_services::{Proxy, Redis};

use crate::common::{
    DUPLICATE, FRESH, LONG, ask, assert_in_flight, claim, claim_when_back, claim_when_free, command,
    complete, key, kind, one, open, token,
};

const LEASE: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_a_claim_whose_answer_was_lost_ends_with_its_lease() {
    let server = Redis::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a proxy");
    let store = open(&server.url_at(&proxy.address())).await;
    let direct = open(&server.url()).await;

    proxy.drop_answers();
    let lost = key("lost");
    assert_eq!(
        kind(store.claim(&lost, one(), token(), LEASE).await),
        StoreErrorKind::Slow
    );
    assert_in_flight(claim(&direct, &lost, token(), LONG).await);
    claim_when_free(&direct, &lost).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_who_asks_again_after_a_lost_answer_gets_the_same_one() {
    let server = Redis::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a proxy");
    let store = open(&server.url_at(&proxy.address())).await;
    let (key, holder) = (key("again"), token());

    proxy.drop_answers();
    assert_eq!(
        kind(store.claim(&key, one(), holder, LONG).await),
        StoreErrorKind::Slow
    );
    proxy.heal();
    assert_eq!(
        claim_when_back(&store, &key, holder, LONG).await,
        FRESH,
        "it is its own claim"
    );
    assert_in_flight(claim(&store, &key, token(), LONG).await);

    proxy.drop_answers();
    assert_eq!(
        kind(store.complete(&key, one(), holder, LONG).await),
        StoreErrorKind::Slow
    );
    proxy.heal();
    assert_eq!(claim_when_back(&store, &key, token(), LONG).await, DUPLICATE);
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
    assert_eq!(
        claim(&store, &key, holder, LONG).await,
        DUPLICATE,
        "what is done is done for its holder, too"
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g8_a_connection_that_the_server_closed_costs_no_verb() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    for round in 0..3 {
        // Longer than a connection has to live to be a good one.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let key = key(&format!("round {round}"));
        let holder = token();
        let closed: usize = ask(&server.url(), &command("CLIENT KILL TYPE normal SKIPME yes"));
        assert!(closed >= 1);
        assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);
        assert_eq!(complete(&store, &key, holder).await, Settled::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_verbs_that_were_given_up_do_not_disturb_those_after_them() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let mine = token();
    for number in 0..200 {
        let given_up = key(&format!("given up {number}"));
        tokio::select! {
            biased;
            _ = store.claim(&given_up, one(), token(), LONG) => {}
            () = tokio::task::yield_now() => {}
        }
        // Answers come in order; if one of them were taken for another's, this would not be fresh.
        assert_eq!(
            claim(&store, &key(&format!("kept {number}")), mine, LONG).await,
            FRESH
        );
    }
}
