//! I3: a broker that goes and comes back.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::timeout};
use wahook_core::sink::SinkErrorKind;

use super::{Harness, all_in_order, numbers};
use crate::{contract::at_once, sink::event};

/// **I3**: while the broker is away nothing is confirmed, and that is said in time; when it is back, no hand is needed. What
/// failed does not come late, before what is handed over again.
pub async fn i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself(harness: Harness) {
    let sink = harness.sink();
    harness.hand_over(&*sink, &[event("a", 0)]).await;
    harness.outage().begin().await;
    for _ in 0..2 {
        let delivered = harness.deliver(&*sink, &[event("a", 1), event("a", 2)]).await;
        assert_eq!(delivered.done, 0, "nobody was there who could confirm");
        let error = delivered.error.expect("it says that it could not");
        assert!(
            matches!(error.kind(), SinkErrorKind::Unavailable { .. }),
            "another would count as the event's own failure: {error:?}"
        );
    }
    harness.outage().end().await;
    harness
        .insist(&*sink, &[event("a", 1), event("a", 2)], || ())
        .await;
    harness.hand_over(&*sink, &[event("a", 3)]).await;
    let received = harness.read().await;
    all_in_order(&received, "a", 4);
    assert!(numbers(&received, "a").len() <= 10, "{received:?}");
}

const CHATS: usize = 4;
const EACH: u64 = 200;
const ALL: u64 = CHATS as u64 * EACH;
/// Time enough for a slow broker to come up again and again, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(240);

/// **I3**: killed and started again while four conversations hand over, it has all that it confirmed, each in order.
pub async fn i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order(harness: Harness) {
    let sink = harness.sink();
    let (done, failed) = (Arc::new(watch::Sender::new(0)), Arc::new(watch::Sender::new(0)));
    let faults = {
        let (harness, mut done, mut failed) = (harness.clone(), done.subscribe(), failed.subscribe());
        tokio::spawn(async move {
            let kills = harness.times();
            for kill in 1..=kills {
                let so_far = ALL * kill / (kills + 1);
                done.wait_for(|done| *done >= so_far).await.expect("it goes on");
                harness.outage().begin().await;
                // It is noticed before it is back.
                let before = *failed.borrow();
                tokio::select! {
                    noticed = failed.wait_for(|failed| *failed > before) => {
                        noticed.expect("it goes on");
                    }
                    _ = done.wait_for(|done| *done >= ALL) => panic!("all was confirmed while nobody was there"),
                }
                harness.outage().end().await;
            }
        })
    };
    let lanes = at_once(CHATS, |chat| {
        let (harness, sink, chat) = (harness.clone(), Arc::clone(&sink), chat.to_string());
        let (done, failed) = (Arc::clone(&done), Arc::clone(&failed));
        async move {
            for number in 0..EACH {
                // As a worker does: the next of a conversation behind the one before.
                let failed = || failed.send_modify(|count| *count += 1_u64);
                harness.insist(&*sink, &[event(&chat, number)], failed).await;
                done.send_modify(|count| *count += 1_u64);
            }
        }
    });
    let all = timeout(PATIENCE, async { tokio::join!(lanes, faults) }).await;
    let (_, faults) = all.expect("it goes on after an outage");
    faults.expect("the broker was killed and started again");
    let received = harness.read().await;
    for chat in 0..CHATS {
        all_in_order(&received, &chat.to_string(), EACH);
    }
}
