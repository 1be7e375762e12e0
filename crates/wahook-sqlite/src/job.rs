//! What waits for the writer.

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use wahook_core::guard::StoreError;

/// What the writer thread remembers beside the file, in step with it.
pub(crate) trait Memory: Send + 'static {
    /// What was done since the last commit is in the file.
    fn keep(&mut self);

    /// What was done since the last commit is not in the file.
    fn undo(&mut self);
}

/// Nothing is remembered.
impl Memory for () {
    fn keep(&mut self) {}

    fn undo(&mut self) {}
}

/// Where a job is carried out: inside a transaction, at one moment.
pub(crate) struct Work<'a, M = ()> {
    pub(crate) connection: &'a Connection,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    /// The same when the file was opened, and from then on without the jumps of the clock. It is this process's alone.
    pub(crate) steady: i64,
    pub(crate) memory: &'a mut M,
}

/// What sort of job it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Begins something: may need room, and is void once nobody waits for its answer.
    Begins,
    /// Ends something: carried out whether somebody waits or not.
    Ends,
}

/// Whose turn it is when more waits than one transaction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// Somebody is answered who will not wait for long.
    First,
    /// Work that touches about so many rows; some of it is in every transaction.
    Later(usize),
}

/// A verb that waits for the writer, whatever its answer is.
pub(crate) trait Job<M>: Send {
    fn sort(&self) -> Sort;

    fn rank(&self) -> Rank;

    /// Nobody waits for it, and it need not be carried out.
    fn is_void(&self) -> bool;

    /// Carries it out and keeps the answer to itself; may happen again after a rollback.
    fn run(&mut self, work: &mut Work<'_, M>) -> Result<(), rusqlite::Error>;

    /// Gives the answer out, after the commit or instead of it.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A verb with an answer of type `T`.
pub(crate) struct Verb<T, F> {
    sort: Sort,
    rank: Rank,
    run: F,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
    /// For the bytes that it holds, as long as it holds them.
    room: OwnedSemaphorePermit,
}

impl<T, F> Verb<T, F> {
    pub(crate) const fn new(
        sort: Sort,
        rank: Rank,
        run: F,
        answer: oneshot::Sender<Result<T, StoreError>>,
        room: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            sort,
            rank,
            run,
            outcome: None,
            answer,
            room,
        }
    }
}

impl<M, T, F> Job<M> for Verb<T, F>
where
    T: Send,
    F: FnMut(&mut Work<'_, M>) -> Result<T, rusqlite::Error> + Send,
{
    fn sort(&self) -> Sort {
        self.sort
    }

    fn rank(&self) -> Rank {
        self.rank
    }

    fn is_void(&self) -> bool {
        self.sort == Sort::Begins && self.answer.is_closed()
    }

    fn run(&mut self, work: &mut Work<'_, M>) -> Result<(), rusqlite::Error> {
        self.outcome = Some((self.run)(work)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self {
            outcome: done,
            answer,
            run,
            room,
            ..
        } = *self;
        // Who is answered finds its bytes gone.
        drop((run, room));
        // Without an outcome of its own the sender is dropped, which reads as unavailable.
        let answered = match (outcome, done) {
            (Ok(()), Some(done)) => answer.send(Ok(done)),
            (Err(error), _) => answer.send(Err(error)),
            (Ok(()), None) => return,
        };
        // Nobody has to wait for it.
        drop(answered);
    }
}
