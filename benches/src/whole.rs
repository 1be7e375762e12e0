//! All that is done with a delivery, without HTTP around it: is it genuine, was it handled before, what does it say?

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use wahook_core::{
    Endpoint,
    guard::{Admission, GuardStore as _, MemoryStore, Prepared, Settled, Token},
    model::Event,
};
use wahook_providers::wazapin;
use wahook_tower::SystemClock;

use crate::{
    Group,
    apps::{BY_HAND, ByHand, Handled, OURS},
    count::Against,
    harness::Subject,
    report::{Goal::AtMost, Report},
    request::{Family, SECRET, Signer, message, message_with},
};

pub const GROUP: Group = Group {
    name: "whole",
    about: "verified, claimed, parsed, normalised and completed, without HTTP, against what one writes by hand",
    run,
    is_counted: true,
};

const LEASE: Duration = Duration::from_secs(10);
const MEMORY: Duration = Duration::from_secs(48 * 3600);

fn run(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    for (size, body, most) in [
        ("700 B", message(700), 0.45),
        ("20 KB of nested JSON", message_with(19_500), 0.2),
    ] {
        let (of_hand, handled) = (Handled::default(), Handled::default());
        let by_hand = ByHand::new(of_hand.clone());
        let wahook = Wahook::new(handled.clone());
        let twice = Signer::new(Family::Svix).signed("msg_twice", &body);
        for _ in 0..2 {
            assert_eq!(by_hand.handle(twice.headers(), twice.body()), StatusCode::OK);
            runtime.block_on(wahook.handle(twice.clone()));
        }
        assert_eq!((of_hand.count(), handled.count()), (1, 1), "once each");
        let (mut one, mut other) = (Signer::new(Family::Svix), Signer::new(Family::Svix));
        let (same, again) = (body.clone(), body);
        let what = format!("whole, {size}");
        let (by_hand, wahook) = (&by_hand, &wahook);
        let lines = report.table(
            &what,
            Against::Peer,
            &mut [
                Subject::with_input(
                    BY_HAND,
                    move || one.sign(&same),
                    |request| assert_eq!(by_hand.handle(request.headers(), request.body()), StatusCode::OK),
                ),
                Subject::with_future(
                    OURS,
                    &runtime,
                    move || other.sign(&again),
                    async |request| wahook.handle(request).await.expect("it has an id of its own"),
                ),
            ],
        );
        report.goal(
            format!("{what}, over by hand"),
            lines.ratio(OURS, BY_HAND),
            AtMost(most),
        );
    }
}

struct Wahook {
    endpoint: Endpoint,
    store: MemoryStore,
    handled: Handled,
}

impl Wahook {
    fn new(handled: Handled) -> Self {
        let capacity = NonZeroUsize::new(1_000_000).expect("not zero");
        Self {
            handled,
            endpoint: wazapin::endpoint("shop", SECRET).expect("a good secret"),
            store: MemoryStore::new(Arc::new(SystemClock::new()), capacity, [7; 16]),
        }
    }

    /// What is in it; nothing if it was handled before.
    async fn handle(&self, request: Request<Bytes>) -> Option<Vec<Event>> {
        let (head, body) = request.into_parts();
        let mut check = self.endpoint.begin(&head, Timestamp::now()).expect("a good head");
        check.update(body);
        let verified = check.finish().expect("a good signature");
        let prepared = Prepared::new(verified, &head.headers, [7; 10]);
        let (key, digest, token) = (prepared.key().clone(), prepared.digest(), Token::new([7; 16]));
        let claim = self.store.claim(&key, digest, token, LEASE).await;
        let Admission::Fresh(fresh) = prepared.admit(claim.expect("a store in memory")) else {
            return None;
        };
        let events = fresh.events();
        let settled = self.store.complete(&key, digest, token, MEMORY).await;
        assert_eq!(settled.expect("a store in memory"), Settled::Done);
        self.handled.once_more();
        Some(events)
    }
}
