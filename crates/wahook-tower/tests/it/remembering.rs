//! Two processes with one store, each with a memory in front of it.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response, StatusCode};
use tower::{Service, service_fn};
use wahook_core::{
    OnConflict,
    guard::{Fresh, GuardStore, RememberingStore},
};
use wahook_tower::{Answer, DedupeLayer, Stack, SystemClock};

use crate::support::{Notes, Shaky, call, layered, parrot, post};

const BODY: &str = r#"{"id":"d1","said":["hello"]}"#;
const OTHER: &str = r#"{"id":"d1","said":["something else"]}"#;

/// One process in front of a shared store; with the events of its deliveries claimed as well.
fn process(
    shared: &Arc<Shaky>,
    choice: OnConflict,
    notes: &Arc<Notes>,
    handled: &Arc<AtomicUsize>,
) -> impl Service<Request<http_body_util::Full<bytes::Bytes>>, Response = Response<Answer>, Error = Infallible>
+ Clone {
    let capacity = NonZeroUsize::new(1_000).unwrap();
    let shared: Arc<dyn GuardStore> = shared.clone();
    let store = RememberingStore::new(shared, Arc::new(SystemClock::new()), capacity, [7; 16]);
    let stack = Stack::with_store(parrot().when_conflicting(choice), Arc::new(store))
        .dedupe(DedupeLayer::dedupe_events)
        .observer(notes.clone());
    let handled = handled.clone();
    layered(
        &stack,
        service_fn(move |_: Request<Fresh>| {
            handled.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        }),
    )
}

#[tokio::test]
async fn g8_a_duplicate_that_is_known_here_is_answered_while_the_store_is_down() {
    let (shared, notes, handled) = (Shaky::new(), Arc::default(), Arc::default());
    let [here, there] = [(); 2].map(|()| process(&shared, OnConflict::Handle, &notes, &handled));
    assert_eq!(call(&here, post(BODY)).await.status(), StatusCode::OK);
    shared.claim_fails.store(true, Ordering::SeqCst);
    assert_eq!(call(&here, post(BODY)).await.status(), StatusCode::OK);
    for body in [OTHER, r#"{"id":"d2","said":["hello"]}"#] {
        let status = call(&here, post(body)).await.status();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "nothing is guessed");
    }
    let status = call(&there, post(BODY)).await.status();
    assert_eq!(
        status,
        StatusCode::SERVICE_UNAVAILABLE,
        "it was completed elsewhere"
    );
    shared.claim_fails.store(false, Ordering::SeqCst);
    assert_eq!(call(&there, post(BODY)).await.status(), StatusCode::OK);
    assert_eq!(handled.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn g7_another_body_is_handled_or_dropped_and_flagged_wherever_it_comes() {
    for (choice, times) in [(OnConflict::Handle, 2), (OnConflict::DropAndFlag, 1)] {
        for other_comes_here in [true, false] {
            let (shared, notes, handled) = (Shaky::new(), Arc::<Notes>::default(), Arc::default());
            let [here, there] = [(); 2].map(|()| process(&shared, choice, &notes, &handled));
            for _ in 0..2 {
                assert_eq!(call(&here, post(BODY)).await.status(), StatusCode::OK);
            }
            assert_eq!(notes.count("Conflict"), 0);
            let process = if other_comes_here { &here } else { &there };
            assert_eq!(call(process, post(OTHER)).await.status(), StatusCode::OK);
            assert_eq!(handled.load(Ordering::SeqCst), times, "{choice:?}");
            let flag = format!("Conflict {{ handled: {} }}", times == 2);
            assert_eq!(notes.count(&flag), 1, "{choice:?}: told when it came first");
            for process in [&here, &there] {
                for body in [BODY, OTHER] {
                    assert_eq!(call(process, post(body)).await.status(), StatusCode::OK);
                }
            }
            assert_eq!(handled.load(Ordering::SeqCst), times, "{choice:?}");
        }
    }
}
