//! Senders that do not give up, as providers do not: each conversation sends one message after the other, again and again
//! until it is acknowledged. Some say what was acknowledged once more, some say the same twice at once, and somebody who
//! has not the secret says things, too.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use tokio::task::JoinSet;
use wahook_chaos::history::{Promise, What};
use wahook_core::Secret;

use crate::{
    recorder::Recorder,
    rig::{Client, Hook, Node},
};

/// How many conversations send at once, with so long from one message of each to its next.
fn crowd(promise: Promise) -> (usize, Duration) {
    match promise {
        Promise::Inbox => (10, Duration::from_millis(90)),
        // What is claimed by a gateway that is killed is nobody's until the lease ends, which holds up a conversation: many
        // of them, of which few are in its hands at a time.
        Promise::Guard => (160, Duration::from_millis(1_600)),
    }
}

/// How long a message that was begun is sent again after the end.
const LAST: Duration = Duration::from_secs(40);

/// What a receiver that judges events refuses for good begins so.
pub(crate) const POISON: &str = "poison ";

/// Everybody who sends to one scene.
pub(crate) struct Senders {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<usize>,
}

impl Senders {
    pub(crate) fn start(urls: &[String], seed: u64, promise: Promise, recorder: &Recorder) -> Self {
        let (count, every) = crowd(promise);
        let stop = Arc::new(AtomicBool::new(false));
        let (urls, recorder, stopped) = (urls.to_vec(), recorder.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(async {
                let mut chats = JoinSet::new();
                for chat in 0..count {
                    let rng = Rng::with_seed(seed.wrapping_add(chat as u64));
                    let sender = Sender::new(chat, &urls, rng, &recorder, &stopped);
                    chats.spawn(sender.run(every));
                }
                chats.join_all().await.into_iter().filter(|done| !done).count()
            })
        });
        Self { stop, thread }
    }

    /// Ends after the messages in progress were acknowledged; how many were not.
    pub(crate) fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// One conversation.
struct Sender {
    chat: usize,
    clients: Vec<Client>,
    others: Vec<Client>,
    forger: Client,
    rng: Rng,
    recorder: Recorder,
    stop: Arc<AtomicBool>,
}

impl Sender {
    fn new(chat: usize, urls: &[String], rng: Rng, recorder: &Recorder, stop: &Arc<AtomicBool>) -> Self {
        let hook = Node::hook();
        let forged = Hook {
            secret: Secret::new("whsec_BQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap(),
            ..hook.clone()
        };
        let clients = || urls.iter().map(|url| Client::new(&hook, url)).collect();
        Self {
            chat,
            clients: clients(),
            others: clients(),
            forger: Client::new(&forged, &urls[chat % urls.len()]),
            rng,
            recorder: recorder.clone(),
            stop: Arc::clone(stop),
        }
    }

    /// Until it is told to stop; whether the last message was acknowledged.
    async fn run(mut self, every: Duration) -> bool {
        let mut turn = tokio::time::interval(every);
        let mut said = Vec::new();
        let mut number = 0_u64;
        while !self.is_over() {
            turn.tick().await;
            let message = (format!("chat{}-{number}", self.chat), self.text());
            if !self.until_acknowledged(&message).await {
                return false;
            }
            said.push(message);
            if self.rng.u8(..) < 24 {
                // Its answer was lost on the way, or the provider is not sure.
                let again = self.rng.choice(&said).unwrap().clone();
                self.send(&again).await;
            }
            if self.rng.u8(..) < 12 {
                self.forge(number).await;
            }
            number += 1;
        }
        true
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Something to say, which no other message says.
    fn text(&mut self) -> String {
        let mut text = if self.rng.u8(..) < 3 {
            POISON.to_owned()
        } else {
            String::new()
        };
        for _ in 0..self.rng.usize(1..40) {
            let _ = write!(text, "{:x} ", self.rng.u64(..));
        }
        text
    }

    async fn until_acknowledged(&mut self, message: &(String, String)) -> bool {
        let mut pause = Duration::from_millis(20);
        let mut last = None;
        loop {
            let at_once = self.rng.u8(..) < 12;
            let acknowledged = if at_once {
                self.send_twice(message).await
            } else {
                self.send(message).await
            };
            if acknowledged {
                return true;
            }
            if self.is_over() && last.get_or_insert_with(Instant::now).elapsed() > LAST {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(400));
        }
    }

    async fn send(&mut self, message: &(String, String)) -> bool {
        let client = self.rng.usize(..self.clients.len());
        send(
            &self.recorder,
            &mut self.clients[client],
            self.chat,
            message,
            false,
        )
        .await
    }

    /// Both at the same time, perhaps to two gateways.
    async fn send_twice(&mut self, message: &(String, String)) -> bool {
        let [one, other] = [(); 2].map(|()| self.rng.usize(..self.clients.len()));
        let (recorder, chat) = (&self.recorder, self.chat);
        let (one, other) = tokio::join!(
            send(recorder, &mut self.clients[one], chat, message, false),
            send(recorder, &mut self.others[other], chat, message, false)
        );
        one || other
    }

    async fn forge(&mut self, number: u64) {
        let message = (format!("forged{}-{number}", self.chat), self.text());
        send(&self.recorder, &mut self.forger, self.chat, &message, true).await;
    }
}

/// Sends it once; whether it was acknowledged.
async fn send(
    recorder: &Recorder,
    client: &mut Client,
    chat: usize,
    (message, text): &(String, String),
    forged: bool,
) -> bool {
    let sending = recorder.number();
    recorder.say(What::Sent {
        message: message.clone(),
        chat: format!("chat{chat}"),
        sending,
        forged,
        text: text.clone(),
    });
    let answer = client.send(&Hook::saying(chat, message, text)).await;
    let status = answer.map(|(status, _)| status.as_u16());
    recorder.say(What::Answered { sending, status });
    status == Some(200)
}
