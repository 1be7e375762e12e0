//! What providers send is normal, whatever it is.

use wahook_core::inbox::{Desk as _, EventQuery, Inbox};
use wahook_testkit::inbox::Deliveries;

use super::{connect, done, event, file, take};
use crate::common::{schema, token};

/// `text` of PostgreSQL cannot hold a NUL, and its indexes no long value.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn p_texts_with_nul_and_of_any_length_are_kept_and_found() {
    let inbox = connect(schema()).await;
    let mut shop = Deliveries::of("wazapin", "shop");
    let bodies: [&[u8]; 3] = [b"\0", b"\xff\xfe{", b""];
    for (at, body) in bodies.iter().enumerate() {
        let incoming = shop.body(&format!("msg_{at}"), body.to_vec());
        inbox.accept(incoming).await.unwrap();
    }
    let long = format!("{}\0", "x".repeat(100_000));
    let keys = ["nul \0 inside", &long, "\u{10ffff}' \\ \""];
    let at = std::sync::atomic::AtomicUsize::new(0);
    let says = |_: &_| {
        let key = keys[at.fetch_add(1, std::sync::atomic::Ordering::Relaxed)];
        vec![event(key, key)]
    };
    assert_eq!(file(&inbox, token(), 10, says).await, 3);
    let (token, lanes) = take(&inbox, 10).await;
    for lane in &lanes {
        done(&inbox, token, lane).await;
    }
    let mut taken: Vec<_> = lanes.iter().flat_map(|lane| &lane.entries).collect();
    taken.sort_by_key(|entry| entry.stored.position);
    for ((entry, key), body) in taken.iter().zip(keys).zip(bodies) {
        assert_eq!(entry.key, key);
        assert_eq!(&entry.stored.delivery.body[..], body);
        for query in [
            EventQuery {
                key: Some(key.to_owned()),
                limit: 10,
                ..EventQuery::default()
            },
            EventQuery {
                chat: Some(key.to_owned()),
                limit: 10,
                ..EventQuery::default()
            },
        ] {
            let found = inbox.events(&query).await.unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].summary.chat.as_deref(), Some(key));
        }
    }
}
