//! Senders that do not give up: each conversation sends one message after the other, as often as it takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::StatusCode;
use tokio::time::interval_at;
use wahook_core::{Endpoint, Secret};
use wahook_testkit::Outgoing;

use super::{client::Client, ledger::Ledger, wait_until};

/// For how long a message is sent again before nobody believes in it any more.
const GIVE_UP: Duration = Duration::from_secs(120);

/// Who sends, and to where it is signed.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) endpoint: Endpoint,
    pub(crate) secret: Secret,
    /// How long each message is.
    pub(crate) text: usize,
}

impl Hook {
    /// A message of a conversation, as it is sent.
    pub(crate) fn outgoing(&self, chat: usize, message: &str) -> Outgoing {
        Self::saying(chat, message, &"x".repeat(self.text))
    }

    /// The same with a text that needs no escape in JSON.
    pub(crate) fn saying(chat: usize, message: &str, text: &str) -> Outgoing {
        let body = format!(
            r#"{{"message_id":"{message}","conversation_id":"conversation-{chat}","contact_id":"contact-{chat}","channel_id":"wzp_demo1","direction":"inbound","msg_type":"text","text":"{text}"}}"#
        );
        Outgoing::new(format!("msg_{message}"), Bytes::from(body))
    }

    /// Sends one message until it is acknowledged.
    pub(crate) fn send(&self, url: &str, chat: usize, message: &str) {
        let outgoing = self.outgoing(chat, message);
        let mut clients = [Client::new(self, url)];
        runtime().block_on(converse(&mut clients, &outgoing, 0, &Counts::default()));
    }
}

/// Traffic that goes on until it is stopped.
#[derive(Debug)]
pub(crate) struct Traffic {
    counts: Arc<Counts>,
    thread: thread::JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    stop: AtomicBool,
    acknowledged: AtomicU64,
    /// Answered with 503.
    refused: AtomicU64,
}

impl Traffic {
    /// So many conversations at once, each in order.
    pub(crate) fn start(chats: usize, hook: &Hook, url: &str, ledger: &Ledger) -> Self {
        Self::to(chats, hook, &[url.to_owned()], ledger, Duration::ZERO)
    }

    /// The same to several nodes in turn, with so long from one message of a conversation to its next; those that are
    /// late by then make up for it.
    pub(crate) fn to(chats: usize, hook: &Hook, urls: &[String], ledger: &Ledger, every: Duration) -> Self {
        let counts = Arc::new(Counts::default());
        let (hook, urls, shared, ledger) = (hook.clone(), urls.to_vec(), Arc::clone(&counts), ledger.clone());
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for chat in 0..chats {
                    let (hook, counts, ledger) = (hook.clone(), Arc::clone(&shared), ledger.clone());
                    let mut clients: Vec<_> = urls.iter().map(|url| Client::new(&hook, url)).collect();
                    tasks.spawn(async move {
                        let mut number = 0;
                        let mut turn =
                            (!every.is_zero()).then(|| interval_at((Instant::now() + every).into(), every));
                        while !counts.stop.load(Ordering::Relaxed) {
                            let message = format!("chat{chat}-{number}");
                            let outgoing = hook.outgoing(chat, &message);
                            converse(&mut clients, &outgoing, number, &counts).await;
                            ledger.acknowledged(message);
                            counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                            number += 1;
                            if let Some(turn) = &mut turn {
                                turn.tick().await;
                            }
                        }
                    });
                }
                while let Some(done) = tasks.join_next().await {
                    done.unwrap();
                }
            });
        });
        Self { counts, thread }
    }

    /// How many messages were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.counts.acknowledged.load(Ordering::Relaxed)
    }

    /// How many answers said 503 so far.
    pub(crate) fn refused(&self) -> u64 {
        self.counts.refused.load(Ordering::Relaxed)
    }

    /// Waits for a time between these two, and until something was acknowledged meanwhile.
    pub(crate) fn run_for(&self, least: Duration, most: Duration) {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let spread = u64::try_from((most - least).as_micros()).unwrap();
        let wait = least + Duration::from_micros(u64::from_le_bytes(random) % spread);
        let before = self.acknowledged();
        thread::sleep(wait); // when a process is killed is chance, and must be
        self.goes_on(before);
    }

    /// Waits until more than this was acknowledged.
    pub(crate) fn goes_on(&self, before: u64) {
        wait_until("something is acknowledged", Duration::from_secs(30), || {
            self.acknowledged() > before
        });
    }

    /// Waits until so many are refused without anything being acknowledged in between.
    pub(crate) fn stands_still(&self, refusals: u64) {
        let (mut acknowledged, mut refused) = (self.acknowledged(), self.refused());
        wait_until("everybody is told to come again", Duration::from_secs(30), || {
            if self.acknowledged() != acknowledged {
                (acknowledged, refused) = (self.acknowledged(), self.refused());
            }
            self.refused() >= refused + refusals
        });
    }

    /// Ends after the messages in progress were acknowledged.
    pub(crate) fn stop(self) {
        self.counts.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// Sends a message until it is acknowledged, to one node after the other.
async fn converse(clients: &mut [Client], outgoing: &Outgoing, number: usize, counts: &Counts) {
    let mut pause = Duration::from_millis(5);
    let deadline = Instant::now() + GIVE_UP;
    let nodes = clients.len();
    for node in (0..nodes).cycle().skip(number % nodes) {
        match clients[node].send(outgoing).await {
            Some((StatusCode::OK, _)) => return,
            Some((status, says_when)) => {
                assert_eq!(status, 503, "nobody is told anything else");
                assert!(says_when);
                counts.refused.fetch_add(1, Ordering::Relaxed);
            }
            // Whether it came in, nobody knows: what Svix does is send it again.
            None => {}
        }
        assert!(Instant::now() < deadline, "{} was not acknowledged", outgoing.id);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}
