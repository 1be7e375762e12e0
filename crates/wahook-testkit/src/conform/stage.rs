//! What every scenario works with: a provider, a way to the receiver, and a look into it where there is one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use wahook_core::{Clock, Secret};

use super::{
    Body, ConformError, Observe, Wire,
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
}

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
        exchange(Arc::clone(&self.wire), request, self.patience).await
    }

    /// Sends all of them at the same moment.
    pub(super) async fn at_once(&self, requests: Vec<Request<Bytes>>) -> Result<Vec<Came>, ConformError> {
        let mut tasks = JoinSet::new();
        for request in requests {
            let wire = Arc::clone(&self.wire);
            tasks.spawn(exchange(wire, request.map(Body::whole), self.patience));
        }
        tasks.join_all().await.into_iter().collect()
    }

    /// Sends it and hangs up while it is worked on; `None` where the answer was faster.
    pub(super) async fn hang_up(&self, request: Request<Bytes>) -> Result<Option<Came>, ConformError> {
        let (head, body) = request.into_parts();
        let (body, sent) = Body::whole(body).watched();
        let answered = exchange(
            Arc::clone(&self.wire),
            Request::from_parts(head, body),
            self.patience,
        );
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
            sleep(self.settle).await;
            let before = count;
            count = probe.handled().await?;
            if count == before || Instant::now() > deadline {
                return Ok(Some(count));
            }
        }
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
        let deadline = Instant::now() + self.patience;
        while probe.handled().await?.saturating_sub(before) < expected && Instant::now() < deadline {
            sleep(ASK_AGAIN).await;
        }
        sleep(self.settle).await;
        Ok(Some(probe.handled().await?.saturating_sub(before)))
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
const HANG_UP_AFTER: Duration = Duration::from_millis(20);

async fn exchange(
    wire: Arc<dyn Wire>,
    request: Request<Body>,
    patience: Duration,
) -> Result<Came, ConformError> {
    let begin = Instant::now();
    let reply = timeout(patience, wire.exchange(request)).await.ok();
    if let Some(Reply::Unreachable(why)) = reply {
        return Err(ConformError::unreachable(why));
    }
    Ok(Came {
        reply,
        took: begin.elapsed(),
    })
}
