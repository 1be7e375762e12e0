//! How often is asked, and how many at once.

use std::sync::atomic::Ordering;

use tokio::{sync::Semaphore, task::yield_now};

use super::{Fake, NOW, SECOND, content_of, thin, with};
use crate::{
    ErrorKind,
    wazapin::enrich::{Outcome, Settings},
};

fn gated() -> Fake {
    Fake {
        gate: Some(Semaphore::new(0)),
        ..Fake::default()
    }
}

async fn all_others() {
    for _ in 0..100 {
        yield_now().await;
    }
}

#[tokio::test]
async fn many_who_ask_for_one_record_are_one_call() {
    let (enricher, fake, _) = with(gated(), |settings| settings);
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let enricher = enricher.clone();
            tokio::spawn(async move {
                let mut event = thin("m1");
                let outcome = enricher.enrich(&mut event).await;
                (outcome, content_of(&event)["text"].clone(), event.enriched_at)
            })
        })
        .collect();
    all_others().await;
    fake.gate.as_ref().unwrap().add_permits(100);
    for task in tasks {
        let (outcome, text, at) = task.await.unwrap();
        assert_eq!((outcome, text), (Outcome::Filled, "the words of m1".into()));
        assert_eq!(at, Some(NOW.parse().unwrap()));
    }
    assert_eq!(fake.calls(), 1);
}

#[tokio::test]
async fn calls_at_once_are_bounded() {
    let (enricher, fake, _) = with(gated(), |settings| settings.calls(2));
    let tasks: Vec<_> = (0..9)
        .map(|number| {
            let enricher = enricher.clone();
            tokio::spawn(async move { enricher.enrich(&mut thin(&format!("m{number}"))).await })
        })
        .collect();
    all_others().await;
    assert_eq!(fake.calls(), 2);
    fake.gate.as_ref().unwrap().add_permits(100);
    for task in tasks {
        assert_eq!(task.await.unwrap(), Outcome::Filled);
    }
    assert_eq!((fake.calls(), fake.most.load(Ordering::SeqCst)), (9, 2));
}

#[tokio::test]
async fn records_are_remembered_so_many_and_so_long() {
    let (enricher, fake, clock) = with(Fake::default(), |settings: Settings| settings.records(2));
    let ask = async |id: &str| {
        assert_eq!(enricher.enrich(&mut thin(id)).await, Outcome::Filled);
        fake.calls()
    };
    assert_eq!([ask("a").await, ask("a").await, ask("b").await], [1, 1, 2]);
    assert_eq!([ask("c").await, ask("b").await, ask("a").await], [3, 3, 4]);
    clock.advance(SECOND * 599);
    assert_eq!(ask("a").await, 4);
    clock.advance(SECOND);
    assert_eq!(ask("a").await, 5);
}

#[tokio::test]
async fn what_failed_is_asked_for_again_and_refused_credentials_after_a_minute() {
    let (enricher, fake, clock) = with(Fake::default(), |settings| settings);
    let ask = async |error: ErrorKind| {
        fake.errors.lock().unwrap().push(error);
        enricher.enrich(&mut thin("m1")).await
    };
    assert_eq!(ask(ErrorKind::NotFound).await, Outcome::NotFound);
    let failed = ask(ErrorKind::Unavailable).await;
    assert!(matches!(
        failed,
        Outcome::Failed {
            kind: ErrorKind::Unavailable,
            ..
        }
    ));
    assert_eq!(ask(ErrorKind::Unauthorized).await, Outcome::Refused);
    assert_eq!(fake.calls(), 3);
    clock.advance(SECOND * 59);
    assert_eq!(enricher.enrich(&mut thin("m2")).await, Outcome::Refused);
    assert_eq!(fake.calls(), 3);
    clock.advance(SECOND);
    assert_eq!(enricher.enrich(&mut thin("m1")).await, Outcome::Filled);
}

#[tokio::test]
async fn the_record_of_another_message_is_not_taken() {
    let (enricher, _, _) = with(Fake::default(), |settings| settings);
    let mut event = thin("another");
    let outcome = enricher.enrich(&mut event).await;
    assert!(matches!(
        outcome,
        Outcome::Failed {
            kind: ErrorKind::Unreadable,
            ..
        }
    ));
    assert_eq!(event, thin("another"));
}

#[tokio::test(start_paused = true)]
async fn patience_ends_and_what_was_begun_is_not_lost_with_who_asked() {
    let (enricher, fake, _) = with(gated(), |settings| settings);
    let mut event = thin("m1");
    let outcome = enricher.enrich(&mut event).await;
    assert!(matches!(
        outcome,
        Outcome::Failed {
            kind: ErrorKind::Timeout,
            ..
        }
    ));

    let asking = enricher.clone();
    let task = tokio::spawn(async move { asking.enrich(&mut thin("m2")).await });
    all_others().await;
    task.abort();
    fake.gate.as_ref().unwrap().add_permits(1);
    all_others().await;
    assert_eq!(enricher.enrich(&mut thin("m2")).await, Outcome::Filled);
    assert_eq!(fake.calls(), 2);
}
