//! The contract of all stores, on the shared server.

use std::sync::Arc;

use wahook_postgres::PostgresOptions;
use wahook_services::shared_postgres;
use wahook_testkit::guard::{Harness, RealTime};

use crate::common::{open, schema};

async fn harness(options: PostgresOptions) -> Harness {
    Harness::new(
        Arc::new(open(&shared_postgres(), options).await),
        Arc::new(RealTime::default()),
    )
}

mod prepared {
    async fn store() -> super::Harness {
        super::harness(super::schema()).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod behind_a_pooler {
    async fn store() -> super::Harness {
        super::harness(super::schema().transaction_pooler(true)).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod one_connection {
    async fn store() -> super::Harness {
        super::harness(super::schema().connections(1)).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}
