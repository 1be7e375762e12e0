//! A connection and its channels, each of which has one message on its way at a time.
//!
//! The client does not tie a confirm, nor a message that comes back, to its publish where several are on their way on one channel
//! (lapin 4.12: the number is taken before the frames are queued, and what came back goes to whoever is confirmed next).

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use lapin::{Channel, Connection, options::ConfirmSelectOptions};
use tokio::sync::{Semaphore, SemaphorePermit};

/// So many messages are on their way at once, on one connection, at most.
const MOST: u16 = 256;

pub(crate) struct Pool {
    connection: Connection,
    idle: Mutex<Vec<Channel>>,
    places: Semaphore,
    /// Something went wrong on it: what is on its way may end, what is new takes another one.
    is_spoilt: AtomicBool,
    /// Channels whose message may not be written yet: a channel that is closed says so before that, which ends the connection.
    given_up: Mutex<Vec<Channel>>,
}

/// A channel that nobody else has. It spoils the connection, unless it is given back or was closed by the broker.
pub(crate) struct Lent<'a> {
    pool: &'a Pool,
    channel: Channel,
    is_done: bool,
    _place: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(connection: Connection) -> Self {
        // The others are for channels that the broker is still closing.
        let places = (connection.configuration().channel_max() / 2).clamp(1, MOST);
        Self {
            connection,
            idle: Mutex::default(),
            places: Semaphore::new(places.into()),
            is_spoilt: AtomicBool::new(false),
            given_up: Mutex::default(),
        }
    }

    pub(crate) fn is_usable(&self) -> bool {
        !self.is_spoilt.load(Ordering::Acquire) && self.connection.status().connected()
    }

    /// Has what is new take another connection.
    pub(crate) fn spoil(&self) {
        self.is_spoilt.store(true, Ordering::Release);
    }

    /// A channel; waits while all are in use.
    pub(crate) async fn borrow(&self) -> lapin::Result<Lent<'_>> {
        let Ok(place) = self.places.acquire().await else {
            return Err(lapin::ErrorKind::ChannelsLimitReached.into());
        };
        let lend = |channel| Lent {
            pool: self,
            channel,
            is_done: false,
            _place: place,
        };
        while let Some(channel) = self.idle() {
            if channel.status().connected() {
                return Ok(lend(channel));
            }
        }
        // A number that the broker closed a channel of is of no use for the life of the connection: the client remembers that.
        let opened = self.connection.create_channel().await;
        let channel = opened.inspect_err(|_| self.spoil())?;
        let confirms = channel.confirm_select(ConfirmSelectOptions::default()).await;
        confirms.inspect_err(|_| self.spoil())?;
        Ok(lend(channel))
    }

    fn idle(&self) -> Option<Channel> {
        lock(&self.idle).pop()
    }
}

impl Lent<'_> {
    pub(crate) const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// When its message was confirmed, and nothing more comes of it.
    pub(crate) fn give_back(mut self) {
        self.is_done = true;
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.channel.status().connected() {
            return;
        }
        if self.is_done {
            lock(&self.pool.idle).push(self.channel.clone());
        } else {
            self.pool.spoil();
            lock(&self.pool.given_up).push(self.channel.clone());
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
