//! I3: who waits is told that something came in.

use std::{sync::Arc, time::Duration};

use wahook_core::inbox::{Desk, Replay, Then};

use super::{Harness, all_dead, all_events, reading, said};

/// **I3**: who waits for something to come in is told of every delivery and every event in a lane that comes through the
/// same handle, also of what came between two looks.
pub async fn i3_who_waits_is_told_that_something_came_in(harness: Harness) {
    let inbox = harness.inbox();
    inbox
        .accept(harness.letter("a").incoming())
        .await
        .expect("the inbox answers");
    let mut seen = harness.in_time(inbox.stirred(0)).await;

    // What came between two looks.
    seen = quiet(&inbox, seen).await;
    inbox
        .accept(harness.letter("b").incoming())
        .await
        .expect("the inbox answers");
    seen = harness.in_time(inbox.stirred(seen)).await;

    // What comes while somebody waits.
    for step in ["accept", "file", "retry", "replay"] {
        seen = quiet(&inbox, seen).await;
        let waiting = {
            let inbox = inbox.clone();
            tokio::spawn(async move { inbox.stirred(seen).await })
        };
        tokio::task::yield_now().await;
        match step {
            "accept" => {
                let answer = inbox.accept(harness.letter("c").incoming()).await;
                answer.expect("the inbox answers");
            }
            "file" => {
                let unread = inbox.unread(harness.reader, 10, 1 << 20, super::LONG).await;
                let unread = unread.expect("the inbox answers");
                let readings = unread
                    .iter()
                    .map(|unread| reading(unread, vec![said(&format!("{}", unread.stored.position))]));
                inbox
                    .file(harness.reader, readings.collect())
                    .await
                    .expect("the inbox answers");
            }
            "retry" => {
                harness.give_up("till", Then::Block).await;
                assert_eq!(inbox.retry(&all_dead()).await.expect("the inbox answers"), 1);
            }
            _ => {
                let replay = Replay {
                    query: all_events(),
                    ..Replay::default()
                };
                inbox.replay(&replay).await.expect("the inbox answers");
            }
        }
        let told = harness.in_time(waiting).await.expect("it does not panic");
        assert_ne!(told, seen, "{step}");
        seen = told;
    }
}

/// The mark when nothing comes in any more: who waits is not told again and again.
async fn quiet(inbox: &Arc<dyn Desk>, mut seen: u64) -> u64 {
    for _ in 0..50 {
        match tokio::time::timeout(Duration::from_millis(20), inbox.stirred(seen)).await {
            Ok(mark) => seen = mark,
            Err(_) => return seen,
        }
    }
    panic!("it is told again and again, and nothing came in");
}
