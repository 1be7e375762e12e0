//! The inbox: its parts, and the trait.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};
use tokio_postgres::types::Type;
use wahook_core::{
    Assurance, BoxFuture,
    guard::{Fingerprints, OpenError, OpenErrorKind, Settled, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Unread, Want},
};

use super::{
    accept::{Accept, Accepting},
    batch::Lines,
    desk::Drawer,
    enter::Enter,
    file::File,
    filing::Filing,
    gauge::Gauge,
    mend::Mend,
    read::{Read, Reader},
    renew::{Renew, Renewing},
    row::short,
    settle::{Settle, Settling},
    sinks::Sinks,
    take::{Take, Taking},
    work::{Work, carry_out},
};
use crate::{
    PostgresOptions,
    assure::Loss,
    fault::Fault,
    migrate::Part,
    open::{Opened, open},
    pool::Database,
    say::Sql,
    sweep::Sweep,
};

/// The tables of the inbox.
const INBOX: Part = Part {
    name: "inbox",
    steps: &[
        include_str!("../../migrations/0001_inbox.sql"),
        include_str!("../../migrations/0002_inbox.sql"),
    ],
};

/// An inbox on PostgreSQL, for any number of processes.
///
/// See the [crate docs](crate) for an example and for what it promises.
pub struct PostgresInbox {
    pub(super) database: Database,
    pub(super) schema: String,
    accepting: Arc<Lines<Accepting>>,
    settling: Arc<Lines<Settling>>,
    reader: Reader,
    filing: Filing,
    pub(super) enter: Enter,
    taking: Taking,
    renewing: Renewing,
    pub(super) sinks: Sinks,
    pub(super) fingerprints: Fingerprints,
    pub(super) drawer: Drawer,
    /// Who has it may ask as an operator.
    desk: tokio::sync::Mutex<()>,
    /// They end with the inbox.
    _tasks: JoinSet<()>,
    full: Arc<AtomicBool>,
    pub(super) max_waiting: u64,
    stir: watch::Sender<u64>,
    deadline: Duration,
    assurance: Assurance,
}

/// What workers ask for may take so much longer than what a provider waits for.
const PATIENCE: u32 = 5;

impl PostgresInbox {
    /// Connects, brings the tables to this release and finds out what survives. Must be called in a Tokio runtime with
    /// time and I/O enabled, which then does the inbox's work.
    ///
    /// Deliveries that nobody could read are unread again.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::connect`](crate::PostgresStore::connect).
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let opened = open(url, &options, &INBOX, "wahook_inbox_delivery", Loss::Deliveries).await?;
        let Opened {
            database,
            schema,
            assurance,
        } = opened;
        let prepares = database.prepares();
        let hash_key = begin_anew(&database, &schema).await.map_err(|fault| {
            fault.to_open_error(OpenErrorKind::Refused, "begin with the inbox as it was left")
        })?;
        let accepting = Arc::new(Lines::new(database.clone(), Accepting::new(&schema, prepares)));
        let settling = Arc::new(Lines::new(database.clone(), Settling::new(&schema, prepares)));
        let full = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        // More lines make smaller statements, and connections must be left for the rest.
        for _ in 0..(options.connections / 2).clamp(1, 2) {
            tasks.spawn(Arc::clone(&accepting).run());
        }
        tasks.spawn(Arc::clone(&settling).run());
        let gauge = Gauge::new(database.clone(), &schema, options.max_waiting, Arc::clone(&full));
        tasks.spawn(gauge.run());
        let busy = Arc::clone(&accepting);
        let sweep = Sweep {
            database: database.clone(),
            busy: Box::new(move || busy.is_busy()),
            every: options.sweep_every,
        };
        tasks.spawn(sweep.run(schema.clone(), "wahook_inbox_claim", "wahook_inbox_sweep"));
        Ok(Self {
            accepting,
            settling,
            reader: Reader::new(&schema, prepares),
            filing: Filing::new(&schema, prepares),
            enter: Enter::new(&schema, prepares),
            taking: Taking::new(&schema, prepares),
            renewing: Renewing::new(&schema, prepares),
            sinks: Sinks::new(&schema, prepares),
            fingerprints: Fingerprints::new(hash_key),
            drawer: Drawer::default(),
            desk: tokio::sync::Mutex::default(),
            _tasks: tasks,
            full,
            max_waiting: options.max_waiting,
            stir: watch::Sender::new(0),
            deadline: options.deadline,
            assurance,
            database,
            schema,
        })
    }

    pub(super) async fn carry_out<W: Work>(&self, work: &W) -> Result<W::Answer, StoreError> {
        carry_out(&self.database, self.deadline.saturating_mul(PATIENCE), work).await
    }

    /// The same for questions of operators, one at a time: connections must be left for what comes in and goes out.
    pub(super) async fn at_desk<W: Work>(&self, work: &W) -> Result<W::Answer, StoreError> {
        let patience = self.deadline.saturating_mul(PATIENCE);
        match tokio::time::timeout(patience, self.desk.lock()).await {
            Ok(_one) => self.carry_out(work).await,
            Err(_elapsed) => Err(StoreError::with_source(
                StoreErrorKind::Slow,
                "another question is still being answered",
            )),
        }
    }

    /// What a text is found by.
    pub(super) fn hash(&self, text: &str) -> i64 {
        short(self.fingerprints.of_bytes(text.as_bytes()))
    }

    /// Says that something came in.
    pub(super) fn stir(&self) {
        self.stir.send_modify(|mark| *mark += 1);
    }
}

