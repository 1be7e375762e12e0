//! Whose clock it is.

use std::time::Duration;

use wahook_core::guard::{Claim, GuardStore as _, Settled};
use wahook_services::Redis;

use crate::common::{FRESH, LONG, claim, complete, key, one, open, token};

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_leases_run_on_the_servers_clock_however_ours_jumps() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (key, holder) = (key("held"), token());
    assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
    tokio::time::resume();

    // A deadline may have been reached by that jump; a lease may not.
    let answer = store
        .claim(&key, one(), token(), LONG)
        .await
        .expect("the store answers");
    match answer {
        Claim::InFlight {
            left,
            conflict: false,
        } => {
            assert!(Duration::from_secs(30) < left && left <= LONG, "{left:?}");
        }
        other => panic!("the lease runs: {other:?}"),
    }
    assert_eq!(complete(&store, &key, holder).await, Settled::Done);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_a_lease_that_is_taken_again_by_its_holder_begins_anew() {
    let server = Redis::start(&[]).expect("a server");
    let store = open(&server.url()).await;
    let (key, holder) = (key("again"), token());
    assert_eq!(claim(&store, &key, holder, LONG).await, FRESH);
    assert_eq!(claim(&store, &key, holder, 3 * LONG).await, FRESH);
    match claim(&store, &key, token(), LONG).await {
        Claim::InFlight { left, .. } => assert!(left > 2 * LONG, "{left:?}"),
        other => panic!("the lease runs: {other:?}"),
    }
}
