//! The inboxes: a delivery is accepted, which is a claim that keeps the body, and nobody reads it.

use std::{io, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use wahook_core::{
    Endpoint,
    inbox::{Accepted, Inbox, Incoming},
};
use wahook_postgres::{PostgresInbox, PostgresOptions};
use wahook_providers::wazapin;
use wahook_services::Postgres;
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_tower::SystemClock;

use super::{
    bench::Bench,
    growth::{FEW, Growth},
    postgres::Bare,
    race::{Id, Subject, Way, What},
};
use crate::{
    program::folder,
    report::{Goal::AtLeast, Report},
    request::{Family, SECRET, Signer, message},
};

/// Longer than usual: others may be at work on the machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Each delivery is signed and verified within the call, as there is no other way to have one.
struct Accepting {
    inbox: Arc<dyn Inbox>,
    endpoint: Endpoint,
    signer: Signer,
    body: Bytes,
}

impl Accepting {
    fn subject(name: &'static str, inbox: Arc<dyn Inbox>) -> Subject {
        let endpoint = wazapin::endpoint("shop", SECRET).expect("a good secret");
        let this = Self {
            inbox,
            endpoint,
            signer: Signer::new(Family::Svix),
            body: message(700),
        };
        Subject::new(name, this)
    }

    fn incoming(&self, id: &Id) -> Incoming {
        let (head, body) = self.signer.signed(id.key.as_str(), &self.body).into_parts();
        let mut check = self
            .endpoint
            .begin(&head, Timestamp::now())
            .expect("it is signed");
        check.update(body);
        let verified = check.finish().expect("it is signed");
        let random = id.token.as_bytes().first_chunk().expect("it is longer");
        Incoming::new(verified, &head.headers, *random)
    }
}

impl Way for Accepting {
    async fn claim(&self, id: &Id) -> bool {
        let accepted = self.inbox.accept(self.incoming(id)).await;
        matches!(accepted.expect("an answer of the inbox"), Accepted::Stored { .. })
    }

    /// That is for those who read.
    async fn complete(&self, _: &Id) -> bool {
        true
    }
}

/// A row with the same body.
struct Row {
    bare: Bare,
    body: Bytes,
}

impl Way for Row {
    async fn claim(&self, id: &Id) -> bool {
        let sql = "INSERT INTO delivery (id, body) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let values: [&(dyn ToSql + Sync); 2] = [&id.key.as_str(), &&self.body[..]];
        self.bare.execute(sql, &values).await
    }

    async fn complete(&self, _: &Id) -> bool {
        true
    }
}

/// Fills it by the verb that is measured.
fn full(bench: &Bench, subject: Subject, keys: u64) -> Subject {
    subject.run(&bench.runtime, What::Claim, 64, (0..keys).map(Id::of).collect());
    subject
}

fn in_a_file(bench: &Bench, file: &Path) -> Subject {
    let options = SqliteInboxOptions::new(Arc::new(SystemClock::new())).deadline(DEADLINE);
    let inbox = bench.runtime.block_on(SqliteInbox::open(file, options));
    Accepting::subject("SqliteInbox", Arc::new(inbox.expect("a file of our own")))
}

pub fn sqlite(bench: &Bench, _: &mut Report) -> io::Result<Growth> {
    let folder = folder()?;
    let [few, many] = [("few.db", FEW), ("many.db", bench.plan.keys)]
        .map(|(name, keys)| full(bench, in_a_file(bench, &folder.path().join(name)), keys));
    Ok(Growth::of(
        bench,
        "the SQLite inbox, where it is an accept",
        64,
        few,
        many,
    ))
}

const NAME: &str = "PostgresInbox";

fn in_a_server(bench: &Bench, server: &Postgres, schema: &str) -> Subject {
    let options = PostgresOptions::default().deadline(DEADLINE).schema(schema);
    let inbox = bench
        .runtime
        .block_on(PostgresInbox::connect(&server.url(), options));
    Accepting::subject(NAME, Arc::new(inbox.expect("a server of our own")))
}

pub fn postgres(bench: &Bench, report: &mut Report) -> io::Result<Growth> {
    let server = Postgres::start(&[])?;
    let table = "CREATE TABLE delivery (id text PRIMARY KEY, body bytea NOT NULL)";
    let bare = bench.runtime.block_on(Bare::connect(&server.url(), table));
    let row = Row {
        bare,
        body: message(700),
    };
    let subjects = [
        Subject::new("deadpool of 10, a statement each", row),
        in_a_server(bench, &server, "inbox"),
    ];
    let title = "stores, PostgreSQL: a delivery of 700 B signed, verified and accepted, unread";
    let rates = bench.table(title, bench.plan.waiting_slice, &subjects, &[What::Claim]);
    report.goal(
        "an accept in PostgreSQL, 64 tasks, accepts/s over a pool with a statement each",
        rates.of(NAME, What::Claim, 64),
        AtLeast(4.0),
    );
    drop(subjects);
    let [few, many] = [("few", FEW), ("many", bench.plan.keys)]
        .map(|(schema, keys)| full(bench, in_a_server(bench, &server, schema), keys));
    Ok(Growth::of(
        bench,
        "the PostgreSQL inbox, where it is an accept",
        64,
        few,
        many,
    ))
}
