//! wahook on Redis: a guard that any number of processes share and restarts do not empty.
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//!
//! use wahook_core::guard::{Claim, Digest, GuardStore, Key, Token};
//! use wahook_redis::{RedisOptions, RedisStore};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::connect("redis://app:secret@localhost/0", RedisOptions::new()).await?;
//! let assurance = store.assurance();
//! eprintln!("the guard {}: {}", assurance.guarantee, assurance.because);
//! for warning in &assurance.warnings {
//!     eprintln!("warning: {warning}");
//! }
//!
//! // It goes wherever a guard store goes. What the layer does with it:
//! let store: Arc<dyn GuardStore> = Arc::new(store);
//! let (key, digest) = (Key::delivery("shop", "3EB0C431C26A1916E07E"), Digest::of_signed(b"{}"));
//! let token = Token::new(*b"sixteen bytes, R"); // random
//! if let Claim::Fresh { .. } = store.claim(&key, digest, token, Duration::from_secs(30)).await? {
//!     // … the work …
//!     store.complete(&key, digest, token, Duration::from_secs(48 * 60 * 60)).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! The whole contract of [`GuardStore`](wahook_core::guard::GuardStore). Each verb is one script: one round trip,
//! atomic on the server. From Redis 7.0 on a claim is one plain `SET`, and the script is asked only if somebody holds the
//! key, or if another body came under it. Leases and times to live run on the **server's** clock, so those who claim need not agree on
//! the time; if the server's clock is set forward, what it remembers ends earlier by as much, if it is set back, later.
//!
//! *What survives* depends on the server's settings, which [`RedisStore::assurance`] reads when the store is opened:
//!
//! - `appendonly yes`, `appendfsync always` and `no-appendfsync-on-rewrite no`, without replicas: **survives power loss**.
//! - anything else, or settings that may not be read (`CONFIG` is forbidden on most managed servers): **process crash
//!   only**. With `everysec` a crash of the server's machine costs the last second or two; without AOF a restart of Redis
//!   costs what came after the last snapshot, or everything. What it forgot is fresh again if a provider repeats it;
//!   nothing is refused for ever.
//! - Replicas follow with a delay: a failover forgets the newest marks, whatever is on the disk of the old primary.
//!
//! `maxmemory-policy` has to be `noeviction`, or Redis throws marks away when memory is used up; the store warns about it.
//! With `noeviction` and without memory, claims fail as [`Full`](wahook_core::guard::StoreErrorKind::Full), and what was
//! begun can still be completed (from Redis 7.0 on) and released.
//!
//! # When the server is away
//!
//! A verb fails after [`RedisOptions::deadline`] at the latest, and at once while the server cannot be reached. A task
//! makes the connection anew, with pauses from 50 ms to 1 s, also when a verb was given up and nothing came over it for
//! a whole deadline after that (a peer that vanished says nothing) and when the primary became a replica (its name may
//! lead to the new one). No restart is needed. A `claim` or `complete` whose connection broke is said once more: a live
//! claim with the same token is the same claim, and is answered as fresh. A `release` is not, since the second one
//! would be told that the claim is lost. A claim whose answer was lost for good ends with its lease.
//!
//! # What it keeps
//!
//! One key per guard key, `wahook:guard:1:<key>` ([`RedisOptions::prefix`]), so that it works wherever the key lives, also
//! behind a proxy of a cluster; a `{` in a key is harmless, as no script touches a second one. The value is a string
//! of 49 bytes, about 150 bytes in all, or, where several bodies came under one key, a hash with a field of 32 bytes for
//! each body's digest. It expires with its last record, which Redis does by itself and bit by bit; of several bodies those
//! that are over are taken out by the claims that meet them, a bounded number each time.
//!
//! The `1` is the version of this layout. There is nothing to migrate: a release with another layout would write other
//! names, would know nothing of what stands under these, and so would handle again what is repeated over the change
//! unless it says that it reads both.
//!
//! # What it needs
//!
//! Redis 5.0 or later, or a server that speaks the same (Valkey). One server, or a proxy that looks like one: a node of a
//! cluster, a sentinel or a replica is refused. The rights `+evalsha +eval +set +get +psetex +del +time +hget +hset
//! +hlen +hscan +hdel +pttl +pexpireat` on the keys of the prefix, and `+info +config|get` to tell what survives.
//!
//! TLS is rustls with ring, whatever else is linked in. Certificates are always checked, against the system's authorities
//! or a given file; Redis usually wants one from its clients as well.
//!
//! # Why this client
//!
//! `redis` is the client that most use and that is kept best. Its multiplexed connection carries all verbs of a process
//! over one socket, which was twenty times as fast as a connection per request when we measured, and half as fast as the
//! server's own benchmark. Its `ConnectionManager` is not used: it lets verbs wait while it cannot connect, keeps
//! a connection on which nothing comes any more, stays with a primary that became a replica, and leaves the choice of
//! TLS's cryptography to the process.

mod address;
mod dial;
mod error;
mod link;
mod options;
mod script;
mod store;
mod stream;
mod survey;
mod tls;

pub use self::{
    options::RedisOptions,
    store::RedisStore,
    stream::{RedisStreamOptions, RedisStreamSink},
};
