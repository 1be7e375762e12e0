//! The contract of all stores: on a server that is well, and on one that is out of reach in four ways.

use std::{sync::Arc, time::Duration};

use wahook_postgres::PostgresOptions;
use wahook_services::{Proxy, shared_postgres};
use wahook_testkit::guard::{Harness, RealTime};

use crate::{
    common::{open, schema},
    outages::Outage,
};

/// Two handles, as two processes have them.
async fn harness(url: &str, options: PostgresOptions) -> Harness {
    let (one, two) = (open(url, options.clone()).await, open(url, options).await);
    Harness::new(Arc::new(one), Arc::new(RealTime::default()))
        .also_through(Arc::new(two))
        .answers_within(Duration::from_secs(8))
}

/// Some rules ask a hundred things at once, and the machine may have more to do.
async fn well(options: PostgresOptions) -> Harness {
    harness(&shared_postgres(), options.deadline(Duration::from_secs(4))).await
}

mod prepared {
    async fn store() -> super::Harness {
        super::well(super::schema()).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod behind_a_pooler {
    async fn store() -> super::Harness {
        super::well(super::schema().transaction_pooler(true)).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod one_connection {
    async fn store() -> super::Harness {
        super::well(super::schema().connections(1)).await
    }

    wahook_testkit::guard_store_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

/// Through two handles that soon know that nobody answers.
async fn brittle(outage: Outage) -> Harness {
    let options = PostgresOptions::default().connect_deadline(Duration::from_secs(1));
    let harness = harness(&outage.url, options).await;
    harness.with_outage(outage.begin, outage.end)
}

mod killed {
    use super::{Harness, Outage, brittle};

    async fn store() -> Harness {
        brittle(Outage::killed()).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod frozen {
    use super::{Harness, Outage, brittle};

    async fn store() -> Harness {
        brittle(Outage::frozen()).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod cut {
    use super::{Harness, Outage, Proxy, brittle};

    async fn store() -> Harness {
        brittle(Outage::wired(Proxy::cut)).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}

mod stalled {
    use super::{Harness, Outage, Proxy, brittle};

    async fn store() -> Harness {
        brittle(Outage::wired(Proxy::stall)).await
    }

    wahook_testkit::guard_store_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        store
    );
}
