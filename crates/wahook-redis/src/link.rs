//! One connection for all, which is made anew whenever it is lost.

use std::{fmt, sync::Arc, time::Duration};

use redis::{FromRedisValue, RedisResult, aio::MultiplexedConnection};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use crate::{dial::Dialer, error::Cause, script::Verb};

/// A way to the server. A task keeps it, also while nobody asks for anything.
pub(crate) struct Link {
    state: watch::Receiver<State>,
    keeper: AbortHandle,
}

#[derive(Clone)]
enum State {
    /// The connection was lost this moment: worth waiting for.
    Connecting,
    Up(Arc<Line>),
    /// It could not be made: whoever asks is told at once, while the keeper tries again and again.
    Down(Cause),
}

/// One connection.
pub(crate) struct Line {
    connection: MultiplexedConnection,
    /// Says to the keeper that it is of no use.
    useless: Notify,
    /// Says to the keeper that somebody gave up waiting for it.
    doubted: Notify,
}

impl Line {
    fn new(connection: MultiplexedConnection) -> Arc<Self> {
        Arc::new(Self {
            connection,
            useless: Notify::new(),
            doubted: Notify::new(),
        })
    }

    /// Asks the server something outside of the verbs.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &redis::Cmd) -> RedisResult<T> {
        command.query_async(&mut self.connection.clone()).await
    }

    /// Returns when nothing at all comes over it for `deadline` although somebody waits: a peer that vanished says no
    /// word about it, and the kernel would go on hoping for a quarter of an hour.
    async fn falls_silent(&self, deadline: Duration) {
        loop {
            self.doubted.notified().await;
            // Any answer will do, a refusal as well.
            let ping: Result<RedisResult<()>, _> = timeout(deadline, self.query(&redis::cmd("PING"))).await;
            if ping.is_err() {
                return;
            }
        }
    }
}

/// A verb that waits for its answer: dropped before that, it leaves a doubt about the connection. Whoever asks may give
/// up long before the deadline.
struct Waiting(Option<Arc<Line>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(line) = &self.0 {
            line.doubted.notify_one();
        }
    }
}

impl Link {
    /// Connects, and leaves a task behind that keeps the connection. One that is silent for `deadline` is given up.
    pub(crate) async fn open(dialer: Dialer, deadline: Duration) -> Result<Self, Cause> {
        let (connection, driver) = dialer.dial().await?;
        let line = Line::new(connection);
        let (sender, state) = watch::channel(State::Up(Arc::clone(&line)));
        let keeper = tokio::spawn(keep(dialer, deadline, sender, line, driver)).abort_handle();
        Ok(Self { state, keeper })
    }

    /// The connection, but not `lost`.
    pub(crate) async fn line(&self, lost: Option<&Arc<Line>>) -> Result<Arc<Line>, Cause> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| match state {
            State::Connecting => false,
            State::Up(line) => lost.is_none_or(|lost| !Arc::ptr_eq(line, lost)),
            State::Down(_) => true,
        });
        match known.await.as_deref() {
            Ok(State::Up(line)) => Ok(line.clone()),
            Ok(State::Down(cause)) => Err(cause.clone()),
            // The keeper lives as long as the link and its runtime.
            Ok(State::Connecting) | Err(_) => Err(Cause::Io(std::io::ErrorKind::NotConnected)),
        }
    }

    /// Asks the server once, within a deadline.
    pub(crate) async fn ask<T: FromRedisValue>(
        &self,
        command: &redis::Cmd,
        deadline: Duration,
    ) -> Result<T, Cause> {
        let answer = timeout(deadline, async {
            let line = self.line(None).await?;
            let mut waiting = Waiting(Some(Arc::clone(&line)));
            let answer = line.query(command).await;
            waiting.0 = None;
            answer.map_err(|error| {
                let cause = Cause::of(&error);
                if cause.wants_another_connection() {
                    line.useless.notify_one();
                }
                cause
            })
        });
        answer.await.unwrap_or(Err(Cause::Late))
    }

    /// Says a verb, within a deadline; once more on another connection if this one breaks and the verb may be repeated.
    pub(crate) async fn say<T: FromRedisValue>(
        &self,
        verb: &Verb<'_>,
        deadline: Duration,
    ) -> Result<T, Cause> {
        let answer = timeout(deadline, async {
            let mut lost = None;
            loop {
                let line = self.line(lost.as_ref()).await?;
                let mut waiting = Waiting(Some(Arc::clone(&line)));
                let answer = verb.run(&mut line.connection.clone()).await;
                waiting.0 = None;
                let cause = match answer {
                    Ok(answer) => return Ok(answer),
                    Err(error) => Cause::of(&error),
                };
                if cause.wants_another_connection() {
                    line.useless.notify_one();
                }
                let again = verb.repeatable && lost.is_none() && matches!(cause, Cause::Io(_));
                if !again {
                    return Err(cause);
                }
                lost = Some(line);
            }
        });
        answer.await.unwrap_or(Err(Cause::Late))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Keeps a connection up until it is aborted.
async fn keep(
    dialer: Dialer,
    deadline: Duration,
    state: watch::Sender<State>,
    line: Arc<Line>,
    driver: wahook_core::BoxFuture<'static, ()>,
) {
    let mut current = Some((line, driver));
    let mut pause = MIN_PAUSE;
    loop {
        if let Some((line, driver)) = current.take() {
            let since = Instant::now();
            tokio::select! {
                () = driver => {}
                () = line.useless.notified() => {}
                () = line.falls_silent(deadline) => {}
            }
            if since.elapsed() > SETTLED {
                pause = MIN_PAUSE;
            }
            if pause == MIN_PAUSE {
                state.send_replace(State::Connecting);
            } else {
                // One after the other breaks as soon as it is made: that will not be better the next moment.
                state.send_replace(State::Down(Cause::Io(std::io::ErrorKind::ConnectionReset)));
            }
            if since.elapsed() <= SETTLED {
                rest(&mut pause).await;
            }
        }
        match dialer.dial().await {
            Ok((connection, driver)) => {
                let line = Line::new(connection);
                state.send_replace(State::Up(Arc::clone(&line)));
                current = Some((line, driver));
            }
            Err(cause) => {
                state.send_replace(State::Down(cause));
                rest(&mut pause).await;
            }
        }
    }
}

/// Waits before the next try, longer each time. Not all processes come back at the same moment: each has begun its
/// waiting when it noticed the loss, and a connection per process is no crowd.
async fn rest(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(MAX_PAUSE);
}

const MIN_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// A connection that lived so long was a good one.
const SETTLED: Duration = Duration::from_secs(1);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &*self.state.borrow() {
            State::Connecting => "connecting",
            State::Up(_) => "up",
            State::Down(_) => "down",
        };
        f.debug_struct("Link")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
