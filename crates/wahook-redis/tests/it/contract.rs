//! The whole contract of guard stores.

use std::sync::Arc;

use wahook_redis::{RedisOptions, RedisStore};
use wahook_testkit::guard::{Harness, RealTime};

async fn redis() -> Harness {
    let url = wahook_services::shared_redis();
    let store = RedisStore::connect(&url, RedisOptions::new())
        .await
        .expect("the store opens");
    Harness::new(Arc::new(store), Arc::new(RealTime::default()))
}

wahook_testkit::guard_store_contract!(
    #[ignore = "needs Redis: cargo xtask test"]
    redis
);
