//! I2, I5: what came is known by its key, for as long as it is remembered.

use wahook_core::{guard::Key, inbox::Accepted};

use super::{
    DUPLICATE, Harness, SHORT, STORED, said,
    sweeping::{NOW, sweep_all},
    unreadable,
};

fn key(name: &str) -> Key {
    Key::delivery("shop", name)
}

/// **I2**, **G9**: what was accepted is known at once, and stays so while its key is remembered: when it is read and handed
/// over, when nobody can read it, when its body is gone, and whatever else came under its key.
pub async fn i2_what_was_accepted_is_known(harness: Harness) {
    let names = ["done", "odd", "conflict", "dropped"];
    let keys = names.map(key);
    assert_eq!(harness.known(&keys).await, [false; 4], "nothing came");
    harness.post(&["done", "odd", "conflict"]).await;
    let dropping = harness.letter("dropped").dropping_conflicts();
    harness.accept(dropping.incoming()).await;
    assert_eq!(harness.known(&keys).await, [true; 4], "from acceptance on");

    let other = harness.letter("conflict").saying("another body").incoming();
    assert_eq!(harness.accept(other).await, Accepted::Stored { conflict: true });
    let other = dropping.saying("another body").incoming();
    assert_eq!(
        harness.accept(other).await,
        Accepted::Duplicate { conflict: true }
    );
    assert_eq!(harness.known(&keys).await, [true; 4], "by the key, not the body");

    let unread = harness.all_unread().await;
    let odd = unread.iter().filter(|it| it.stored.delivery.body == "odd");
    let odd = odd.map(unreadable).collect();
    let filed = harness.file(harness.reader, odd).await;
    filed.expect("nobody else reads");
    harness.read(|_| vec![said("e")]).await;
    assert_eq!(harness.known(&keys).await, [true; 4], "when it is read");
    harness.hand_over("till").await;
    assert_eq!(harness.known(&keys).await, [true; 4], "when it is done");
    sweep_all(&harness, NOW).await;
    assert_eq!(harness.known(&keys).await, [true; 4], "when its body is gone");
}

/// **I2**, **G6**: each key that is asked for is answered, in the order of the question, also one that is asked for twice; a
/// key is of its endpoint, is exactly its text, and is no event's.
pub async fn i2_each_key_that_is_asked_for_is_answered(harness: Harness) {
    assert_eq!(harness.known(&[]).await, [false; 0]);
    let long = "x".repeat(600);
    harness.put(&[said("a"), said("b"), said(&long)]).await;
    harness.accept(harness.letter("c").to("branch").incoming()).await;
    let asked = [
        (key("b"), true),
        (key("none"), false),
        (key("a"), true),
        (key("A"), false),
        (key("b"), true),
        (key("a "), false),
        (key(""), false),
        (key("c"), false),
        (key("none"), false),
        (Key::delivery("branch", "c"), true),
        (Key::delivery("branch", "a"), false),
        (Key::event("shop", "a"), false),
        (key(&long), true),
        (key(&format!("{long}x")), false),
    ];
    let (keys, expected): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    assert_eq!(harness.known(&keys).await, expected);

    let names: Vec<_> = (0..40).map(|number| format!("many {number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    harness.post(&names).await;
    let is_there = |number: usize| number % 25 == 7;
    let asked = (0..1_000).map(|number| match is_there(number) {
        true => key(names[number / 25]),
        false => key(&format!("none {number}")),
    });
    let known = harness.known(&asked.collect::<Vec<_>>()).await;
    let expected: Vec<_> = (0..1_000).map(is_there).collect();
    assert_eq!(known, expected, "a thousand in one question");
}

/// **I2**: to ask claims, marks and prolongs nothing.
pub async fn i2_to_ask_for_a_key_changes_nothing(harness: Harness) {
    let short = harness.letter("short").remembered_for(SHORT);
    assert_eq!(harness.accept(short.incoming()).await, STORED);
    harness.known(&[key("short")]).await;
    harness.post(&["long"]).await;
    let keys = [key("long"), key("new")];
    let before = harness.status().await;
    for _ in 0..3 {
        assert_eq!(harness.known(&keys).await, [true, false]);
    }
    let after = harness.status().await;
    assert_eq!(
        (after.deliveries, after.unread, after.oldest),
        (before.deliveries, before.unread, before.oldest)
    );
    assert_eq!(harness.accept(harness.letter("new").incoming()).await, STORED);
    assert_eq!(harness.accept(harness.letter("new").incoming()).await, DUPLICATE);
    assert_eq!(harness.known(&keys).await, [true, true]);
    harness.pass(3 * SHORT).await;
    assert_eq!(
        harness.accept(short.incoming()).await,
        STORED,
        "its memory is over, as if nobody had asked"
    );
}

/// **I5**, **G9**: when its memory is over and it was removed a delivery is not known any more, and then it may come again.
pub async fn i5_what_is_forgotten_and_removed_is_not_known(harness: Harness) {
    let short = harness.letter("short").remembered_for(SHORT);
    harness.accept(short.incoming()).await;
    harness.post(&["long"]).await;
    harness.read(|_| Vec::new()).await;
    harness.pass(3 * SHORT).await;
    sweep_all(&harness, NOW).await;
    let keys = [key("short"), key("long")];
    assert_eq!(harness.known(&keys).await, [false, true]);
    assert_eq!(harness.accept(harness.letter("short").incoming()).await, STORED);
    assert_eq!(harness.known(&keys).await, [true, true]);
}
