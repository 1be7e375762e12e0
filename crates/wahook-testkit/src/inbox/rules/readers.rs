//! I3: one reader at a time, in the order of acceptance.

use std::time::Duration;

use wahook_core::{guard::Token, inbox::Unread};

use super::{Harness, LONG, POLLS, SHORT, at_once, bodies, reading, said, token, unreadable};

const ENOUGH: usize = 1 << 20;

/// **I3**: the oldest are read first, as many as are wanted, and at least one however large it is.
pub async fn i3_the_oldest_are_read_first_within_the_limits(harness: Harness) {
    for (key, size) in [("a", 100), ("b", 100), ("c", 5_000), ("d", 100)] {
        let letter = harness.letter(key).saying(key.repeat(size));
        harness.accept(letter.incoming()).await;
    }
    let reader = harness.reader;
    let firsts = async |count, bytes| {
        let unread = harness.unread(reader, count, bytes, LONG).await;
        let bodies = bodies(&unread).into_iter();
        bodies.map(|body| body[..1].to_owned()).collect::<String>()
    };
    assert_eq!(firsts(10, ENOUGH).await, "abcd");
    assert_eq!(firsts(2, ENOUGH).await, "ab");
    assert_eq!(firsts(10, 250).await, "ab");
    assert_eq!(firsts(10, 200).await, "ab");
    assert_eq!(firsts(10, 1).await, "a", "one at least");
    let unread = harness.unread(reader, 2, ENOUGH, LONG).await;
    let readings = unread.iter().map(|unread| reading(unread, vec![])).collect();
    assert!(harness.file(reader, readings).await.is_some());
    assert_eq!(firsts(10, 1).await, "c", "one at least");
    assert_eq!(firsts(10, 5_050).await, "c");
    assert_eq!(firsts(10, ENOUGH).await, "cd");
}

/// **I3**: while one reads, others get nothing; the reader is told the same again until it filed it.
pub async fn i3_one_reads_at_a_time(harness: Harness) {
    harness.post(&["a", "b"]).await;
    let (one, two) = (token(), token());
    let unread = harness.unread(one, 10, ENOUGH, LONG).await;
    assert_eq!(bodies(&unread), ["a", "b"]);
    for _ in 0..3 {
        assert!(
            harness.unread(two, 10, ENOUGH, LONG).await.is_empty(),
            "another reads"
        );
    }
    let again = harness.unread(one, 10, ENOUGH, LONG).await;
    assert_eq!(bodies(&again), ["a", "b"], "the answer may have got lost");
    let others = unread.iter().map(|unread| reading(unread, vec![said("forged")]));
    assert_eq!(
        harness.file(two, others.collect()).await,
        None,
        "it has not the part"
    );
    let readings = unread
        .iter()
        .take(1)
        .map(|unread| reading(unread, vec![said("a")]));
    assert!(harness.file(one, readings.collect()).await.is_some());
    assert_eq!(bodies(&harness.unread(one, 10, ENOUGH, LONG).await), ["b"]);
    assert_eq!(harness.hand_over("till").await, [["a"]]);
}

/// **I3**: of many who want to read at once one does.
pub async fn i3_of_many_readers_at_once_one_reads(harness: Harness) {
    harness.post(&["a", "b"]).await;
    let answers = at_once(16, |_| {
        let harness = harness.clone();
        async move { harness.unread(token(), 10, ENOUGH, LONG).await.len() }
    });
    let mut answers = answers.await;
    answers.sort_unstable();
    assert_eq!(answers.iter().sum::<usize>(), 2, "one has them all: {answers:?}");
    assert_eq!(answers.last(), Some(&2));
}

/// **I3**, **I6**: a reader who is gone loses the part when its lease ends, and what it files then changes nothing.
pub async fn i6_a_reader_who_is_gone_is_followed_by_the_next(harness: Harness) {
    harness.post(&["a"]).await;
    let (gone, next) = (token(), token());
    let old = harness.unread(gone, 10, ENOUGH, SHORT).await;
    assert_eq!(old.len(), 1);
    let unread = read_when_free(&harness, next).await;
    assert_eq!(bodies(&unread), ["a"]);
    let late = old.iter().map(|unread| reading(unread, vec![said("late")]));
    assert_eq!(harness.file(gone, late.collect()).await, None);
    assert!(harness.unread(gone, 10, ENOUGH, LONG).await.is_empty());
    let readings = unread.iter().map(|unread| reading(unread, vec![said("a")]));
    let filed = harness.file(next, readings.collect()).await;
    assert_eq!(filed.expect("it has the part").fresh, 1);
    assert_eq!(harness.hand_over("till").await, [["a"]]);
}

