//! The trait that databases implement.

use std::{fmt, time::Duration};

use super::{Accepted, Filed, Incoming, Reading, Settlement, Taken, Unread, Want};
use crate::{
    BoxFuture,
    guarantee::Assurance,
    guard::{Settled, StoreError, Token},
};

/// Where deliveries are kept from their acknowledgement until every sink has their events. No default methods, usable
/// behind `Arc<dyn Inbox>`.
///
/// The contract, run by `wahook_testkit::inbox_contract!`:
///
/// - **I1** what `accept` answered is on stable storage, as far as [`assurance`](Self::assurance) says;
/// - **I2** the claim of a key and the bytes under it are one transaction: of concurrent deliveries with one key and
///   body exactly one is stored, and the others are duplicates of what *is* stored;
/// - **I3** an event is in its lane exactly once for each sink, in order of acceptance; a lane is one taker's at a time;
///   an attempt is counted before it begins;
/// - **I4** what is replayed goes around the claims, at the end of its lane, and says what it replays;
/// - **I5** what failed is not half done, and needs no hand to go on; what is not finished is never removed;
/// - **I6** a taker who is gone loses what it took when its lease ends, and its late settlement is
///   [`Settled::Lost`] and changes nothing.
///
/// An error means that nothing is known: what may be said again is said so below.
pub trait Inbox: fmt::Debug + Send + Sync + 'static {
    /// What survives of what was acknowledged, and why.
    fn assurance(&self) -> &Assurance;

    /// Claims the delivery's key and stores the delivery, in one transaction; answers after the flush.
    ///
    /// Said again after an error it is a duplicate or stored, as it should be.
    ///
    /// [`Full`](crate::guard::StoreErrorKind::Full) if the disk is, or more waits than is allowed;
    /// [`Slow`](crate::guard::StoreErrorKind::Slow) if it was not stored in time, or so much waits for a disk or a server
    /// that it would not be.
    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>>;

    /// The oldest deliveries that nobody has read, at most so many and of at most so many bytes, but one at least.
    ///
    /// One reader at a time keeps the order of acceptance over all processes: whoever is answered has the part for the
    /// lease, and says it again with the same token; others get nothing meanwhile.
    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>>;

    /// Claims the keys of events, puts the fresh ones at the end of their lanes, and marks their deliveries as read: one
    /// transaction for all of them. Deliveries that are read already are left as they are.
    ///
    /// `None` if another reader has the part by now; nothing was changed.
    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>>;

    /// Takes lanes of a sink that are due, the longest due first, each for the lease, with their next events. Counts an
    /// attempt for each event.
    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>>;

    /// Prolongs the lease of a lane, counted from now.
    fn renew<'a>(
        &'a self,
        lane: super::LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>>;

    /// Says how the hand-over of a lane ended, and gives the lane back. May be said again after an error; said again
    /// after it was done it is [`Settled::Lost`].
    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>>;

    /// Waits until something came in since `seen`, a delivery or an event in a lane, and tells the new mark; begin with
    /// 0. Only what this process did is noticed for certain: look by yourself every now and then.
    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64>;
}
