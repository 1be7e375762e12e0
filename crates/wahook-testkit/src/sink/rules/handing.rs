//! I3: what is confirmed is there, in order.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use super::{Harness, all_in_order, numbers};
use crate::{contract::at_once, sink::event};

/// **I3**: nothing to hand over is done at once, and is no error.
pub async fn i3_of_no_events_none_is_done(harness: Harness) {
    let sink = harness.sink();
    harness.hand_over(&*sink, &[]).await;
    assert!(harness.read().await.is_empty());
}

/// **I3**: what is confirmed is there, once each, in the order of its conversation.
pub async fn i3_what_is_confirmed_is_there_in_order(harness: Harness) {
    let sink = harness.sink();
    let events: Vec<_> = (0..5).map(|number| event("a", number)).collect();
    harness.hand_over(&*sink, &events[..2]).await;
    harness.hand_over(&*sink, &[event("b", 0)]).await;
    harness.hand_over(&*sink, &events[2..]).await;
    let received = harness.read().await;
    assert_eq!(received.len(), 6, "{received:?}");
    assert_eq!(numbers(&received, "a"), [0, 1, 2, 3, 4]);
    assert_eq!(numbers(&received, "b"), [0]);
}

/// **I3**: conversations are handed over at the same time, and each keeps its order.
pub async fn i3_conversations_at_once_keep_their_orders(harness: Harness) {
    const CHATS: usize = 16;
    const EACH: u64 = 40;
    let sink = harness.sink();
    let all = at_once(CHATS, |chat| {
        let (harness, sink, chat) = (harness.clone(), Arc::clone(&sink), chat.to_string());
        async move {
            let events: Vec<_> = (0..EACH).map(|number| event(&chat, number)).collect();
            for some in events.chunks(7) {
                harness.hand_over(&*sink, some).await;
            }
        }
    });
    all.await;
    let received = harness.read().await;
    for chat in 0..CHATS {
        let numbers = numbers(&received, &chat.to_string());
        assert_eq!(numbers, (0..EACH).collect::<Vec<_>>(), "{chat}");
    }
}

/// **I3**: a call may be dropped half-way. What it was about is handed over again, and its copy is there before it or not at
/// all, so that the order holds.
pub async fn i3_a_hand_over_dropped_half_way_is_done_again_in_order(harness: Harness) {
    let sink = harness.sink();
    let events: Vec<_> = (0..60).map(|number| event("a", number)).collect();
    // It is connected, so that a drop finds the hand-over itself at work.
    harness.hand_over(&*sink, &events[..1]).await;
    for (polls, some) in events[1..].chunks(1).enumerate() {
        {
            let mut begun = pin!(sink.deliver(some));
            for _ in 0..=polls % 4 {
                let once = poll_fn(|context| Poll::Ready(begun.as_mut().poll(context).is_ready()));
                if once.await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        harness.insist(&*sink, some, || ()).await;
    }
    all_in_order(&harness.read().await, "a", 60);
}
