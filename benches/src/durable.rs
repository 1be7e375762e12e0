//! Deliveries that are on stable storage before they are answered, over real sockets: the gateway's inbox against what
//! teams write by hand, a transaction for each request: one INSERT through a pool of `sqlx`, or the fastest we know of,
//! `rusqlite` behind a lock. Beside them a bridge, which keeps nothing and answers when it was answered. In the end each
//! that keeps has as many as it acknowledged.
//!
//! A virtual disk may answer a flush in a tenth of a millisecond, where an ordinary one takes two: the second table adds
//! two to each.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use rusqlite::Connection;
use tokio::runtime::Runtime;
use wahook_providers::wazapin;
use wahook_services::SlowFlushes;
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_tower::{Intake, SystemClock};

use crate::{
    Group,
    apps::{BARE, PATH, bare},
    forward,
    over_http::{CONNECTIONS, Running, connected, new_runtime, race, start},
    program::{Output, Program, build, folder},
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::SECRET,
};

pub const GROUP: Group = Group {
    name: "durable",
    about: "700 B over HTTP/1.1, 64 connections, answered after the flush; SQLite with synchronous = FULL",
    run,
    is_counted: false,
};

const OURS: &str = "wahook, accepted into the SQLite inbox";
const POOL: &str = "by hand: svix, INSERT through a pool of sqlx";

/// Enough that how a round begins, with one request alone at the disk, is little of it.
const REQUESTS_EACH: usize = 60;

/// Set for the run in which flushes are slow.
const SLOW: &str = "WAHOOK_BENCH_SLOW_FLUSHES";

fn run(report: &mut Report) {
    if let Some(folder) = env::var_os(SLOW) {
        return measure(report, Path::new(&folder), "flushes take 2 ms longer", 28.0);
    }
    let disk = folder().expect("a place for files");
    measure(report, disk.path(), "as the disk flushes", 11.0);
    let disk = folder().expect("a place for files");
    let slow = SlowFlushes::by(Duration::from_millis(2)).expect("a C compiler");
    let mut again = Command::new(env::current_exe().expect("this program"));
    again.args(env::args().skip(1).filter(|argument| argument.starts_with('-')));
    let done = slow
        .on(again.arg("durable").env(SLOW, disk.path()))
        .status()
        .expect("it starts");
    assert!(done.success());
}

fn measure(report: &mut Report, folder: &Path, title: &str, over_pool: f64) {
    let runtime = new_runtime();
    let (ours, by_hand_file) = (folder.join("inbox.db"), folder.join("by-hand.db"));
    let pool_file = folder.join("pool.db");
    let (file, by_hand_path) = (ours.clone(), by_hand_file.clone());
    let inbox = opened(file);
    let kept = Arc::clone(&inbox);
    let (pool, _alive) = pool(&pool_file, &runtime);
    let mut servers = vec![
        start(BARE, bare, &runtime),
        start(OURS, move || accepting(inbox), &runtime),
        start(
            "by hand: svix, INSERT by rusqlite behind a lock",
            move || by_hand(&by_hand_path),
            &runtime,
        ),
        pool,
        start(forward::NAME, forward::bridge, &runtime),
    ];
    let count = report.plan.waiting_rounds;
    let race = race(&mut servers, &runtime, count, REQUESTS_EACH, 700);
    let what = format!("durable, 700 B, {title}");
    race.print(&what);
    let p99 = race.latency(OURS, 99).map(|p99| p99.as_secs_f64() * 1e3);
    report.goal(
        format!("{what}, requests/s over a pool with an INSERT each"),
        race.rate(OURS, POOL),
        AtLeast(over_pool),
    );
    if env::var_os(SLOW).is_none() {
        report.goal(
            format!("{what}, requests/s over `{BARE}`"),
            race.rate(OURS, BARE),
            AtLeast(0.38),
        );
        report.goal(format!("{what}, p99 in ms"), p99, AtMost(15.0));
    }
    // The ledger: all that was asked was answered with 200.
    let acknowledged = (CONNECTIONS * REQUESTS_EACH * (count + 1)) as i64;
    let rows = |path: &Path, table: &str| -> i64 {
        let connection = Connection::open(path).expect("the file is there");
        let count = format!("SELECT count(*) FROM {table}");
        connection
            .query_row(&count, [], |row| row.get(0))
            .expect("the table is there")
    };
    assert_eq!(rows(&ours, "inbox_delivery"), acknowledged);
    assert_eq!(rows(&by_hand_file, "delivery"), acknowledged);
    assert_eq!(rows(&pool_file, "delivery"), acknowledged);
    println!(
        "\n{acknowledged} deliveries acknowledged by each, {acknowledged} stored by each; {:.1} deliveries a commit.",
        acknowledged as f64 / kept.commits() as f64
    );
}

/// A program of its own, since it stands on another release of SQLite.
fn pool(file: &Path, runtime: &Runtime) -> (Running, Program) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("pool");
    build(&package, &["--target-dir", "target"]);
    let mut command = Command::new(package.join("target/release/wahook-bench-pool"));
    command.arg(file).args([SECRET, PATH]);
    let (program, port) =
        Program::start(&mut command, Output::Standard, |line| line.parse().ok()).expect("it starts");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // It works on several threads: the time of one says nothing.
    let server = connected(POOL, address, String::new(), runtime);
    (server, program)
}

/// On a thread of its own: whoever asks is inside a runtime already, or will be.
fn opened(path: PathBuf) -> Arc<SqliteInbox> {
    let open = move || {
        let options = SqliteInboxOptions::new(Arc::new(SystemClock::new()));
        let inbox = new_runtime().block_on(SqliteInbox::open(path, options));
        Arc::new(inbox.expect("a new file"))
    };
    thread::spawn(open).join().expect("it opens")
}

fn accepting(inbox: Arc<SqliteInbox>) -> Router {
    let endpoint = wazapin::endpoint("shop", SECRET).expect("a good secret");
    Router::new().route(PATH, wahook_axum::accept(Intake::new(endpoint, inbox)))
}

struct ByHand {
    webhook: svix::webhooks::Webhook,
    database: Mutex<Connection>,
}

fn by_hand(path: &Path) -> Router {
    async fn handler(State(state): State<Arc<ByHand>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        if state.webhook.verify(&body, &headers).is_err() {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(id) = headers.get("svix-id").and_then(|id| id.to_str().ok()) else {
            return StatusCode::BAD_REQUEST;
        };
        let id = id.to_owned();
        let stored = tokio::task::spawn_blocking(move || {
            let database = state.database.lock().expect("no panic in here");
            database
                .prepare_cached("INSERT OR IGNORE INTO delivery (id, body) VALUES (?1, ?2)")?
                .execute(rusqlite::params![id, &body[..]])
        });
        match stored.await {
            Ok(Ok(_)) => StatusCode::OK,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
    let database = Connection::open(path).expect("a new file");
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE delivery (id TEXT PRIMARY KEY, body BLOB NOT NULL);",
        )
        .expect("a new file");
    let state = ByHand {
        webhook: svix::webhooks::Webhook::new(SECRET).expect("a good secret"),
        database: Mutex::new(database),
    };
    Router::new()
        .route(PATH, post(handler))
        .with_state(Arc::new(state))
}
