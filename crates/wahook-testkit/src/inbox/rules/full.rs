//! I5: a full inbox says so, and stores nothing.

use wahook_core::{
    guard::StoreErrorKind,
    inbox::{Limit, Room},
};

use super::{DUPLICATE, Harness, STORED, at_once, said};

/// **I5**: with as many deliveries as are allowed to wait a further one is refused and not stored; what is there is a
/// duplicate all the same, and when something is done there is room again.
pub async fn i5_a_full_inbox_says_so_and_stores_nothing(harness: Harness) {
    let room = harness.room.expect("the harness says how many there is room for");
    for number in 0..room {
        let incoming = harness.letter(&format!("{number}")).incoming();
        assert_eq!(harness.accept(incoming).await, STORED, "there is room for {room}");
    }
    for _ in 0..2 {
        let more = harness.letter("one more").incoming();
        let error = harness.try_accept(more.clone()).await.expect_err("it is full");
        assert_eq!(error.kind(), StoreErrorKind::Full);
        assert!(harness.delivery(more.delivery().id).await.is_none());
    }
    assert_eq!(harness.accept(harness.letter("0").incoming()).await, DUPLICATE);
    let status = harness.status().await;
    assert_eq!(status.deliveries, room as u64);
    let full = Room {
        limit: Limit::Waiting,
        used: room as u64,
        most: room as u64,
    };
    assert!(status.room.contains(&full), "{:?}", status.room);
    // What is full can be emptied.
    harness
        .read(|unread| vec![said(&format!("{}", unread.stored.position))])
        .await;
    assert_eq!(harness.hand_over("till").await.concat().len(), room);
    for number in 0..room {
        let incoming = harness.letter(&format!("new {number}")).incoming();
        assert_eq!(harness.accept(incoming).await, STORED, "there is room again");
    }
    assert!(
        harness
            .try_accept(harness.letter("one more").incoming())
            .await
            .is_err()
    );
}

/// **I5**: of many at once, each knows whether it is stored, and those that there is room for are.
pub async fn i5_of_many_at_once_each_knows_whether_it_is_stored(harness: Harness) {
    let room = harness.room.expect("the harness says how many there is room for");
    let answers = at_once(2 * room + 10, |task| {
        let (harness, incoming) = (harness.clone(), harness.letter(&format!("{task}")).incoming());
        async move {
            let (id, answer) = (incoming.delivery().id, harness.try_accept(incoming).await);
            (id, answer.is_ok())
        }
    });
    let answers = answers.await;
    assert!(answers.iter().filter(|(_, is_stored)| *is_stored).count() >= room);
    for (id, is_stored) in answers {
        assert_eq!(harness.delivery(id).await.is_some(), is_stored);
    }
}
