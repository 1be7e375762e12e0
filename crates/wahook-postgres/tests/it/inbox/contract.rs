//! The contract of all inboxes: on a server that is well, and on one that is out of reach in four ways.

use std::{sync::Arc, time::Duration};

use wahook_core::inbox::Desk;
use wahook_postgres::{PostgresInbox, PostgresOptions};
use wahook_services::{Postgres, Proxy, shared_postgres};
use wahook_testkit::inbox::Harness;

use crate::common::schema;

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
async fn brittle(url: &str) -> Harness {
    let options = PostgresOptions::default().connect_deadline(Duration::from_secs(3));
    harness(url, options).await
}

/// A server of one's own.
fn server() -> Arc<Postgres> {
    Arc::new(Postgres::start(&[]).expect("a server"))
}

mod killed {
    use super::{Harness, brittle, server};

    async fn inbox() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        brittle(&server.url()).await.with_outage(
            move || gone.kill(),
            move || back.restart().expect("it comes back"),
        )
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod frozen {
    use super::{Harness, brittle, server};

    async fn inbox() -> Harness {
        let server = server();
        let (gone, back) = (server.clone(), server.clone());
        brittle(&server.url())
            .await
            .with_outage(move || gone.freeze(), move || back.thaw())
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

/// Behind a wire that `fault` puts out of use.
async fn wired(fault: fn(&Proxy)) -> Harness {
    let server = server();
    let proxy = Arc::new(Proxy::to(&server.address()).expect("a wire"));
    let (gone, url) = (proxy.clone(), server.url_at(&proxy.address()));
    brittle(&url).await.with_outage(
        move || fault(&gone),
        move || {
            let _ = &server;
            proxy.heal();
        },
    )
}

mod cut {
    async fn inbox() -> super::Harness {
        super::wired(super::Proxy::cut).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod stalled {
    async fn inbox() -> super::Harness {
        super::wired(super::Proxy::stall).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}

mod silent {
    async fn inbox() -> super::Harness {
        super::wired(super::Proxy::drop_answers).await
    }

    wahook_testkit::inbox_outage_contract!(
        #[ignore = "needs PostgreSQL: cargo xtask test"]
        inbox
    );
}
