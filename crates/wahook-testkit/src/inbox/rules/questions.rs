//! How the inbox is, as it says.

use wahook_core::{
    guard::Settled,
    inbox::{EndpointStatus, SinkStatus, Then, Want},
};

use super::{ALL, Harness, SHORT, all_dead, said, unreadable};

/// What is counted is what is there, at every step.
pub async fn i3_the_status_counts_what_is_there(harness: Harness) {
    let empty = harness.status().await;
    assert_eq!((empty.deliveries, empty.unread, empty.unreadable), (0, 0, 0));
    assert_eq!((empty.oldest, empty.sinks), (None, vec![]));
    assert_eq!((empty.endpoints, empty.endpoints_cut), (vec![], false));
    let endpoint = |name: &str, unread, waiting, oldest| EndpointStatus {
        name: name.into(),
        unread,
        waiting,
        oldest: Some(oldest),
    };

    let first = harness.letter("1").incoming();
    let oldest = first.delivery().received_at;
    harness.accept(first).await;
    harness.pass(SHORT / 5).await;
    harness.post(&["2", "odd"]).await;
    let status = harness.status().await;
    assert_eq!(
        (status.deliveries, status.unread, status.oldest),
        (3, 3, Some(oldest))
    );
    assert_eq!(status.endpoints, [endpoint("shop", 3, 0, oldest)]);

    let unread = harness.all_unread().await;
    let odd = unread
        .iter()
        .filter(|unread| unread.stored.delivery.body == "odd")
        .map(unreadable);
    harness
        .file(harness.reader, odd.collect())
        .await
        .expect("nobody else reads");
    let filed = harness.read(|unread| {
        let name = String::from_utf8_lossy(&unread.stored.delivery.body).into_owned();
        let sinks = ["till", "log"];
        vec![
            said(&format!("{name}a")).to(&sinks),
            said(&format!("{name}b"))
                .in_lane(&format!("lane {name}"))
                .to(&sinks),
        ]
    });
    assert_eq!(filed.await.fresh, 4);
    let status = harness.status().await;
    assert_eq!((status.deliveries, status.unread, status.unreadable), (3, 0, 1));
    assert_eq!(status.endpoints, [endpoint("shop", 1, 8, oldest)]);
    let elsewhere = harness.letter("4").to("branch").incoming();
    let later = elsewhere.delivery().received_at;
    harness.accept(elsewhere).await;
    assert_eq!(
        harness.status().await.endpoints,
        [endpoint("branch", 1, 0, later), endpoint("shop", 1, 8, oldest)],
        "by name"
    );
    harness.read(|_| Vec::new()).await;
    let sink = |name: &str, waiting, lanes, blocked, dead, oldest| SinkStatus {
        name: name.into(),
        waiting,
        lanes,
        blocked,
        dead,
        oldest,
    };
    let full = |name| sink(name, 4, 3, 0, 0, Some(oldest));
    assert_eq!(status.sinks, [full("log"), full("till")], "by name");

    // Taken is not done.
    let held = harness.hold("till", Want { lanes: 1, ..ALL }).await;
    assert_eq!(harness.status().await.sinks[1], full("till"));
    for hold in held.into_iter().chain(harness.hold("till", ALL).await) {
        let settlement = match &*hold.keys()[0] {
            "1a" => hold.failing(0, Then::Block),
            "1b" => hold.failing(0, Then::Park),
            _ => hold.done(),
        };
        assert_eq!(harness.settle(hold.token, settlement).await, Settled::Done);
    }
    let till = &harness.status().await.sinks[1];
    assert_eq!(
        (till.waiting, till.blocked, till.dead),
        (1, 1, 2),
        "behind what blocks one waits"
    );
    assert_ne!(till.oldest, Some(oldest));

    assert_eq!(harness.drop_dead(&all_dead()).await, 2);
    harness.hand_over("till").await;
    harness.hand_over("log").await;
    let status = harness.status().await;
    let none = |name| sink(name, 0, 0, 0, 0, None);
    assert_eq!(
        status.sinks,
        [none("log"), none("till")],
        "a sink is known that had events"
    );
}

/// The oldest that is not finished is told.
pub async fn i3_the_oldest_that_is_not_finished_is_told(harness: Harness) {
    let mut times = Vec::new();
    for name in ["1", "2"] {
        let incoming = harness.letter(name).incoming();
        times.push(incoming.delivery().received_at);
        harness.accept(incoming).await;
        harness.pass(SHORT / 5).await;
    }
    harness
        .read(|unread| {
            let name = String::from_utf8_lossy(&unread.stored.delivery.body).into_owned();
            vec![said(&name).in_lane(&name)]
        })
        .await;
    assert_eq!(harness.status().await.oldest, Some(times[0]));
    let hold = harness
        .hold(
            "till",
            Want {
                lanes: 2,
                events: 1,
                ..ALL
            },
        )
        .await;
    let first = hold.iter().find(|hold| hold.keys() == ["1"]).expect("it is due");
    assert_eq!(harness.settle(first.token, first.done()).await, Settled::Done);
    assert_eq!(harness.status().await.oldest, Some(times[1]));
    let second = hold.iter().find(|hold| hold.keys() == ["2"]).expect("it is due");
    assert_eq!(harness.settle(second.token, second.done()).await, Settled::Done);
    assert_eq!(harness.status().await.oldest, None);
}
