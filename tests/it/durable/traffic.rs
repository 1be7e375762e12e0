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
use jiff::Timestamp;
use wahook_core::{Endpoint, Secret};
use wahook_testkit::{Outgoing, Sender};

use super::ledger::Ledger;

/// Who sends, and to where it is signed.
pub(super) struct Hook {
    pub(super) endpoint: Endpoint,
    pub(super) secret: Secret,
}

/// Traffic that goes on until it is stopped.
pub(super) struct Traffic {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    thread: thread::JoinHandle<()>,
}

impl Traffic {
    /// So many conversations at once, each in order.
    pub(super) fn start(chats: usize, hook: &Hook, url: &str, ledger: &Ledger) -> Self {
        // A second time it is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sender = Sender::new(hook.endpoint.clone(), hook.secret.clone(), url.parse().unwrap());
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (ending, counted, ledger) = (Arc::clone(&stop), Arc::clone(&acknowledged), ledger.clone());
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for chat in 0..chats {
                    let (sender, stop) = (sender.clone(), Arc::clone(&ending));
                    let (counted, ledger) = (Arc::clone(&counted), ledger.clone());
                    tasks.spawn(async move {
                        let client = reqwest::Client::builder()
                            .timeout(Duration::from_secs(10))
                            .build()
                            .unwrap();
                        let mut number = 0;
                        while !stop.load(Ordering::Relaxed) {
                            let message = format!("chat{chat}-{number}");
                            converse(&client, &sender, chat, &message).await;
                            ledger.acknowledged(message);
                            counted.fetch_add(1, Ordering::Relaxed);
                            number += 1;
                        }
                    });
                }
                while let Some(done) = tasks.join_next().await {
                    done.unwrap();
                }
            });
        });
        Self {
            stop,
            acknowledged,
            thread,
        }
    }

    /// Waits for a time between these two, and until something was acknowledged meanwhile.
    pub(super) fn run_for(&self, least: Duration, most: Duration) {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let spread = u64::try_from((most - least).as_micros()).unwrap();
        let wait = least + Duration::from_micros(u64::from_le_bytes(random) % spread);
        let before = self.acknowledged.load(Ordering::Relaxed);
        thread::sleep(wait); // when a process is killed is chance, and must be
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.acknowledged.load(Ordering::Relaxed) == before {
            assert!(Instant::now() < deadline, "nothing is acknowledged any more");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends after the messages in progress were acknowledged.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// Sends a message until it is acknowledged.
async fn converse(client: &reqwest::Client, sender: &Sender, chat: usize, message: &str) {
    let body = format!(
        r#"{{"message_id":"{message}","conversation_id":"conversation-{chat}","contact_id":"contact-{chat}","channel_id":"wzp_demo1","direction":"inbound","msg_type":"text","text":"{}"}}"#,
        "x".repeat(500)
    );
    let outgoing = Outgoing::new(format!("msg_{message}"), Bytes::from(body));
    let mut pause = Duration::from_millis(5);
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let request = sender.request(&outgoing, Timestamp::now()).unwrap();
        let request = reqwest::Request::try_from(request).unwrap();
        match client.execute(request).await {
            Ok(answer) if answer.status() == 200 => return,
            Ok(answer) => assert_eq!(answer.status(), 503, "nobody is told anything else"),
            // Whether it came in, nobody knows: what Svix does is send it again.
            Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
    panic!("{message} was not acknowledged within a minute");
}
