//! Every store there is, by its address.

use std::{sync::Arc, time::Duration};

use wahook_core::guard::GuardStore;
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_redis::{RedisOptions, RedisStore};
use wahook_sqlite::{SqliteOptions, SqliteStore};
use wahook_tower::{SystemClock, in_memory};

use crate::Failure;

/// A race is no test of deadlines: a verb may take as long as a busy machine needs.
const PATIENT: Duration = Duration::from_secs(30);

pub(crate) async fn open(address: &str) -> Result<Arc<dyn GuardStore>, Failure> {
    match address.split_once(':') {
        Some(("redis", _)) => {
            let options = RedisOptions::new().deadline(PATIENT);
            Ok(Arc::new(RedisStore::connect(address, options).await?))
        }
        Some(("postgres", _)) => {
            let options = PostgresOptions::default().deadline(PATIENT);
            Ok(Arc::new(PostgresStore::connect(address, options).await?))
        }
        Some(("sqlite", path)) => {
            let options = SqliteOptions::new(Arc::new(SystemClock::new())).deadline(PATIENT);
            Ok(Arc::new(SqliteStore::open(path, options).await?))
        }
        // Each process for itself: what a race must find out.
        _ if address == "memory" => Ok(in_memory()),
        _ => Err("the store is redis://…, postgres://…, sqlite:… or memory".into()),
    }
}
