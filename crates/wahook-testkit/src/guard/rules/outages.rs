//! G8: a store out of reach guesses nothing, and forgets nothing of what it had acknowledged.

use std::time::Duration;

use wahook_core::guard::{Claim, Settled, StoreError, StoreErrorKind};

use super::{DUPLICATE, FRESH, Harness, LONG, SHORT, assert_duplicate, at_once, one, token};

/// **G8**: while the store is out of reach each verb fails in time, also where many wait, and none is answered by a
/// guess. What this process itself saw completed may be called a duplicate: it is one.
pub async fn g8_a_store_out_of_reach_says_so_in_time(harness: Harness) {
    let (done, held, new) = (harness.key("done"), harness.key("held"), harness.key("new"));
    harness.finish(&done, one(), LONG).await;
    let holder = harness.hold(&held, one(), LONG).await;
    harness.begin_outage().await;
    // Once for the connection that breaks, once for the one that cannot be made.
    for _ in 0..2 {
        let verbs = at_once(32, |number| {
            let harness = harness.clone();
            let (done, held, new) = (done.clone(), held.clone(), new.clone());
            async move {
                match number % 5 {
                    0 => match harness.try_claim(&done, one(), token(), LONG).await {
                        Ok(claim) => assert_eq!(claim, DUPLICATE),
                        Err(error) => is_down(&error),
                    },
                    1 => is_down(&harness.try_claim(&held, one(), token(), LONG).await.unwrap_err()),
                    2 => is_down(&harness.try_claim(&new, one(), token(), SHORT).await.unwrap_err()),
                    3 => is_down(
                        &harness
                            .try_complete(&held, one(), holder, LONG)
                            .await
                            .unwrap_err(),
                    ),
                    _ => is_down(&harness.try_release(&new, one(), holder).await.unwrap_err()),
                }
            }
        });
        verbs.await;
    }
    harness.end_outage().await;
}

fn is_down(error: &StoreError) {
    assert!(
        matches!(error.kind(), StoreErrorKind::Slow | StoreErrorKind::Unavailable),
        "it is down: {error:?}"
    );
}

/// **G8**: when the store is back, what was completed is a duplicate, what was in flight is in flight, and what failed
/// in between can be said again.
pub async fn g8_after_an_outage_all_is_as_it_was(harness: Harness) {
    let names = ["done", "held", "completed", "released", "claimed", "untouched"];
    let [done, held, completed, released, claimed, untouched] = names.map(|name| harness.key(name));
    harness.finish(&done, one(), LONG).await;
    let holder = harness.hold(&held, one(), LONG).await;
    let completing = harness.hold(&completed, one(), LONG).await;
    let releasing = harness.hold(&released, one(), LONG).await;
    let claiming = token();
    harness.begin_outage().await;
    assert!(
        harness
            .try_complete(&completed, one(), completing, LONG)
            .await
            .is_err()
    );
    assert!(harness.try_release(&released, one(), releasing).await.is_err());
    assert!(harness.try_claim(&claimed, one(), claiming, LONG).await.is_err());
    harness.end_outage().await;

    let claim = answered(|| harness.try_claim(&done, one(), token(), LONG)).await;
    assert_eq!(claim, DUPLICATE);
    let claim = answered(|| harness.try_claim(&held, one(), token(), LONG)).await;
    assert!(matches!(claim, Claim::InFlight { .. }), "{claim:?}");
    let settled = answered(|| harness.try_complete(&held, one(), holder, LONG)).await;
    assert_eq!(settled, Settled::Done);
    assert_duplicate(&harness, &held, one()).await;
    let settled = answered(|| harness.try_complete(&completed, one(), completing, LONG)).await;
    assert_eq!(settled, Settled::Done);
    assert_duplicate(&harness, &completed, one()).await;
    answered(|| harness.try_release(&released, one(), releasing)).await;
    harness.hold(&released, one(), LONG).await;
    let claim = answered(|| harness.try_claim(&claimed, one(), claiming, LONG)).await;
    assert!(matches!(claim, Claim::Fresh { .. }), "{claim:?}");
    let claim = answered(|| harness.try_claim(&untouched, one(), claiming, LONG)).await;
    assert_eq!(claim, FRESH);
}

/// **G4**, **G8**: a lease that ends while the store is away is over when it is back.
pub async fn g8_a_lease_runs_on_while_the_store_is_away(harness: Harness) {
    let (lost, over) = (harness.key("lost"), harness.key("over"));
    let holder = harness.hold(&lost, one(), SHORT).await;
    harness.finish(&over, one(), SHORT).await;
    harness.begin_outage().await;
    harness.pass(3 * SHORT).await;
    harness.end_outage().await;
    let settled = answered(|| harness.try_complete(&lost, one(), holder, LONG)).await;
    assert_eq!(settled, Settled::Lost);
    for key in [&lost, &over] {
        let claim = answered(|| harness.try_claim(key, one(), holder, LONG)).await;
        assert_eq!(claim, FRESH);
    }
}

/// **G8**: where many are at work when the store goes away, what was acknowledged is kept, and what was not completed is
/// no duplicate.
pub async fn g8_an_outage_in_the_middle_of_work_forges_no_mark(harness: Harness) {
    const TASKS: usize = 16;
    /// Of the newest that were done so many are looked at, for each task.
    const NEWEST: usize = 20;
    let outage = {
        let harness = harness.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SHORT / 2).await;
            harness.begin_outage().await;
        })
    };
    let work = at_once(TASKS, |task| {
        let harness = harness.clone();
        async move {
            let mut done = Vec::new();
            for number in 0_u32.. {
                let (key, holder) = (harness.key(&format!("work {task} {number}")), token());
                match harness.try_claim(&key, one(), holder, LONG).await {
                    Ok(claim) => assert_eq!(claim, FRESH),
                    Err(_) => return (done, None, Some(key)),
                }
                match harness.try_complete(&key, one(), holder, LONG).await {
                    Ok(settled) => assert_eq!(settled, Settled::Done),
                    Err(_) => return (done, Some((key, holder)), None),
                }
                if done.len() == NEWEST {
                    done.remove(0);
                }
                done.push(key);
                // A store that never waits would leave no turn for the outage.
                tokio::task::yield_now().await;
            }
            unreachable!("the outage ends the work");
        }
    });
    let work = work.await;
    outage.await.expect("the store can be put out of reach");
    harness.end_outage().await;
    for (done, completing, claiming) in work {
        for key in done {
            let claim = answered(|| harness.try_claim(&key, one(), token(), LONG)).await;
            assert_eq!(claim, DUPLICATE, "it was acknowledged");
        }
        if let Some((key, holder)) = completing {
            let settled = answered(|| harness.try_complete(&key, one(), holder, LONG)).await;
            assert_eq!(settled, Settled::Done, "its lease still runs");
        }
        if let Some(key) = claiming {
            let claim = answered(|| harness.try_claim(&key, one(), token(), LONG)).await;
            assert!(!matches!(claim, Claim::Duplicate { .. }), "nobody completed it");
        }
    }
}

/// Says it until the store is back.
async fn answered<T, Said>(verb: impl Fn() -> Said) -> T
where
    Said: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..500 {
        match verb().await {
            Ok(answer) => return answer,
            Err(error) => is_down(&error),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the store did not come back");
}
