//! A gateway whose inbox is full and goes on filling, and somebody who looks at its page.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![expect(
    clippy::disallowed_methods,
    reason = "it takes real time, which is what is measured"
)]
#![expect(clippy::print_stdout, reason = "the table is its result")]

#[allow(dead_code, reason = "the tests of the page use more of it")]
#[path = "../../inspector/browser.rs"]
mod browser;
#[path = "../../inspector/wire.rs"]
mod wire;

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use wahook_services::free_port;

use self::browser::Browser;

/// So many deliveries are in the inbox before anybody looks.
const FULL: &str = "100000";
/// So many come in a second while somebody looks, and for how long.
const RATE: u32 = 500;
const SECONDS: u32 = 60;
/// How long the first view may take.
const FIRST_VIEW: Duration = Duration::from_secs(1);
/// So many rows may be in the page, whatever came.
const ROWS: u64 = 100;
/// So much more memory may be taken at the end than half way: nothing grows with what comes.
const GROWTH_MIB: f64 = 16.0;

fn main() -> ExitCode {
    let Some(program) = env::args_os().nth(1) else {
        println!("usage: watched PROGRAM");
        return ExitCode::from(2);
    };
    let gateway = Gateway::start(Path::new(&program));
    gateway.fill();
    println!("{FULL} deliveries are in the inbox; {RATE} a second come while somebody looks");
    let mut traffic = gateway.send(&[
        "--rate",
        &RATE.to_string(),
        "--count",
        &(RATE * (SECONDS + 10)).to_string(),
    ]);
    let looked = look(&gateway);
    traffic.kill().ok();
    traffic.wait().unwrap();
    if looked {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether all limits hold.
fn look(gateway: &Gateway) -> bool {
    let browser = Browser::start();
    // The browser's own start is not the page's.
    browser.goto("about:blank");
    let begun = Instant::now();
    browser.goto(&gateway.page());
    browser.wait_until("document.querySelectorAll('.rows .row').length > 5");
    let first = begun.elapsed();
    let mut holds = judge(
        "first view",
        first < FIRST_VIEW,
        &format!("{} ms, limit {} ms", first.as_millis(), FIRST_VIEW.as_millis()),
    );
    browser.js(
        "window.frames_ = []; let last = performance.now();
         (function frame(now) { frames_.push(now - last); last = now; requestAnimationFrame(frame); })(last);",
    );
    println!(
        "{:>8} {:>8} {:>8} {:>9} {:>10} {:>11} {:>13}",
        "second", "p50 ms", "p99 ms", "in page", "of list", "heap MiB", "server MiB"
    );
    let mut middle = None;
    let mut last = (0.0, 0.0);
    for second in (10..=SECONDS).step_by(10) {
        thread::sleep(Duration::from_secs(10));
        let seen = browser.js("const frames = frames_.splice(0).sort((a, b) => a - b);
             const at = (part) => Math.round(frames[Math.floor(frames.length * part)]);
             gc();
             return [at(0.5), at(0.99), document.querySelectorAll('.rows .row').length,
                     Number(document.querySelector('[role=grid]').getAttribute('aria-rowcount')) - 1,
                     performance.memory.usedJSHeapSize / 1048576]");
        let number = |at: usize| seen[at].as_f64().unwrap();
        last = (number(4), gateway.memory());
        println!(
            "{second:>8} {:>8} {:>8} {:>9} {:>10} {:>11.1} {:>13.1}",
            number(0),
            number(1),
            number(2),
            number(3),
            last.0,
            last.1
        );
        if number(2) > ROWS as f64 {
            holds = judge("rows in the page", false, &format!("{}, limit {ROWS}", number(2)));
        }
        if second * 2 >= SECONDS && middle.is_none() {
            middle = Some(last);
        }
    }
    let (heap, server) = middle.unwrap();
    holds &= judge(
        "the page's memory",
        last.0 - heap < GROWTH_MIB,
        &format!("{:+.1} MiB in the second half, limit {GROWTH_MIB}", last.0 - heap),
    );
    holds &= judge(
        "the server's memory",
        last.1 - server < GROWTH_MIB,
        &format!(
            "{:+.1} MiB in the second half, limit {GROWTH_MIB}",
            last.1 - server
        ),
    );
    holds
}

fn judge(what: &str, holds: bool, said: &str) -> bool {
    println!("{} {what}: {said}", if holds { "ok    " } else { "MISSED" });
    holds
}

/// A gateway in development mode, with an inbox of its own.
struct Gateway {
    child: Child,
    program: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Gateway {
    fn start(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port().unwrap();
        let child = Command::new(program)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"])
            .arg(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let gateway = Self {
            child,
            program: program.to_owned(),
            folder,
            port,
        };
        let end = Instant::now() + Duration::from_secs(20);
        while !gateway.place().exists() {
            assert!(Instant::now() < end, "the gateway does not start");
            thread::sleep(Duration::from_millis(50));
        }
        gateway
    }

    /// Where it says where its page is.
    fn place(&self) -> PathBuf {
        self.folder.path().join("admin.json")
    }

    fn page(&self) -> String {
        let place: Value = serde_json::from_slice(&fs::read(self.place()).unwrap()).unwrap();
        format!(
            "{}/#token={}",
            place["url"].as_str().unwrap(),
            place["token"].as_str().unwrap()
        )
    }

    /// Fills the inbox; the providers' retries make up for what is refused meanwhile.
    fn fill(&self) {
        print!("filling …\r");
        std::io::stdout().flush().ok();
        let mut filling = self.send(&["--count", FULL, "--concurrency", "64"]);
        assert!(filling.wait().unwrap().success(), "the inbox could not be filled");
    }

    /// Plays a provider until it ends.
    fn send(&self, more: &[&str]) -> Child {
        let mut command = Command::new(&self.program);
        command
            .args(["send", "wazapin", "message.new", "--json", "--to"])
            .arg(format!("http://127.0.0.1:{}/hooks/wazapin", self.port))
            .arg("--secret-file")
            .arg(self.folder.path().join("secrets/wazapin"))
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().unwrap()
    }

    /// What it has in memory, in MiB.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kib / 1024.0
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
