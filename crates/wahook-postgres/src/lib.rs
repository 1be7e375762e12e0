//! wahook on PostgreSQL: a guard and an inbox that processes share and restarts do not empty.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use wahook_core::{Guarantee, guard::{Claim, Digest, GuardStore, Key, Token}};
//! use wahook_postgres::{PostgresOptions, PostgresStore};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "postgres://shop:secret@db.example/shop?sslmode=verify-full";
//! let store = PostgresStore::connect(url, PostgresOptions::new()).await?;
//! assert_eq!(store.assurance().guarantee, Guarantee::SurvivesPowerLoss);
//!
//! let (key, digest, token) = (Key::delivery("shop", "evt_1"), Digest::of_signed(b"{}"), Token::new([7; 16]));
//! if let Claim::Fresh { .. } = store.claim(&key, digest, token, Duration::from_secs(30)).await? {
//!     // Handle the delivery, then:
//!     store.complete(&key, digest, token, Duration::from_secs(48 * 3600)).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The inbox keeps deliveries until every sink has their events; it is the guard of what it keeps, so whoever has it needs
//! no other. `wahook-worker` reads it and hands on.
//!
//! ```no_run
//! use wahook_core::inbox::{Accepted, Inbox, Incoming};
//! use wahook_postgres::{PostgresInbox, PostgresOptions};
//!
//! # async fn example(incoming: Incoming) -> Result<(), Box<dyn std::error::Error>> {
//! let url = "postgres://shop:secret@db.example/shop?sslmode=verify-full";
//! let inbox = PostgresInbox::connect(url, PostgresOptions::new()).await?;
//! match inbox.accept(incoming).await? {
//!     Accepted::Stored { .. } => { /* It is on stable storage: answer 200. */ }
//!     _ => { /* It was there already: answer 200 as well. */ }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # How the guard works
//!
//! **One statement per verb, many verbs per statement.** While a statement is under way, further verbs wait and then go
//! out together, so that many tasks share one round trip and one flush of the log. A verb that meets an idle store goes
//! out at once. Verbs that share a statement share no fate: each has its own answer, and a row that the server will not
//! take fails alone. Copies of one delivery that wait together are one row.
//!
//! **A duplicate costs no write.** Claiming and completing write one row each, and the second write stays in the page of
//! the first and touches no index.
//!
//! **Two tables and their version** (`wahook_guard_record`, `wahook_guard_sweep`, `wahook_schema`) are made when the
//! store is opened; several processes may do so at once. A role that may not make tables can use those that another
//! role made, if it may read `wahook_schema` and read, insert, update and delete in the others. Tables of a later release
//! are refused.
//!
//! **What is over is removed** in the background, a few pages at a time, by one of the processes, and less eagerly while
//! verbs wait. No verb waits for it.
//!
//! **Time is the server's** (`clock_timestamp()`): leases and lives do not depend on the clocks of the processes. If the
//! server's clock is set forward, they end earlier by as much, if it is set back, later.
//!
//! **Two bodies under one key** that two processes claim in the same moment may each be told that there is no other;
//! every later claim is told.
//!
//! # How the inbox works
//!
//! **Accepting is one statement for many deliveries**: it claims their keys and stores their bytes, and each caller is
//! answered after its commit. While one is under way the next gathers; copies that wait together are one row. Settling is
//! one statement for many lanes in the same way.
//!
//! **One process reads at a time**, for a lease on the server's clock, so the order of acceptance holds over all of them; if
//! it dies the next one goes on. Reading takes what is unread, not what is above a mark: numbers of rows become visible
//! out of order, and some never. Claims of events, their lanes and the mark "read" are one transaction, which locks the
//! reader's row: who lost the part changes nothing.
//!
//! **Lanes are taken with `SKIP LOCKED`**, so takers never wait for each other, and each is its taker's until the lease
//! ends. An attempt is written down with the lane when it is taken, and counted even if nobody comes back. Whoever locks
//! several lanes does so in one order, so there are no deadlocks; a lane counts what waits in it, so nothing is forgotten
//! that comes while it is being settled.
//!
//! **Nobody is notified across processes**: `NOTIFY` takes a lock that all commits of a database share. A process is stirred
//! by what it did itself, and has to look every now and then for the rest.
//!
//! **Bodies are bytes, and so are texts of providers**: they may hold what `text` cannot. To read them in `psql`,
//! `encode(chat, 'escape')`.
//!
//! Its tables begin with `wahook_inbox`. What is finished is removed when [`Desk::sweep`](wahook_core::inbox::Desk::sweep)
//! is called; keys whose memory is over are removed in the background. A full inbox
//! ([`PostgresOptions::max_waiting`]) is noticed within about a second.
//!
//! # What survives
//!
//! What the server's settings promise, no more: [`PostgresStore::assurance`] reads `fsync`, `full_page_writes`,
//! `synchronous_commit` and whether the table is logged, and names the one that decides. None is overruled:
//! `synchronous_commit = off` for the role is an operator's choice, at the price that a crash of the server forgets the
//! last moments. After a failover to a replica that was not waited for (`synchronous_standby_names`) marks may be
//! missing too. Whatever marks are forgotten, that is handled again; a delivery that is forgotten is lost, since it was
//! acknowledged: [`Inbox::assurance`](wahook_core::inbox::Inbox::assurance) warns in those words.
//!
//! # Failures
//!
//! A verb takes 1 second at most, its wait included; then it fails as
//! [`Slow`](wahook_core::guard::StoreErrorKind::Slow), and its statement is called off. Where nobody answers, or the
//! server refuses, it is [`Unavailable`](wahook_core::guard::StoreErrorKind::Unavailable), where there is no room
//! [`Full`](wahook_core::guard::StoreErrorKind::Full). A lost connection or a deadlock is mended once within that second;
//! a statement that may have been carried out twice gives the right answer or an error, never a wrong one. What workers and
//! operators ask of the inbox may take five times as long.
//!
//! # Addresses
//!
//! `postgres://user:password@host:port/database`, as libpq reads them; several hosts with commas, of which the one that
//! takes writes is chosen. Characters that URLs reserve are percent-encoded. TLS is at least as strict as libpq's:
//!
//! | `sslmode` | encrypted | whose certificate is accepted |
//! |---|---|---|
//! | `disable` | no | |
//! | left out, `allow`, `prefer` | if the server can | anybody's; [warned of](PostgresStore::assurance) unless the server is on this machine |
//! | `verify-ca` | yes | one that the authority signed, for any name |
//! | `require`, `verify-full`, or left out with `sslrootcert` | yes | one that the authority signed for this host |
//!
//! The authority is the file that `sslrootcert` names (PEM), else the authorities that this machine trusts. libpq's
//! `require` accepts anybody's certificate and so protects against nobody on the way: here it verifies.
//!
//! # Poolers
//!
//! Behind PgBouncer or another pooler that hands out connections by transaction, set
//! [`PostgresOptions::transaction_pooler`]: then nothing is prepared and nothing is set for a session. Each statement is
//! parsed and planned anew, which about doubles its cost in the server. Poolers by session need nothing.
//!
//! # Why `tokio-postgres`
//!
//! It speaks PostgreSQL's protocol with pipelining and binary values and hides no SQL: the promises here rest on what one
//! statement does at `READ COMMITTED`, so it must be ours to the last word. It needs no C library and no code generation,
//! and it is what most others stand on. `deadpool-postgres` keeps its connections; `rustls` with `ring` encrypts, whatever
//! crypto the rest of the process has chosen.

mod address;
mod assure;
mod fault;
mod guard;
mod inbox;
mod migrate;
mod open;
mod options;
mod pool;
mod say;
mod share;
mod span;
mod sweep;
mod tls;

pub use self::{guard::PostgresStore, inbox::PostgresInbox, options::PostgresOptions, share::connections};
