//! A server whose clock went back: what it gave out before is put right.

use std::time::Duration;

use wahook_core::{
    guard::Settled,
    inbox::{Inbox, Setback, Settlement, Then},
};
use wahook_postgres::PostgresOptions;
use wahook_services::shared_postgres;
use wahook_testkit::inbox::Deliveries;

use super::{connect, done, event, file, take};
use crate::common::{LONG, client, name, token};

/// The clock cannot be set back here; to have given out later times before is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i3_what_waits_is_due_and_who_works_goes_on_if_the_clock_went_back() {
    let schema = name();
    let options = PostgresOptions::default().schema(&schema);
    let inbox = connect(options.clone()).await;
    let mut shop = Deliveries::of("wazapin", "shop");
    let reader = token();
    for lane in ["working", "waiting", "fresh"] {
        inbox
            .accept(shop.body(lane, format!("body of {lane}")))
            .await
            .unwrap();
        file(&inbox, reader, 1, |_| vec![event(lane, lane)]).await;
    }
    let (holder, lanes) = take(&inbox, 2).await;
    let [working, waiting] = &lanes[..] else {
        panic!("two lanes: {lanes:?}");
    };
    let retry = Settlement {
        lane: waiting.id,
        done: Vec::new(),
        setback: Some(Setback {
            entry: waiting.entries[0].id,
            failed: true,
            error: "away".to_owned(),
            then: Then::Retry { after: LONG },
        }),
        untouched: Vec::new(),
    };
    assert_eq!(inbox.settle(holder, retry).await.unwrap(), Settled::Done);
    let client = client(&shared_postgres()).await;
    client
        .batch_execute(&format!(
            "UPDATE {schema}.wahook_inbox_lane SET due_at = due_at + interval '5 h', taken_at = taken_at + interval '5 h';
             UPDATE {schema}.wahook_inbox SET reads_until = reads_until + interval '5 h'"
        ))
        .await
        .unwrap();
    assert!(take(&inbox, 10).await.1.is_empty(), "all is in the future");
    let after = connect(options).await;
    let (_, lanes) = take(&after, 10).await;
    let mut keys: Vec<_> = lanes.iter().map(|lane| lane.entries[0].key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["fresh", "waiting"]);
    done(&inbox, holder, working).await;
    // Another may read.
    inbox.accept(shop.body("next", "next")).await.unwrap();
    let unread = after.unread(token(), 1, 1 << 20, Duration::from_secs(1)).await;
    assert_eq!(unread.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i3_a_lane_that_waits_goes_on_waiting_when_another_process_comes() {
    let options = PostgresOptions::default().schema(name());
    let inbox = connect(options.clone()).await;
    let mut shop = Deliveries::of("wazapin", "shop");
    inbox.accept(shop.body("1", "1")).await.unwrap();
    file(&inbox, token(), 1, |_| vec![event("1", "ana")]).await;
    let (holder, lanes) = take(&inbox, 1).await;
    let retry = Settlement {
        lane: lanes[0].id,
        done: Vec::new(),
        setback: Some(Setback {
            entry: lanes[0].entries[0].id,
            failed: true,
            error: "away".to_owned(),
            then: Then::Retry { after: LONG },
        }),
        untouched: Vec::new(),
    };
    assert_eq!(inbox.settle(holder, retry).await.unwrap(), Settled::Done);
    assert!(take(&connect(options).await, 1).await.1.is_empty());
}
