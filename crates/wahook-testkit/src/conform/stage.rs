//! What every scenario works with: a provider, a way to the receiver, and a look into it where there is one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request};
use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use wahook_core::{Clock, Secret};

use super::{
    Body, ConformError, ConformErrorKind, Observe, Wire,
    proof::ProofOf,
    wire::{Came, Reply},
};
use crate::{Outgoing, Sample, Sender};

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) sender: Sender,
    pub(super) wire: Arc<dyn Wire>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) probe: Option<Arc<dyn Observe>>,
    pub(super) proof: Option<ProofOf>,
    pub(super) sample: Sample,
    pub(super) number: AtomicU64,
    pub(super) patience: Duration,
    pub(super) settle: Duration,
    pub(super) challenge_token: Option<Secret>,
    /// Whether anybody was ever there.
    pub(super) reached: Arc<AtomicBool>,
    /// Whether anything was ever answered.
    pub(super) answered: Arc<AtomicBool>,
    /// How long work was waited for until it came, in milliseconds: the longest of late.
    pub(super) lag: AtomicU64,
}

/// How long a supervisor may need to start it anew, and how often it is looked for meanwhile.
const COMES_BACK: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Whose work took so long once may take so much longer the next time.
const MUCH_LONGER: u32 = 3;

/// Nobody is waited for longer than that, for there are some fifty such waits.
const LONGEST_CALM: Duration = Duration::from_secs(10);

/// How often the application is asked whether it is done.
const ASK_AGAIN: Duration = Duration::from_millis(20);

