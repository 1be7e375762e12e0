//! What the provider sent, one item of it at a time.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::OnceCell;
use wahook_core::{
    AnyProvider, DeliveryId,
    inbox::{Desk, Stored},
    model::Event,
    sink::{SinkError, SinkErrorKind},
};
use wahook_providers::{ProviderRow, provider};

use crate::failure::chain;

/// Takes deliveries apart that the inbox keeps: an event is one item, and its delivery may have a thousand.
#[derive(Clone)]
pub struct Alone {
    desk: Arc<dyn Desk>,
    recent: Arc<Mutex<Recent>>,
}

/// The deliveries taken apart last: the items of one come one after the other, and each is asked for by itself.
type Recent = VecDeque<(DeliveryId, Arc<OnceCell<Arc<Items>>>)>;

/// As many as are worked on at once, as a rule. With bodies of 4 MiB this is the most memory that it takes: about a
/// hundred MiB, where a common one takes some KiB.
const RECENT: usize = 16;

/// The items of a delivery, by the keys of their events.
#[derive(Default)]
struct Items(HashMap<String, Bytes>);

impl Alone {
    /// Of what this inbox keeps.
    #[must_use]
    pub fn of(desk: Arc<dyn Desk>) -> Self {
        Self {
            desk,
            recent: Arc::default(),
        }
    }

    /// The body of a delivery that says this event and nothing else.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](SinkErrorKind::Unavailable) while the inbox does not answer; [`Refused`](SinkErrorKind::Refused) where
    /// it keeps the body no more, or the delivery cannot be taken apart.
    pub async fn body(&self, event: &Event) -> Result<Bytes, SinkError> {
        let id = event.delivery.id;
        let place = self.place(id);
        let items = place.get_or_try_init(|| self.read(id)).await?;
        items.0.get(&event.key).cloned().ok_or_else(|| {
            refused("its delivery has no such item now: the endpoint reads it otherwise than when it came")
        })
    }

    /// Where its items are, or will be.
    fn place(&self, id: DeliveryId) -> Arc<OnceCell<Arc<Items>>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, items)) = recent.iter().find(|(known, _)| *known == id) {
            return Arc::clone(items);
        }
        if recent.len() >= RECENT {
            recent.pop_front();
        }
        let items = Arc::default();
        recent.push_back((id, Arc::clone(&items)));
        items
    }

    async fn read(&self, id: DeliveryId) -> Result<Arc<Items>, SinkError> {
        let kept = self.desk.delivery(id).await.map_err(|error| {
            let text = format!("the inbox does not tell what was sent: {}", chain(&error));
            SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
        })?;
        let stored = kept
            .ok_or_else(|| refused("its delivery is not in the inbox any more"))?
            .stored;
        if stored.redacted_at.is_some() {
            return Err(refused(
                "the body of its delivery was removed, as `retention.bodies` says",
            ));
        }
        let reader = provider(&stored.provider).and_then(ProviderRow::reader);
        let reader = reader.ok_or_else(|| refused("nobody here reads what its provider sends"))?;
        // A body of some MiB takes as many hundredths of a second.
        let items = tokio::task::spawn_blocking(move || taken_apart(&*reader, &stored)).await;
        match items {
            Ok(Some(items)) => Ok(Arc::new(items)),
            Ok(None) => Err(refused(
                "its provider says one thing at a time: nothing is to be taken apart",
            )),
            Err(_) => Err(SinkError::new(
                SinkErrorKind::Failed,
                "its delivery could not be taken apart",
            )),
        }
    }
}

fn taken_apart(reader: &dyn AnyProvider, stored: &Stored) -> Option<Items> {
    let bodies = reader.split(&stored.delivery)?;
    let events = reader.read(&stored.delivery);
    let mut items = HashMap::with_capacity(events.len());
    for (event, body) in events.into_iter().zip(bodies) {
        // What is said twice in one delivery is one event.
        items.entry(event.key).or_insert(body);
    }
    Some(Items(items))
}

fn refused(text: &str) -> SinkError {
    SinkError::new(SinkErrorKind::Refused, text)
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}