/// **I3**: a reader keeps the part by asking again.
pub async fn i3_a_reader_that_asks_again_keeps_the_part(harness: Harness) {
    harness.post(&["a"]).await;
    let (one, two) = (token(), token());
    assert_eq!(harness.unread(one, 10, ENOUGH, SHORT).await.len(), 1);
    assert_eq!(harness.unread(one, 10, ENOUGH, LONG).await.len(), 1, "for longer");
    harness.pass(3 * SHORT).await;
    assert!(harness.unread(two, 10, ENOUGH, LONG).await.is_empty());
}

/// **I3**: a reader that asks for no time lets the part go, and the next need not wait.
pub async fn i3_a_reader_that_asks_for_no_time_lets_go(harness: Harness) {
    harness.post(&["a"]).await;
    let (one, two) = (token(), token());
    assert_eq!(harness.unread(one, 10, ENOUGH, LONG).await.len(), 1);
    harness.unread(one, 1, ENOUGH, Duration::ZERO).await;
    let unread = harness.unread(two, 10, ENOUGH, LONG).await;
    assert_eq!(bodies(&unread), ["a"]);
    // Also where nothing is left to read.
    let readings = unread.iter().map(|unread| reading(unread, vec![said("a")]));
    assert!(harness.file(two, readings.collect()).await.is_some());
    assert!(harness.unread(two, 1, ENOUGH, Duration::ZERO).await.is_empty());
    harness.post(&["b"]).await;
    assert_eq!(bodies(&harness.unread(one, 10, ENOUGH, LONG).await), ["b"]);
}

/// **I3**: readers that follow each other, each with a piece, keep the order of acceptance in every lane, also while more
/// comes in.
pub async fn i3_readers_in_turn_keep_the_order(harness: Harness) {
    const LETTERS: usize = 60;
    let writer = {
        let harness = harness.clone();
        tokio::spawn(async move {
            for number in 0..LETTERS {
                harness.post(&[&format!("{number:03}")]).await;
            }
        })
    };
    let readers = at_once(3, |_| {
        let harness = harness.clone();
        async move {
            let mut idle = 0;
            while idle < POLLS && harness.all_events().await.len() < LETTERS {
                // Each time as another reader.
                let me = token();
                let unread = harness.unread(me, 7, ENOUGH, SHORT / 5).await;
                if unread.is_empty() {
                    idle += 1;
                    harness.pass(SHORT / 5).await;
                    continue;
                }
                let readings = unread.iter().map(|unread| {
                    let body = String::from_utf8_lossy(&unread.stored.delivery.body).into_owned();
                    reading(unread, vec![said(&body)])
                });
                harness.file(me, readings.collect()).await;
            }
        }
    });
    readers.await;
    writer.await.expect("all are accepted");
    let handed: Vec<_> = harness.hand_over("till").await.concat();
    let expected: Vec<_> = (0..LETTERS).map(|number| format!("{number:03}")).collect();
    assert_eq!(handed, expected, "each once, in order");
}

/// **I5**: a delivery that nobody can read is kept, is not shown again, and stops no other.
pub async fn i5_what_nobody_can_read_stops_nobody(harness: Harness) {
    harness.post(&["a", "odd", "b"]).await;
    let unread = harness.all_unread().await;
    let readings = unread
        .iter()
        .map(|unread| match &unread.stored.delivery.body[..] {
            b"odd" => unreadable(unread),
            _ => reading(unread, vec![said("x").in_lane("any")]),
        });
    harness
        .file(harness.reader, readings.collect())
        .await
        .expect("nobody else reads");
    harness.post(&["c"]).await;
    assert_eq!(bodies(&harness.all_unread().await), ["c"]);
    let status = harness.status().await;
    assert_eq!((status.deliveries, status.unread, status.unreadable), (4, 1, 1));
    let odd = unread.get(1).expect("there are three").stored.delivery.id;
    let kept = harness.delivery(odd).await.expect("it is kept");
    assert!(!kept.read && kept.events.is_empty());
    assert_eq!(&kept.stored.delivery.body[..], b"odd");
    assert_eq!(harness.hand_over("till").await.concat().len(), 1);
}

/// Reads until somebody else's lease is over.
pub(super) async fn read_when_free(harness: &Harness, reader: Token) -> Vec<Unread> {
    for _ in 0..POLLS {
        let unread = harness.unread(reader, 10, ENOUGH, LONG).await;
        if !unread.is_empty() {
            return unread;
        }
        harness.pass(SHORT / 5).await;
    }
    panic!("the part did not become free although its lease was over long ago");
}