impl Stage {
    /// The time in which the provider wants its answer.
    pub(super) fn within(&self) -> Duration {
        self.sender.endpoint().provider().habits().answer_within
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A delivery that nobody has seen, of one message.
    pub(super) fn outgoing(&self) -> Outgoing {
        Outgoing::personalise(&self.sample, self.next())
    }

    /// The number of the next one.
    pub(super) fn next(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Signed now, as the provider signs it.
    pub(super) fn signed(&self, outgoing: &Outgoing) -> Result<Request<Bytes>, ConformError> {
        Ok(self.sender.request(outgoing, self.now())?)
    }

    /// Sends it and waits for the answer.
    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Came, ConformError> {
        self.exchange(request.map(Body::whole)).await
    }

    pub(super) async fn exchange(&self, request: Request<Body>) -> Result<Came, ConformError> {
        self.exchanging(request).await
    }

    /// The same, for a task of its own.
    fn exchanging(
        &self,
        request: Request<Body>,
    ) -> impl Future<Output = Result<Came, ConformError>> + Send + use<> {
        let (wire, patience) = (Arc::clone(&self.wire), self.patience);
        let (reached, answered) = (Arc::clone(&self.reached), Arc::clone(&self.answered));
        async move {
            let begin = Instant::now();
            let reply = timeout(patience, wire.exchange(request)).await.ok();
            if let Some(Reply::Unreachable(why)) = reply {
                return Err(ConformError::unreachable(why));
            }
            reached.store(true, Ordering::Relaxed);
            if matches!(reply, Some(Reply::Answer(_))) {
                answered.store(true, Ordering::Relaxed);
            }
            let took = begin.elapsed();
            Ok(Came { reply, took })
        }
    }

    /// Why nobody is there any more, if this error comes of that; nobody ever there is something else.
    pub(super) async fn gone(&self, error: &ConformError) -> Option<String> {
        let reached = self.reached.load(Ordering::Relaxed);
        match error.kind() {
            ConformErrorKind::Unreachable if reached => Some(error.why().to_owned()),
            // The application is often asked at the same server.
            ConformErrorKind::Observe if reached => self.look().await.err().map(|gone| gone.why().to_owned()),
            _ => None,
        }
    }

    /// Whether it ever answers anything: what says nothing to anybody passes whatever demands silence.
    pub(super) async fn answers(&self) -> Result<bool, ConformError> {
        if !self.answered.load(Ordering::Relaxed) {
            self.look().await?;
        }
        Ok(self.answered.load(Ordering::Relaxed))
    }

    /// Whether somebody is there again after a while, as where a supervisor starts it anew.
    pub(super) async fn comes_back(&self) -> bool {
        let deadline = Instant::now() + COMES_BACK;
        while self.look().await.is_err() {
            if Instant::now() > deadline {
                return false;
            }
            sleep(LOOK_AGAIN).await;
        }
        true
    }

    /// A GET without a body, which means nothing to anybody.
    async fn look(&self) -> Result<Came, ConformError> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.sender.url().clone();
        self.send(request).await
    }

    /// Sends all of them at the same moment.
    pub(super) async fn at_once(&self, requests: Vec<Request<Bytes>>) -> Result<Vec<Came>, ConformError> {
        let mut tasks = JoinSet::new();
        for request in requests {
            tasks.spawn(self.exchanging(request.map(Body::whole)));
        }
        tasks.join_all().await.into_iter().collect()
    }

    /// Sends it and hangs up while it is worked on; `None` where the answer was faster.
    pub(super) async fn hang_up(&self, request: Request<Bytes>) -> Result<Option<Came>, ConformError> {
        let (head, body) = request.into_parts();
        let (body, sent) = Body::whole(body).watched();
        let answered = self.exchanging(Request::from_parts(head, body));
        tokio::select! {
            came = answered => came.map(Some),
            () = async {
                let _ = sent.await;
                sleep(HANG_UP_AFTER).await;
            } => Ok(None),
        }
    }

    /// How many events the application has handled, once it stands still: what came before may still be worked on.
    pub(super) async fn so_far(&self) -> Result<Option<u64>, ConformError> {
        let Some(probe) = &self.probe else {
            return Ok(None);
        };
        let deadline = Instant::now() + self.patience;
        let mut count = probe.handled().await?;
        loop {
            sleep(self.calm()).await;
            let before = count;
            count = probe.handled().await?;
            if count == before || Instant::now() > deadline {
                return Ok(Some(count));
            }
        }
    }

    /// Whether it has handled anything since `before`, by the end of `patience`; `None` where nobody can tell.
    pub(super) async fn handled_any(
        &self,
        before: Option<u64>,
        patience: Duration,
    ) -> Result<Option<bool>, ConformError> {
        let (Some(probe), Some(before)) = (&self.probe, before) else {
            return Ok(None);
        };
        let any = before.saturating_add(1);
        self.reaches(&**probe, any, patience).await.map(Some)
    }

    /// Whether it has handled so many by the end of `patience`.
    async fn reaches(
        &self,
        probe: &dyn Observe,
        count: u64,
        patience: Duration,
    ) -> Result<bool, ConformError> {
        let begin = Instant::now();
        loop {
            // Before it is asked, which may take longer than the work.
            let waited = begin.elapsed();
            if probe.handled().await? >= count {
                self.lagged(waited);
                return Ok(true);
            }
            if waited > patience {
                return Ok(false);
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// What was handled up to this moment; `None` where nobody can tell.
    pub(super) async fn handled_now(&self) -> Result<Option<u64>, ConformError> {
        match &self.probe {
            Some(probe) => Ok(Some(probe.handled().await?)),
            None => Ok(None),
        }
    }

    /// An error where nothing was handled because there is nothing to count by.
    pub(super) fn can_tell(&self) -> Result<(), ConformError> {
        self.probe.as_ref().map_or(Ok(()), |probe| Ok(probe.can_tell()?))
    }

    /// How many more than `before` it has handled, once there are as many as expected and no more come; `None` where
    /// nobody can tell.
    pub(super) async fn handled_since(
        &self,
        before: Option<u64>,
        expected: u64,
    ) -> Result<Option<u64>, ConformError> {
        let (Some(probe), Some(before)) = (&self.probe, before) else {
            return Ok(None);
        };
        // Nothing is not waited for, and says nothing of how long work takes.
        if expected > 0 {
            let all = before.saturating_add(expected);
            self.reaches(&**probe, all, self.patience).await?;
        }
        sleep(self.calm()).await;
        Ok(Some(probe.handled().await?.saturating_sub(before)))
    }

    /// What was handled after as long as work takes, and no longer; `None` where nobody can tell.
    pub(super) async fn handled_soon(&self, before: Option<u64>) -> Result<Option<u64>, ConformError> {
        sleep(self.settle.max(self.lag())).await;
        let count = self.handled_now().await?;
        Ok(count
            .zip(before)
            .map(|(count, before)| count.saturating_sub(before)))
    }

    /// Work that was waited for so long has come.
    fn lagged(&self, waited: Duration) {
        let new = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        // What was slow once, such as the first of all, counts for less each time.
        let old = self.lag.load(Ordering::Relaxed) / 8 * 7;
        self.lag.store(new.max(old), Ordering::Relaxed);
    }

    fn lag(&self) -> Duration {
        Duration::from_millis(self.lag.load(Ordering::Relaxed))
    }

    /// How long nothing must happen until nothing will: a queue behind the receiver, or a busy machine, has it work later.
    pub(super) fn calm(&self) -> Duration {
        let late = self.lag().saturating_mul(MUCH_LONGER);
        self.settle.max(late.min(LONGEST_CALM))
    }

    /// Makes the application's next piece of work fail; `false` where nobody can.
    pub(super) async fn fail_next(&self) -> Result<bool, ConformError> {
        match &self.probe {
            Some(probe) => Ok(probe.fail_next().await?),
            None => Ok(false),
        }
    }
}

/// Long enough that the request has arrived, short enough that the work still goes on.
pub(super) const HANG_UP_AFTER: Duration = Duration::from_millis(20);
