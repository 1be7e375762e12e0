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
    process::{Command, Stdio},
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
    apps::{BARE, Handled, PATH, bare},
    forward,
    over_http::{CONNECTIONS, Running, connected, new_runtime, race, start},
    program::{Output, Program, build, folder},
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::{SECRET, message},
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

/// What the run in which flushes are slow is started with.
pub const SLOWED: &str = "--slowed";

/// A disk, as its table is named, and what is wanted of it.
struct Disk {
    title: &'static str,
    over_pool: f64,
    over_bare: Option<f64>,
    p99_ms: Option<f64>,
}

const AS_IT_IS: Disk = Disk {
    title: "as the disk flushes",
    over_pool: 11.0,
    over_bare: Some(0.38),
    p99_ms: Some(15.0),
};

const SLOW: Disk = Disk {
    title: "flushes take 2 ms longer",
    over_pool: 28.0,
    over_bare: None,
    p99_ms: None,
};

fn run(report: &mut Report) {
    measure(report, AS_IT_IS);
    let slow = SlowFlushes::by(Duration::from_millis(2)).expect("a C compiler");
    let mut again = Command::new(env::current_exe().expect("this program"));
    again
        .arg(SLOWED)
        .args(report.plan.is_quick().then_some("--quick"));
    let done = slow.on(again.stderr(Stdio::inherit())).output();
    let done = done.expect("it starts");
    let said = String::from_utf8_lossy(&done.stdout);
    let (table, goals) = said.trim_end().rsplit_once('\n').unwrap_or_default();
    println!("{table}");
    assert!(done.status.success(), "{goals}");
    report.take_over(goals);
}

/// The run in which flushes are slow. The last line that it says is for [`Report::take_over`].
pub fn slowed(mut report: Report) {
    measure(&mut report, SLOW);
    println!("{}", report.hand_over());
}

fn measure(report: &mut Report, disk: Disk) {
    let files = folder().expect("a place for files");
    let folder = files.path();
    let runtime = new_runtime();
    let (ours, by_hand_file) = (folder.join("inbox.db"), folder.join("by-hand.db"));
    let pool_file = folder.join("pool.db");
    let (file, by_hand_path) = (ours.clone(), by_hand_file.clone());
    let inbox = opened(file);
    let kept = Arc::clone(&inbox);
    let (pool, _alive) = pool(&pool_file, &runtime);
    let mut servers = vec![
        start(BARE, || bare(Handled::default()), &runtime),
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
    let race = race(&mut servers, &runtime, count, REQUESTS_EACH, &message(700));
    let what = format!("durable, 700 B, {}", disk.title);
    race.print(&what);
    report.goal(
        format!("{what}, requests/s over a pool with an INSERT each"),
        race.rate(OURS, POOL),
        AtLeast(disk.over_pool),
    );
    if let Some(least) = disk.over_bare {
        report.goal(
            format!("{what}, requests/s over `{BARE}`"),
            race.rate(OURS, BARE),
            AtLeast(least),
        );
    }
    if let Some(most) = disk.p99_ms {
        let p99 = race.latency(OURS, 99).map(|p99| p99.as_secs_f64() * 1e3);
        report.goal(format!("{what}, p99 in ms"), p99, AtMost(most));
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
