//! What the contracts of guard stores, inboxes and sinks share.
#![allow(clippy::missing_panics_doc, clippy::expect_used, reason = "this is for tests")]

use std::{fmt, panic::resume_unwind, sync::Arc, time::Duration};

use tokio::{sync::Barrier, task::spawn_blocking};
use wahook_core::{BoxFuture, guard::Token};

/// A lease, life or wait whose end a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

/// A lease, life or wait that does not end during a test.
pub(crate) const LONG: Duration = Duration::from_secs(3_600);

/// Steps of a fifth of [`SHORT`]: five seconds on a real clock.
pub(crate) const POLLS: usize = 500;

/// One rule of a contract, for what `H` is the harness of.
#[non_exhaustive]
pub struct Rule<H> {
    /// The name of its function.
    pub name: &'static str,
    /// Runs it, on a runtime with several threads and its clock: see [`run()`]. Panics where the rule is broken.
    pub check: fn(H) -> BoxFuture<'static, ()>,
}

// By hand: it holds no harness.
impl<H> Clone for Rule<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Rule<H> {}

impl<H> fmt::Debug for Rule<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.name).finish()
    }
}

/// Runs one rule on a runtime of its own with several threads. What the macros of a contract expand to.
pub fn run<H, Made, Ran>(make: impl FnOnce() -> Made, rule: impl FnOnce(H) -> Ran)
where
    Made: Future<Output = H>,
    Ran: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async { rule(make().await).await });
}

/// How to put what is under test out of reach, and back. Both may block.
#[derive(Clone)]
pub(crate) struct Outage {
    begin: Arc<dyn Fn() + Send + Sync>,
    end: Arc<dyn Fn() + Send + Sync>,
}

impl Outage {
    pub(crate) fn new(
        begin: impl Fn() + Send + Sync + 'static,
        end: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            begin: Arc::new(begin),
            end: Arc::new(end),
        }
    }

    pub(crate) async fn begin(&self) {
        let begin = Arc::clone(&self.begin);
        let done = spawn_blocking(move || begin()).await;
        done.expect("it can be put out of reach");
    }

    pub(crate) async fn end(&self) {
        let end = Arc::clone(&self.end);
        let done = spawn_blocking(move || end()).await;
        done.expect("it can be put back");
    }
}

impl fmt::Debug for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outage").finish_non_exhaustive()
    }
}

/// Runs so many tasks on all threads, which begin together; what each gave, in order.
pub(crate) async fn at_once<T, Ran>(count: usize, task: impl Fn(usize) -> Ran) -> Vec<T>
where
    Ran: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let gate = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (gate, task) = (gate.clone(), task(number));
            tokio::spawn(async move {
                gate.wait().await;
                task.await
            })
        })
        .collect();
    let mut given = Vec::with_capacity(count);
    for task in tasks {
        match task.await {
            Ok(one) => given.push(one),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
    given
}

pub(crate) fn token() -> Token {
    Token::new(random())
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
