//! Redis, against `SET NX PX` over one multiplexed connection.

use std::{io, sync::Arc, time::Duration};

use redis::{AsyncConnectionConfig, Client, aio::MultiplexedConnection};
use wahook_core::guard::GuardStore;
use wahook_redis::{RedisOptions, RedisStore};
use wahook_services::Redis;

use super::{
    bench::Bench,
    disk,
    growth::{FEW, Growth},
    race::{DIGEST, Id, LEASE, MEMORY, Subject, Way, What},
};
use crate::report::{Goal::AtLeast, Report};

struct Bare(MultiplexedConnection);

impl Bare {
    async fn connect(url: &str) -> redis::RedisResult<Self> {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(DEADLINE));
        let client = Client::open(url)?;
        let connected = client.get_multiplexed_async_connection_with_config(&config).await;
        connected.map(Self)
    }

    async fn set(&self, id: &Id, value: &str, when: &str, life: Duration) -> bool {
        let set: redis::RedisResult<Option<String>> = redis::cmd("SET")
            .arg(id.key.as_str())
            .arg(value)
            .arg(when)
            .arg("PX")
            .arg(life.as_millis() as u64)
            .query_async(&mut self.0.clone())
            .await;
        set.expect("an answer of Redis").is_some()
    }
}

impl Way for Bare {
    async fn claim(&self, id: &Id) -> bool {
        self.set(id, "claimed", "NX", LEASE).await
    }

    async fn complete(&self, id: &Id) -> bool {
        self.set(id, "done", "XX", MEMORY).await
    }
}

/// Longer than usual: others may be at work on the machine.
const DEADLINE: Duration = Duration::from_secs(30);

fn store(bench: &Bench, url: &str) -> Subject {
    let options = RedisOptions::new().deadline(DEADLINE);
    let connected = bench.runtime.block_on(RedisStore::connect(url, options));
    let store: Arc<dyn GuardStore> = Arc::new(connected.expect("a server of our own"));
    Subject::new(NAME, store)
}

/// Puts keys into a store's database, past the store.
async fn fill(url: &str, keys: u64) -> redis::RedisResult<()> {
    let mut connection = Bare::connect(url).await?.0;
    let numbers: Vec<u64> = (0..keys).collect();
    for some in numbers.chunks(1_000) {
        let mut command = redis::cmd("EVAL");
        command
            .arg(FILL)
            .arg(0)
            .arg(DIGEST.as_bytes())
            .arg(MEMORY.as_millis() as u64);
        for id in some.iter().copied().map(Id::of) {
            command
                .arg(format!("wahook:guard:1:{}", id.key.as_str()))
                .arg(id.token.as_bytes());
        }
        command.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}

const FILL: &str = "
for at = 3, #ARGV, 2 do
    redis.call('PSETEX', ARGV[at], ARGV[2], 'D' .. ARGV[at + 1] .. ARGV[1])
end";

fn both(bench: &Bench, server: &Redis) -> [Subject; 2] {
    let bare = bench.runtime.block_on(Bare::connect(&server.url()));
    [
        Subject::new("redis, SET NX PX", bare.expect("a server of our own")),
        store(bench, &server.url()),
    ]
}

const NAME: &str = "RedisStore";

pub fn run(bench: &Bench, report: &mut Report) -> io::Result<Growth> {
    let server = Redis::start(&[])?;
    let slice = bench.plan.waiting_slice;
    let rates = bench.table(
        "stores, Redis without AOF: nothing survives",
        slice,
        &both(bench, &server),
        What::ALL,
    );
    report.goal(
        "a claim in Redis, 64 tasks, claims/s over the bare client",
        rates.of(NAME, What::Claim, 64),
        AtLeast(0.8),
    );
    drop(server);

    let server = Redis::start(&["appendonly yes", "appendfsync always"])?;
    let title = format!(
        "stores, Redis with AOF, appendfsync always ({})",
        disk(&server.data_dir())
    );
    bench.table(&title, slice, &both(bench, &server), &[What::Claim]);
    drop(server);

    let server = Redis::start(&[])?;
    let [few, many] = [FEW, bench.plan.keys].map(|keys| {
        let url = format!("{}/{}", server.url(), u8::from(keys == FEW));
        bench
            .runtime
            .block_on(fill(&url, keys))
            .expect("a server of our own");
        store(bench, &url)
    });
    Ok(Growth::of(bench, "Redis without AOF", 64, few, many))
}
