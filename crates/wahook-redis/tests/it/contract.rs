//! The whole contract of guard stores: on a server that is well, and on one that is out of reach in four ways.

use std::{sync::Arc, time::Duration};

use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::{Proxy, Redis};
use wahook_testkit::guard::{Harness, RealTime};

async fn store(url: &str) -> Arc<RedisStore> {
    let options = RedisOptions::new().connect_deadline(Duration::from_secs(2));
    Arc::new(RedisStore::connect(url, options).await.expect("the store opens"))
}

fn harness(store: Arc<RedisStore>) -> Harness {
    Harness::new(store, Arc::new(RealTime::default())).answers_within(Duration::from_secs(3))
}

/// Two handles, as two processes have them.
async fn redis() -> Harness {
    let url = wahook_services::shared_redis();
    harness(store(&url).await).also_through(store(&url).await)
}

wahook_testkit::guard_store_contract!(
    #[ignore = "needs Redis: cargo xtask test"]
    redis
);

/// A server that takes no claim in one command, as one before 7.0: the script does it all.
mod scripts_only {
    use std::sync::{Arc, LazyLock};

    use wahook_services::Redis;

    use super::{Harness, harness, store};

    async fn redis() -> Harness {
        static SERVER: LazyLock<Arc<Redis>> =
            LazyLock::new(|| Arc::new(Redis::start(&["rename-command SET \"\""]).expect("a server")));
        let url = SERVER.url();
        harness(store(&url).await).also_through(store(&url).await)
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs Redis: cargo xtask test"]
        redis
    );
}

/// A server of one's own that keeps what it acknowledged.
fn server() -> Arc<Redis> {
    Arc::new(Redis::start(&["appendonly yes", "appendfsync always"]).expect("a server"))
}

mod killed {
    use super::{Harness, harness, server, store};

    async fn redis() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        harness(store(&server.url()).await).with_outage(
            move || gone.kill(),
            move || back.restart().expect("it comes back"),
        )
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs Redis: cargo xtask test"]
        redis
    );
}

mod frozen {
    use super::{Harness, harness, server, store};

    async fn redis() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        harness(store(&server.url()).await).with_outage(move || gone.freeze(), move || back.thaw())
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs Redis: cargo xtask test"]
        redis
    );
}

/// Behind a wire that `fault` puts out of use.
async fn wired(fault: fn(&Proxy)) -> Harness {
    let server = server();
    let proxy = Arc::new(Proxy::to(&server.address()).expect("a proxy"));
    let (gone, url) = (proxy.clone(), server.url_at(&proxy.address()));
    harness(store(&url).await).with_outage(
        move || fault(&gone),
        move || {
            let _ = &server;
            proxy.heal();
        },
    )
}

mod cut {
    async fn redis() -> super::Harness {
        super::wired(super::Proxy::cut).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs Redis: cargo xtask test"]
        redis
    );
}

mod stalled {
    async fn redis() -> super::Harness {
        super::wired(super::Proxy::stall).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs Redis: cargo xtask test"]
        redis
    );
}
