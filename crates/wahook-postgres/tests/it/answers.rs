//! Answers that get lost.

use std::{sync::Arc, time::Duration};

use wahook_core::guard::{Claim, GuardStore as _, Settled, StoreErrorKind};
use wahook_postgres::PostgresStore;
use wahook_services::{Postgres, Proxy};

use crate::{
    common::{DUPLICATE, FRESH, LONG, body, claim, client, count, key, open, token, until},
    faults::options,
};

/// What was carried out although its answer was lost: the holder may say it again, and nothing is claimed twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g5_an_answer_that_is_lost_can_be_asked_for_again() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a wire");
    let store = open(&server.url_at(&proxy.address()), options()).await;
    let other = open(&server.url(), options()).await;
    let (claimed, completed, released) = (token(), token(), token());
    assert_eq!(claim(&store, "completed", completed).await, FRESH);
    assert_eq!(claim(&store, "released", released).await, FRESH);
    // A connection that is not given back yet leaves it to a new one, which cannot even begin: then once more.
    let watch = client(&server.url()).await;
    let mut attempt = 0;
    let name = loop {
        let name = format!("claimed {attempt}");
        warm(&store).await;
        proxy.drop_answers();
        let lost = store.claim(&key(&name), body(), claimed, LONG).await;
        assert_eq!(lost.expect_err("its answer is lost").kind(), StoreErrorKind::Slow);
        let written = format!("SELECT count(*) FROM wahook_guard_record WHERE key = 'd:shop:{name}'");
        if count(&watch, &written).await == 1 {
            break name;
        }
        proxy.heal();
        let answers = async || store.release(&key("nobody's"), body(), token()).await.is_ok();
        until("it answers again", answers, |is_ok| *is_ok).await;
        attempt += 1;
        assert!(attempt < 20, "it is never written");
    };
    // Both are under way at once, each on a connection; none of the answers comes.
    let (complete, release) = (key("completed"), key("released"));
    let (one, two) = tokio::join!(
        store.complete(&complete, body(), completed, LONG),
        store.release(&release, body(), released)
    );
    one.expect_err("its answer is lost");
    two.expect_err("its answer is lost");
    // The first was carried out: to everybody else it is held.
    let seen = claim(&other, &name, token()).await;
    assert!(matches!(seen, Claim::InFlight { .. }), "{seen:?}");
    proxy.heal();
    let again = until(
        "the holder's claim",
        async || {
            store
                .claim(&key(&name), body(), claimed, LONG)
                .await
                .map_err(|error| error.kind())
        },
        Result::is_ok,
    )
    .await;
    assert_eq!(again, Ok(FRESH), "it is ours");
    assert_eq!(
        store.complete(&key(&name), body(), claimed, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(
        store.complete(&complete, body(), completed, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(claim(&other, "completed", token()).await, DUPLICATE);
}

/// Leaves a connection with both statements prepared, so that nothing but a verb is said while answers are lost.
async fn warm(store: &PostgresStore) {
    let holder = token();
    assert_eq!(claim(store, "warm", holder).await, FRESH);
    store
        .release(&key("warm"), body(), holder)
        .await
        .expect("an answer");
}

/// A verb whose connection dies after the server carried it out is said again behind the caller's back: never with a
/// wrong answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g5_a_verb_said_twice_by_the_store_is_answered_right_or_not_at_all() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Arc::new(Proxy::to(&server.address()).expect("a wire"));
    let store = Arc::new(
        open(
            &server.url_at(&proxy.address()),
            options().deadline(Duration::from_secs(10)).connections(1),
        )
        .await,
    );
    let direct = open(&server.url(), options()).await;
    let watch = client(&server.url()).await;
    for round in 0..5 {
        let (name, holder) = (format!("round {round}"), token());
        warm(&store).await;
        // The server carries out the first try, its answer is lost, and then the connection is.
        proxy.drop_answers();
        let verb = tokio::spawn({
            let (store, name) = (Arc::clone(&store), name.clone());
            async move { store.claim(&key(&name), body(), holder, LONG).await }
        });
        let written = format!("SELECT count(*) FROM wahook_guard_record WHERE key = 'd:shop:{name}'");
        until(
            "the claim is written",
            async || count(&watch, &written).await,
            |n| *n == 1,
        )
        .await;
        proxy.heal();
        assert_eq!(
            verb.await.unwrap().expect("said again"),
            FRESH,
            "ours, by its token"
        );

        warm(&store).await;
        proxy.drop_answers();
        let verb = tokio::spawn({
            let (store, name) = (Arc::clone(&store), name.clone());
            async move { store.release(&key(&name), body(), holder).await }
        });
        let held =
            format!("SELECT count(*) FROM wahook_guard_record WHERE key = 'd:shop:{name}' AND until > now()");
        until(
            "it is given back",
            async || count(&watch, &held).await,
            |n| *n == 0,
        )
        .await;
        proxy.heal();
        match verb.await.unwrap() {
            Ok(settled) => assert_eq!(settled, Settled::Done, "it was ours"),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        assert_eq!(claim(&direct, &name, token()).await, FRESH, "given back it is");
    }
}