/// The key of the installation; and what nobody could read may be read by this process.
async fn begin_anew(database: &Database, schema: &str) -> Result<[u8; 16], Fault> {
    let sql = |text, types| Sql::new(schema, database.prepares(), text, types);
    let connection = database.get().await?;
    sql("UPDATE {t}_unread SET unreadable = false WHERE unreadable", &[])
        .say(&connection, &[])
        .await?;
    // Nobody may have been here when the server's clock went back.
    Mend::new(schema, database.prepares()).mend(&connection).await?;
    let rows = sql("SELECT hash_key FROM {t}", &[] as &[Type])
        .say(&connection, &[])
        .await?;
    let key: &[u8] = match rows.first() {
        Some(row) => row.try_get(0)?,
        None => &[],
    };
    key.try_into()
        .map_err(|_| Fault::strange("the table wahook_inbox does not hold its one row"))
}

impl fmt::Debug for PostgresInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInbox")
            .field("schema", &self.schema)
            .field("deadline", &self.deadline)
            .field("database", &self.database)
            .field("accepting", &self.accepting)
            .finish_non_exhaustive()
    }
}

impl Inbox for PostgresInbox {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        Box::pin(async move {
            if self.full.load(Ordering::Relaxed) {
                return Err(StoreError::new(StoreErrorKind::Full));
            }
            let accept = Accept::new(incoming, &self.fingerprints);
            let accepted = self.accepting.ask(accept, self.deadline).await;
            if matches!(accepted, Ok(Accepted::Stored { .. })) {
                self.stir();
            }
            accepted
        })
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        Box::pin(async move {
            let read = Read {
                reader: &self.reader,
                token,
                count,
                bytes,
                lease,
            };
            self.carry_out(&read).await
        })
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        Box::pin(async move {
            let file = File {
                filing: &self.filing,
                enter: &self.enter,
                sinks: &self.sinks,
                fingerprints: &self.fingerprints,
                token,
                readings: &readings,
            };
            let filed = self.carry_out(&file).await?;
            if filed.is_some() {
                self.stir();
            }
            Ok(filed)
        })
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(async move {
            let take = Take {
                taking: &self.taking,
                sinks: &self.sinks,
                sink,
                token,
                want,
                lease,
            };
            self.carry_out(&take).await
        })
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let renew = Renew {
                renewing: &self.renewing,
                lane,
                token,
                lease,
            };
            self.carry_out(&renew).await
        })
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let longest = self.deadline.saturating_mul(PATIENCE);
            let settle = Settle { token, settlement };
            let settled = self.settling.ask(settle, longest).await?;
            if settled == Settled::Done {
                // The lane may go on.
                self.stir();
            }
            Ok(settled)
        })
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        let mut marks = self.stir.subscribe();
        Box::pin(async move {
            match marks.wait_for(|mark| *mark != seen).await {
                Ok(mark) => *mark,
                // It cannot end before the inbox does.
                Err(_) => seen,
            }
        })
    }
}
