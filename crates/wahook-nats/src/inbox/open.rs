//! Opening: the stream is found or made, what it says is read, and from then on it is followed.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_nats::jetstream;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use wahook_core::guard::{OpenError, OpenErrorKind, StoreErrorKind};

use super::{
    NatsInboxOptions,
    assure::assurance,
    book::Book,
    fault::Fault,
    follow::Follower,
    ledger::op::Op,
    line::{Line, in_time},
    log::Log,
    look::Looks,
    snapshot,
    store::NatsInbox,
    stream,
};
use crate::connection::{self, names_a_stream, servers};

/// A stream that says nothing new for so long while it has more is not read any further.
const PATIENCE: Duration = Duration::from_secs(15);
/// So often it is looked how the stream is.
const WATCH: Duration = Duration::from_secs(5);
/// So often it is looked whether it goes on.
const LOOK: Duration = Duration::from_millis(50);

impl NatsInbox {
    /// Connects to `nats://host:4222` or `tls://…`, several with commas between, finds or makes the stream, and reads what it
    /// says. Must be called in a Tokio runtime with time and I/O enabled, which then does the inbox's work.
    ///
    /// Deliveries that nobody could read are unread again.
    ///
    /// # Errors
    ///
    /// [`OpenErrorKind::Address`] for an address, a name or credentials that cannot be used,
    /// [`OpenErrorKind::Unreachable`] if nobody answers there, [`OpenErrorKind::Refused`] for a stream that would lose what it
    /// acknowledged, or if it cannot be made, and [`OpenErrorKind::Schema`] for one that a later release wrote, or that is
    /// damaged.
    pub async fn connect(address: &str, options: NatsInboxOptions) -> Result<Self, OpenError> {
        let servers = servers(address)?;
        names_a_stream(&options.stream)?;
        let connect = connection::options(&servers, options.credentials.as_ref(), None)?;
        let (client, connected) = connection::connect(&servers, connect, options.deadline)
            .await
            .map_err(|error| {
                let kind = match error.kind() {
                    async_nats::ConnectErrorKind::AuthorizationViolation
                    | async_nats::ConnectErrorKind::Authentication
                    | async_nats::ConnectErrorKind::Tls => OpenErrorKind::Refused,
                    _ => OpenErrorKind::Unreachable,
                };
                OpenError::new(kind, format!("cannot connect: {}", error.kind()))
            })?;
        let version = client.server_info().version;
        let mut context = jetstream::new(client);
        context.set_timeout(options.deadline);
        let stream = stream::find_or_make(&context, &options).await?;
        let config = stream.cached_info().config.clone();
        let assurance = assurance(config.num_replicas, options.syncs_always, &version);
        let log = Arc::new(Log::new(context, stream, connected));
        let book = Arc::new(Book::new(options.cache_bytes));

        let cannot = |fault: Fault| fault.to_open_error("the stream cannot be read");
        book.replace(snapshot::load(&log).await.map_err(cannot)?);
        let info = log.info().await.map_err(cannot)?;
        book.see_all(&info, log.left_in_account().await);
        let last = info.state.last_sequence;
        let line = Arc::new(Line::new(Arc::clone(&log), Arc::clone(&book)));
        let follower = Follower {
            log: Arc::clone(&log),
            book: Arc::clone(&book),
            snapshot_bytes: options.snapshot_bytes,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(follower.run());
        tasks.spawn(Arc::clone(&line).run());
        read_to(&book, last).await.map_err(cannot)?;
        match timeout(PATIENCE, book.sure(&log)).await {
            Ok(sure) => sure.map_err(cannot)?,
            Err(_) => return Err(cannot(Fault::Slow)),
        }
        // A record of ours stands behind all that was there: whoever leads a cluster may not know all of it yet when it is asked.
        let mut hash_key = [0; 16];
        getrandom::fill(&mut hash_key)
            .map_err(|_| OpenError::new(OpenErrorKind::Refused, "there is no randomness"))?;
        match line
            .ask(Op::Open { hash_key }, Vec::new(), in_time(PATIENCE))
            .await
        {
            Err(error) if error.kind() == StoreErrorKind::Full => tracing::warn!(
                target: "wahook",
                "the stream of the inbox takes nothing more; it is opened all the same, to be emptied, and what nobody could \
                 read is not read again before the next start"
            ),
            opened => drop(opened.map_err(|error| {
                OpenError::new(OpenErrorKind::Unreachable, "the stream takes no records").because(error)
            })?),
        }
        tasks.spawn(watch(Arc::clone(&log), Arc::clone(&book)));
        Ok(Self {
            log,
            book,
            line,
            looks: Looks::default(),
            handed: Mutex::default(),
            _tasks: tasks,
            assurance,
            deadline: options.deadline,
            max_waiting: options.max_waiting,
            carry_after: options.carry_after,
            name: options.stream,
        })
    }
}

/// Looks every now and then how the stream is: somebody may change it.
async fn watch(log: Arc<Log>, book: Arc<Book>) {
    let _guard = book.guard("what watches the stream");
    loop {
        sleep(WATCH).await;
        if let Ok(info) = log.info().await {
            // After that: what came in meanwhile is rather reckoned twice than not at all.
            book.see_all(&info, log.left_in_account().await);
        }
    }
}

/// Waits until all up to this message is known, however much it is.
async fn read_to(book: &Book, last: u64) -> Result<(), Fault> {
    let (mut before, mut since) = (0, Instant::now());
    loop {
        book.is_whole()?;
        if timeout(LOOK, book.caught_up(last)).await.is_ok() {
            return book.is_whole();
        }
        let now = *book.applied.borrow();
        if now != before {
            (before, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE {
            return Err(Fault::Slow);
        }
    }
}
