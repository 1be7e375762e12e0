//! I5: an inbox out of reach says so, and goes on by itself.

use std::time::Duration;

use wahook_core::{
    guard::{Key, Settled, StoreError, StoreErrorKind},
    inbox::Retention,
};

use super::{ALL, Harness, LONG, SHORT, all_dead, at_once, reading, said, token};

fn is_down<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    let error = answer.expect_err("the inbox is out of reach, and nothing is guessed");
    assert!(
        matches!(
            error.kind(),
            StoreErrorKind::Slow | StoreErrorKind::Unavailable | StoreErrorKind::Full
        ),
        "{error:?}"
    );
}

/// Says it until the inbox is back.
async fn answered<T, Said>(verb: impl Fn() -> Said) -> T
where
    Said: Future<Output = Result<T, StoreError>>,
{
    for _ in 0..500 {
        if let Ok(answer) = verb().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the inbox did not come back");
}

/// **I5**: while the inbox is out of reach each verb fails in time, also where many wait, and none is guessed.
pub async fn i5_an_inbox_out_of_reach_says_so_in_time(harness: Harness) {
    harness.put(&[said("1")]).await;
    harness.post(&["2"]).await;
    let hold = harness.hold_one("till").await;
    let unread = harness.all_unread().await;
    harness.begin_outage().await;
    let retention = Retention {
        rows: LONG,
        bodies: LONG,
        dead: LONG,
        count: 10,
    };
    for _ in 0..2 {
        let verbs = at_once(16, |task| {
            let harness = harness.clone();
            let readings = unread
                .iter()
                .map(|unread| reading(unread, vec![said("2")]))
                .collect();
            let (holder, settlement, lane) = (hold.token, hold.done(), hold.lane.id);
            async move {
                match task % 8 {
                    0 => is_down(harness.try_known(&[Key::delivery("shop", "1")]).await),
                    1 => is_down(
                        harness
                            .try_accept(harness.letter(&format!("new {task}")).incoming())
                            .await,
                    ),
                    2 => is_down(harness.try_unread(harness.reader, 10, 1 << 20, LONG).await),
                    3 => is_down(harness.try_file(harness.reader, readings).await),
                    4 => is_down(harness.try_take("till", token(), ALL, LONG).await),
                    5 => is_down(harness.try_settle(holder, settlement).await),
                    6 => is_down(harness.try_renew(lane, holder, LONG).await),
                    _ => is_down(harness.try_sweep(retention).await),
                }
            }
        });
        verbs.await;
    }
    harness.end_outage().await;
}

/// **I5**: when it is back all is as it was, what failed can be said again, and no hand is needed.
pub async fn i5_after_an_outage_all_is_as_it_was(harness: Harness) {
    harness.put(&["1", "2", "3"].map(said)).await;
    harness.post(&["later"]).await;
    let hold = harness.hold_one("till").await;
    let unread = harness.all_unread().await;
    let new = harness.letter("new").incoming();
    let readings = || {
        unread
            .iter()
            .map(|unread| reading(unread, vec![said("later")]))
            .collect()
    };
    harness.begin_outage().await;
    is_down(harness.try_accept(new.clone()).await);
    is_down(harness.try_file(harness.reader, readings()).await);
    is_down(harness.try_settle(hold.token, hold.done_to(2)).await);
    harness.end_outage().await;

    // What failed may have been done; said again it is done.
    answered(|| harness.try_accept(new.clone())).await;
    let filed = answered(|| harness.try_file(harness.reader, readings())).await;
    assert!(filed.is_some(), "nobody else came");
    answered(|| harness.try_settle(hold.token, hold.done_to(2))).await;
    assert_eq!(harness.hand_over("till").await, [["3", "later"]]);
    let unread = harness.all_unread().await;
    assert_eq!(super::bodies(&unread), ["new"], "once");
    assert_eq!(harness.all_events().await.len(), 4);
    assert!(harness.dead(&all_dead()).await.is_empty());
}

/// **I6**: a lease that ends while the inbox is away is over when it is back.
pub async fn i6_a_lease_runs_on_while_the_inbox_is_away(harness: Harness) {
    harness.put(&[said("1")]).await;
    let hold = harness.hold_for("till", ALL, SHORT).await.remove(0);
    harness.begin_outage().await;
    harness.pass(3 * SHORT).await;
    harness.end_outage().await;
    let settled = answered(|| harness.try_settle(hold.token, hold.done())).await;
    assert_eq!(settled, Settled::Lost);
    let next = harness.hold_when_due("till").await;
    assert_eq!((next.keys(), next.attempts()), (vec!["1".to_owned()], vec![2]));
}

/// **I1**, **I2**, **I5**: where many come when the inbox goes away, what was answered is there once, and what was not
/// answered can be sent again.
pub async fn i5_an_outage_in_the_middle_of_work_loses_nothing(harness: Harness) {
    const TASKS: usize = 16;
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
            let (mut answered, mut number) = (Vec::new(), 0_u32);
            loop {
                let incoming = harness.letter(&format!("{task} {number}")).incoming();
                if harness.try_accept(incoming.clone()).await.is_err() {
                    return (answered, incoming);
                }
                answered.push(incoming);
                number += 1;
                assert!(number < 5_000, "out of reach, nothing can be acknowledged");
                // An inbox that never waits would leave no turn for the outage.
                tokio::task::yield_now().await;
            }
        }
    });
    let work = work.await;
    outage.await.expect("the inbox can be put out of reach");
    harness.end_outage().await;
    let mut expected = 0;
    for (done, unanswered) in work {
        expected += done.len() as u64 + 1;
        answered(|| harness.try_accept(unanswered.clone())).await;
        // The newest are the ones that may be missing.
        for incoming in done.iter().rev().take(20) {
            let kept = answered(|| harness.try_delivery(incoming.delivery().id)).await;
            assert!(kept.is_some(), "it was answered");
        }
    }
    assert_eq!(harness.status().await.deliveries, expected, "each once");
}
