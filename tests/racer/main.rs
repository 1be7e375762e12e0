//! One process of a race: many tasks that claim the same keys as those of another process, and write down what they got.
//!
//! `racer STORE LEDGER SCOPE`. It says `{"ready":…}`, begins at the first line on its standard input and stops at the end
//! of it. It says `{"life":KEY}` for each key that it completed, and `{"wrong":TEXT}` for what must not be.

mod record;
mod stores;

use std::{
    collections::HashSet,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, Read as _, Write as _},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use wahook_core::{
    Clock as _,
    guard::{Claim, Digest, GuardStore, Key, Settled, Token},
};
use wahook_tower::SystemClock;

use self::record::{FIRST_LIFE, KEYS, Line, Verb, file, holders, is_done, lease, turns};

type Failure = Box<dyn Error + Send + Sync>;

const TASKS: usize = 64;

/// A life that does not end during a race.
const LONG: Duration = Duration::from_secs(3_600);

struct Race {
    store: Arc<dyn GuardStore>,
    ledger: PathBuf,
    scope: String,
    is_over: AtomicBool,
    /// Keys of which a claim was a duplicate, and rightly.
    duplicates: Mutex<HashSet<usize>>,
}

/// A claim that was left to its lease.
struct Abandoned {
    number: usize,
    holder: usize,
    token: Token,
    file: File,
}

impl Race {
    /// Claims every key again and again, in an order of its own.
    async fn run(&self, task: usize) -> Result<(), Failure> {
        let mut abandoned = Vec::new();
        // 7 and the number of keys have no factor in common, so each task meets every key.
        for number in (0..).map(|step| (task * 16 + step * 7) % KEYS) {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            self.say_too_late(&mut abandoned).await?;
            let (token, said) = (token()?, now());
            match self
                .store
                .claim(&self.key(number), body(), token, lease(number))
                .await?
            {
                Claim::Fresh { .. } => abandoned.extend(self.hold(number, token, said).await?),
                Claim::Duplicate { .. } => self.check_duplicate(number),
                _ => {}
            }
        }
        Ok(())
    }

    async fn hold(&self, number: usize, token: Token, said: i64) -> Result<Option<Abandoned>, Failure> {
        let (process, heard) = (std::process::id(), now());
        let past = holders(&self.ledger, number);
        let place = file(&self.ledger, number, past.len());
        let Ok(mut file) = OpenOptions::new().append(true).create_new(true).open(place) else {
            wrong(&format!("key {number} is fresh for two at once"));
            return Ok(None);
        };
        write(&mut file, &Line::Claimed { process, said, heard })?;
        // Others shall find it held.
        tokio::task::yield_now().await;

        let lives = past.iter().filter(|holder| is_done(holder)).count();
        let turn = past.iter().rev().take_while(|holder| !is_done(holder)).count();
        let verb = turns(number).get(turn).copied().unwrap_or(Verb::Complete);
        write(&mut file, &Line::Says { verb, at: now() })?;
        let key = self.key(number);
        let settled = match verb {
            Verb::Complete => {
                let life = if lives == 0 { FIRST_LIFE } else { LONG };
                self.store.complete(&key, body(), token, life).await?
            }
            Verb::Release => self.store.release(&key, body(), token).await?,
            Verb::Abandon => {
                let holder = past.len();
                return Ok(Some(Abandoned {
                    number,
                    holder,
                    token,
                    file,
                }));
            }
        };
        let done = settled == Settled::Done;
        write(&mut file, &Line::Told { done, at: now() })?;
        if done && verb == Verb::Complete {
            say(&json!({ "life": number }))?;
        }
        Ok(None)
    }

    /// Completes what was abandoned once somebody else has it; that must change nothing.
    async fn say_too_late(&self, abandoned: &mut Vec<Abandoned>) -> Result<(), Failure> {
        let is_taken = |one: &mut Abandoned| file(&self.ledger, one.number, one.holder + 1).exists();
        for mut one in abandoned.extract_if(.., is_taken) {
            let key = self.key(one.number);
            let done = self.store.complete(&key, body(), one.token, LONG).await? == Settled::Done;
            write(&mut one.file, &Line::Told { done, at: now() })?;
        }
        Ok(())
    }

    /// Nobody is sent away for what nobody began to complete.
    fn check_duplicate(&self, number: usize) {
        let mut known = self.duplicates.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(number) {
            let completes = |line: &Line| {
                matches!(
                    line,
                    Line::Says {
                        verb: Verb::Complete,
                        ..
                    }
                )
            };
            if !holders(&self.ledger, number).iter().flatten().any(completes) {
                wrong(&format!("key {number} is a duplicate of nothing"));
            }
        }
    }

    fn key(&self, number: usize) -> Key {
        Key::delivery(&self.scope, &number.to_string())
    }
}

fn body() -> Digest {
    Digest::from_bytes([7; 32])
}

fn token() -> Result<Token, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Token::new(bytes))
}

fn now() -> i64 {
    SystemClock::new().now().as_microsecond()
}

/// One write for each line, so that readers see all of it or nothing.
fn write(file: &mut File, line: &Line) -> io::Result<()> {
    file.write_all(format!("{}\n", serde_json::to_string(line)?).as_bytes())
}

fn say(line: &serde_json::Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

fn wrong(what: &str) {
    // Who is not heard ends with an error at the next line that matters.
    let _ = say(&json!({ "wrong": what }));
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [store, ledger, scope] = arguments.as_slice() else {
        return Err("racer STORE LEDGER SCOPE".into());
    };
    let race = Arc::new(Race {
        store: stores::open(store).await?,
        ledger: ledger.into(),
        scope: scope.clone(),
        is_over: AtomicBool::new(false),
        duplicates: Mutex::default(),
    });
    say(&json!({ "ready": std::process::id() }))?;
    let mut stdin = io::stdin().lock();
    stdin.read_line(&mut String::new())?;
    drop(stdin);

    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let race = Arc::clone(&race);
        tasks.spawn(async move { race.run(task).await });
    }
    let waiting = Arc::clone(&race);
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        waiting.is_over.store(true, Ordering::Relaxed);
    });
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(())
}
