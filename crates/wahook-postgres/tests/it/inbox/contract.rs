//! The contract of all inboxes: on a server that is well, and on one that is out of reach in four ways.

use std::{sync::Arc, time::Duration};

use wahook_core::inbox::Desk;
use wahook_postgres::{PostgresInbox, PostgresOptions};
use wahook_services::{Proxy, shared_postgres};
use wahook_testkit::inbox::Harness;

use crate::{common::schema, outages::Outage};

async fn open(url: &str, options: PostgresOptions) -> Arc<dyn Desk> {
    Arc::new(PostgresInbox::connect(url, options).await.expect("it opens"))
}

/// Two handles, as two processes have them.
async fn harness(url: &str, options: PostgresOptions) -> Harness {
    let (one, two) = (open(url, options.clone()).await, open(url, options.clone()).await);
    let url = url.to_owned();
    Harness::in_real_time(one)
        .also_through(two)
        .answers_within(Duration::from_secs(30))
        .reopened(move || {
            let (url, options) = (url.clone(), options.clone());
            async move { open(&url, options).await }
        })
}

/// Some rules ask a hundred things at once, and the machine may have more to do.
async fn well(options: PostgresOptions) -> Harness {
    harness(&shared_postgres(), options.deadline(Duration::from_secs(4))).await
}

mod prepared {
    async fn inbox() -> super::Harness {
        super::well(super::schema()).await
    }

    wahook_testkit::inbox_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
    wahook_testkit::inbox_reopening_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod behind_a_pooler {
    async fn inbox() -> super::Harness {
        super::well(super::schema().transaction_pooler(true)).await
    }

    wahook_testkit::inbox_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod one_connection {
    async fn inbox() -> super::Harness {
        super::well(super::schema().connections(1)).await
    }

    wahook_testkit::inbox_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

/// Through two handles that soon know that nobody answers.
async fn brittle(outage: Outage) -> Harness {
    let options = PostgresOptions::default().connect_deadline(Duration::from_secs(3));
    let harness = harness(&outage.url, options).await;
    harness.with_outage(outage.begin, outage.end)
}

mod killed {
    use super::{Harness, Outage, brittle};

    async fn inbox() -> Harness {
        brittle(Outage::killed()).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod frozen {
    use super::{Harness, Outage, brittle};

    async fn inbox() -> Harness {
        brittle(Outage::frozen()).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod cut {
    use super::{Harness, Outage, Proxy, brittle};

    async fn inbox() -> Harness {
        brittle(Outage::wired(Proxy::cut)).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod stalled {
    use super::{Harness, Outage, Proxy, brittle};

    async fn inbox() -> Harness {
        brittle(Outage::wired(Proxy::stall)).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod silent {
    use super::{Harness, Outage, Proxy, brittle};

    async fn inbox() -> Harness {
        brittle(Outage::wired(Proxy::drop_answers)).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}
