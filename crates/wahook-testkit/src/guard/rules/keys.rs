//! G6 and G10: which keys are one record, and which are not.

use wahook_core::guard::{Key, Settled};

use super::{DUPLICATE, FRESH, Harness, LONG, assert_duplicate, assert_in_flight, one, token};

/// **G6**: settling or claiming one key, in one scope, changes nothing for another, be it a part of the other's text.
pub async fn g6_keys_do_not_touch_each_other(harness: Harness) {
    let (this, longer) = (harness.scope().to_owned(), format!("{}2", harness.scope()));
    let keys = [
        Key::delivery(&this, "a"),
        Key::delivery(&longer, "a"),
        Key::event(&this, "a"),
        Key::event(&longer, "a"),
        Key::delivery(&this, ""),
        Key::delivery(&this, "aa"),
        Key::delivery(&this, "b"),
        Key::delivery(&this, "*"),
    ];
    // Each is completed, released or left in flight while the state of all before it is known.
    for (number, key) in keys.iter().enumerate() {
        let holder = token();
        assert_eq!(harness.claim(key, one(), holder, LONG).await, FRESH, "{key:?}");
        match number % 3 {
            0 => _ = harness.complete(key, one(), holder, LONG).await,
            1 => _ = harness.release(key, one(), holder).await,
            _ => {}
        }
    }
    for (number, key) in keys.iter().enumerate() {
        match number % 3 {
            0 => assert_eq!(
                harness.claim(key, one(), token(), LONG).await,
                DUPLICATE,
                "{key:?}"
            ),
            1 => assert_eq!(harness.claim(key, one(), token(), LONG).await, FRESH, "{key:?}"),
            _ => assert_in_flight(&harness, key, one()).await,
        }
    }
}

/// **G6**: a key is exactly its bytes: what looks alike is not one, and nothing in it is read as a command, a pattern, a
/// separator or an end.
pub async fn g6_a_key_is_its_bytes(harness: Harness) {
    let (longest, shortened) = ("a".repeat(512), "a".repeat(513));
    let (last, wide) = (format!("{}b", "a".repeat(511)), "ß".repeat(256));
    let texts = [
        "",
        " ",
        "a",
        "A",
        "a ",
        " a",
        "a\t",
        "a\n",
        "a\r\n",
        "a\u{0}",
        "a\u{0}b",
        "\u{0}",
        // One letter to the eye, and to some collations.
        "ä",
        "a\u{308}",
        "ss",
        "ß",
        "ﬁ",
        "fi",
        "а",
        "1",
        "01",
        "1.0",
        "１",
        // Patterns, hash tags and scripts of Redis.
        "*",
        "?",
        "[a]",
        "{a}",
        "{}",
        "{a}{b}",
        "{b}{a}",
        "a\r\n$1\r\nb",
        "]] return 1 --",
        // SQL.
        "%",
        "_",
        "' or '1'='1",
        "'; DROP TABLE claims; --",
        "\\'",
        "$1",
        ":a",
        "a::text",
        "NULL",
        "NaN",
        // Other separators and escapes.
        ":",
        "::",
        "#",
        "a:b",
        "a#b",
        "/",
        "../a",
        "\\",
        "\\x61",
        "%61",
        "\\0",
        "\u{feff}",
        "\u{10ffff}",
        "😀",
        &longest,
        &last,
        &shortened,
        &wide,
    ];
    let keys: Vec<_> = texts.iter().map(|text| harness.key(text)).collect();
    let mut holders = Vec::new();
    for key in &keys {
        let holder = token();
        assert_eq!(harness.claim(key, one(), holder, LONG).await, FRESH, "{key:?}");
        holders.push(holder);
    }
    for (number, (key, holder)) in keys.iter().zip(&holders).enumerate() {
        assert_in_flight(&harness, key, one()).await;
        let settled = if number % 2 == 0 {
            harness.complete(key, one(), *holder, LONG).await
        } else {
            harness.release(key, one(), *holder).await
        };
        assert_eq!(settled, Settled::Done, "{key:?}");
    }
    for (number, key) in keys.iter().enumerate() {
        let claim = if number % 2 == 0 { DUPLICATE } else { FRESH };
        assert_eq!(harness.claim(key, one(), token(), LONG).await, claim, "{key:?}");
    }
}

/// **G10**: whoever claims an event in its scope claims one record: two endpoints of a dedupe group hand the scope of
/// the group. A delivery of the same text in a scope of the same name is another.
pub async fn g10_an_event_is_one_in_its_scope(harness: Harness) {
    let group = harness.scope();
    let event = "v1:parrot:shop:message:1";
    harness.finish(&Key::event(group, event), one(), LONG).await;
    assert_duplicate(&harness, &Key::event(group, event), one()).await;
    let apart = [
        Key::delivery(group, event),
        Key::event(&format!("{group}-of-another"), event),
        Key::event(group, &format!("{event}1")),
    ];
    for key in apart {
        let claim = harness.claim(&key, one(), token(), LONG).await;
        assert_eq!(claim, FRESH, "{key:?}");
    }
}
