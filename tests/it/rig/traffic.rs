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
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use wahook_core::{Endpoint, Secret};
use wahook_testkit::{Outgoing, Sender};

use super::{ledger::Ledger, wait_until};

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
        let body = format!(
            r#"{{"message_id":"{message}","conversation_id":"conversation-{chat}","contact_id":"contact-{chat}","channel_id":"wzp_demo1","direction":"inbound","msg_type":"text","text":"{}"}}"#,
            "x".repeat(self.text)
        );
        Outgoing::new(format!("msg_{message}"), Bytes::from(body))
    }

    /// Sends one message until it is acknowledged.
    pub(crate) fn send(&self, url: &str, chat: usize, message: &str) {
        let client = Client::new(self, &[url.to_owned()]);
        runtime().block_on(client.converse(chat, message, 0, &Counts::default()));
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

    /// The same to several nodes in turn, and with a pause after each message.
    pub(crate) fn to(chats: usize, hook: &Hook, urls: &[String], ledger: &Ledger, pause: Duration) -> Self {
        let counts = Arc::new(Counts::default());
        let client = Client::new(hook, urls);
        let (shared, ledger) = (Arc::clone(&counts), ledger.clone());
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for chat in 0..chats {
                    let (client, counts, ledger) = (client.clone(), Arc::clone(&shared), ledger.clone());
                    tasks.spawn(async move {
                        let mut number = 0;
                        while !counts.stop.load(Ordering::Relaxed) {
                            let message = format!("chat{chat}-{number}");
                            client.converse(chat, &message, number, &counts).await;
                            ledger.acknowledged(message);
                            counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                            number += 1;
                            if !pause.is_zero() {
                                tokio::time::sleep(pause).await;
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

/// What conversations send with. Cheap to clone.
#[derive(Clone)]
struct Client {
    http: reqwest::Client,
    hook: Hook,
    /// One for each node.
    senders: Vec<Sender>,
}

impl Client {
    fn new(hook: &Hook, urls: &[String]) -> Self {
        // A second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10));
        let sender =
            |url: &String| Sender::new(hook.endpoint.clone(), hook.secret.clone(), url.parse().unwrap());
        Self {
            http: http.build().unwrap(),
            hook: hook.clone(),
            senders: urls.iter().map(sender).collect(),
        }
    }

    /// Sends a message until it is acknowledged, to one node after the other.
    async fn converse(&self, chat: usize, message: &str, number: usize, counts: &Counts) {
        let outgoing = self.hook.outgoing(chat, message);
        let mut pause = Duration::from_millis(5);
        let deadline = Instant::now() + GIVE_UP;
        for sender in self.senders.iter().cycle().skip(number % self.senders.len()) {
            let request = sender.request(&outgoing, Timestamp::now()).unwrap();
            let request = reqwest::Request::try_from(request).unwrap();
            match self.http.execute(request).await {
                Ok(answer) if answer.status() == 200 => return,
                Ok(answer) => {
                    assert_eq!(answer.status(), 503, "nobody is told anything else");
                    assert!(answer.headers().contains_key(RETRY_AFTER));
                    counts.refused.fetch_add(1, Ordering::Relaxed);
                }
                // Whether it came in, nobody knows: what Svix does is send it again.
                Err(_) => {}
            }
            assert!(Instant::now() < deadline, "{message} was not acknowledged");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}
