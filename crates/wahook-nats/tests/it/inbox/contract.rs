//! The contract of all inboxes: on a server that is well, and on one that is out of reach in four ways.

use std::{sync::Arc, time::Duration};

use wahook_services::{Nats, Proxy, shared_nats};
use wahook_testkit::inbox::Harness;

use super::kit::{harness, options};

async fn nats() -> Harness {
    harness(&shared_nats(), options()).await
}

wahook_testkit::inbox_contract!(
    #[ignore = "needs NATS: cargo xtask test"]
    nats
);
wahook_testkit::inbox_reopening_contract!(
    #[ignore = "needs NATS: cargo xtask test"]
    nats
);

/// The state is written down again and again, nothing is kept in memory, and each message is cut into pieces.
mod in_pieces {
    use super::*;

    async fn nats() -> Harness {
        let mut options = options();
        options.snapshot_bytes = 2_000;
        options.cache_bytes = 0;
        let server = Arc::new(Nats::start(&["max_payload: 2000"]).expect("a server"));
        let harness = harness(&server.url(), options).await;
        // It lasts as long as what is done to it.
        let (held, url) = (Arc::clone(&server), server.url());
        let _ = url;
        harness.with_outage(move || drop(Arc::clone(&held)), || {})
    }

    wahook_testkit::inbox_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
    wahook_testkit::inbox_reopening_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

mod full {
    use super::*;

    async fn nats() -> Harness {
        let mut options = options();
        options.max_waiting = 10;
        harness(&shared_nats(), options).await.with_room_for(10)
    }

    wahook_testkit::inbox_full_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

/// Through two handles that soon know that nobody answers.
async fn brittle(
    url: &str,
    begin: impl Fn() + Send + Sync + 'static,
    end: impl Fn() + Send + Sync + 'static,
) -> Harness {
    let mut options = options();
    options.deadline = Duration::from_secs(1);
    harness(url, options).await.with_outage(begin, end)
}

fn server() -> Arc<Nats> {
    Arc::new(Nats::start(&[]).expect("a server"))
}

/// Behind a wire that `fault` puts out of use.
async fn wired(fault: fn(&Proxy)) -> Harness {
    let server = server();
    let proxy = Arc::new(Proxy::to(&server.address()).expect("a wire"));
    let (gone, url) = (Arc::clone(&proxy), server.url_at(&proxy.address()));
    let end = move || {
        // It lasts as long as the wire to it.
        let _ = &server;
        proxy.heal();
    };
    brittle(&url, move || fault(&gone), end).await
}

mod killed {
    use super::{Harness, brittle, server};

    async fn nats() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        let end = move || back.restart().expect("it comes back");
        brittle(&server.url(), move || gone.kill(), end).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

mod frozen {
    use super::{Harness, brittle, server};

    async fn nats() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        brittle(&server.url(), move || gone.freeze(), move || back.thaw()).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

mod cut {
    use super::{Harness, Proxy, wired};

    async fn nats() -> Harness {
        wired(Proxy::cut).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

mod stalled {
    use super::{Harness, Proxy, wired};

    async fn nats() -> Harness {
        wired(Proxy::stall).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}

mod silent {
    use super::{Harness, Proxy, wired};

    async fn nats() -> Harness {
        wired(Proxy::drop_answers).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs NATS: cargo xtask test"]
        nats
    );
}
