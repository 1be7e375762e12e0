//! What no configuration can bring about: parts of the gateway in this process, and what they write.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;
use wahook_core::inbox::{DeadQuery, Desk as _, Inbox as _};
use wahook_testkit::inbox::{Deliveries, MemoryInbox, RecordingSink};
use wahook_worker::{Options, Plan, Retries, Route, Workers};

use super::{
    Output,
    canary::{LID, PHONE, TEXT},
};

/// What a log says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A sink whose panic quotes all it was handed: no letter of it is in the log, or in the dead letter. What the panic itself
/// prints is the hook's, which a gateway sets.
pub(super) fn panicking_sink() -> Vec<Output> {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let why = tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let inbox = Arc::new(MemoryInbox::new(Arc::new(wahook_tower::SystemClock::new())));
            let mut line = Deliveries::of("wawp", "line");
            let incoming = line.message(PHONE, &format!("{LID}@lid"), TEXT);
            inbox.accept(incoming).await.unwrap();
            let sink = RecordingSink::answering(|event| panic!("{}", serde_json::to_string(event).unwrap()));
            let retries = Retries {
                attempts: 1,
                ..Retries::default()
            };
            let plan = Plan::new()
                .endpoint(line.endpoint().clone())
                .route(Route::new("till", Arc::new(sink)).retries(retries));
            let workers = Workers::start(inbox.clone(), plan, Options::default());
            let all = DeadQuery {
                limit: 10,
                ..DeadQuery::default()
            };
            let dead = loop {
                let dead = inbox.dead(&all).await.unwrap();
                if !dead.is_empty() {
                    break dead;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            workers.stop(Duration::from_secs(1)).await;
            dead[0].error.clone()
        })
    });
    let log = log.0.lock().unwrap().clone();
    assert!(!log.is_empty() && why.contains("panic"), "{why}");
    vec![Output::new("log", log), Output::new("dead letter", why)]
}
