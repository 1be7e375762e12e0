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
    apps::{BY_HAND, ByHand, OURS},
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
        ("20 KB", message_with(19_500), 0.2),
    ] {
        let by_hand = ByHand::new();
        let wahook = Wahook::new();
        let (mut one, mut other) = (Signer::new(Family::Svix), Signer::new(Family::Svix));
        let (same, again) = (body.clone(), body);
        let what = format!("whole, {size}");
        let (by_hand, wahook) = (&by_hand, &wahook);
        let lines = report.table(
            &what,
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
                    |request| wahook.handle(request),
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
}

impl Wahook {
    fn new() -> Self {
        let capacity = NonZeroUsize::new(1_000_000).expect("not zero");
        Self {
            endpoint: wazapin::endpoint("shop", SECRET).expect("a good secret"),
            store: MemoryStore::new(Arc::new(SystemClock::new()), capacity, [7; 16]),
        }
    }

    async fn handle(&self, request: Request<Bytes>) -> Vec<Event> {
        let (head, body) = request.into_parts();
        let mut check = self.endpoint.begin(&head, Timestamp::now()).expect("a good head");
        check.update(body);
        let verified = check.finish().expect("a good signature");
        let prepared = Prepared::new(verified, &head.headers, [7; 10]);
        let (key, digest, token) = (prepared.key().clone(), prepared.digest(), Token::new([7; 16]));
        let claim = self.store.claim(&key, digest, token, LEASE).await;
        let Admission::Fresh(fresh) = prepared.admit(claim.expect("a store in memory")) else {
            panic!("it has an id of its own");
        };
        let events = fresh.events();
        let settled = self.store.complete(&key, digest, token, MEMORY).await;
        assert_eq!(settled.expect("a store in memory"), Settled::Done);
        events
    }
}
