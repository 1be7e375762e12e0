//! What the provider sent, one item of it at a time.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::OnceCell;
use wahook_core::{
    AnyProvider, DeliveryId, Split,
    inbox::{Desk, Stored},
    json::Text,
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

/// The deliveries taken apart last, the latest used at the end: the items of one come one after the other, and each is asked
/// for by itself.
type Recent = VecDeque<(DeliveryId, Arc<OnceCell<Items>>)>;

/// So many are remembered: as many as there are lanes at once, as a rule. Each is its body and where its items stand in it.
const RECENT: usize = 64;

/// So many bytes of bodies, and then no more than one delivery.
const RECENT_BYTES: usize = 32 << 20;

/// The items of a delivery.
struct Items {
    split: Split,
    /// By the keys of their events. Two items may have one key, where they are of two accounts.
    places: HashMap<String, Vec<Item>>,
    bytes: usize,
}

struct Item {
    place: usize,
    account: Option<Text>,
    tenant: Option<Text>,
}

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
    /// it keeps the body no more, or the event cannot be told apart from others in it.
    pub async fn body(&self, event: &Event) -> Result<Bytes, SinkError> {
        let id = event.delivery.id;
        let place = self.place(id);
        let items = place.get_or_try_init(|| self.read(id)).await?;
        self.make_room();
        let found = items.places.get(&event.key).into_iter().flatten();
        let found = found
            .filter(|item| item.account == event.account && item.tenant == event.tenant)
            .map(|item| items.split.body(item.place))
            .next();
        found
            .ok_or("its delivery has no such item: it is read otherwise now than when it came")
            .and_then(|body| body.ok_or("it cannot be told apart from the other items of its delivery"))
            .map_err(refused)
    }

    /// Where its items are, or will be.
    fn place(&self, id: DeliveryId) -> Arc<OnceCell<Items>> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.iter().position(|(known, _)| *known == id);
        let (_, items) = known
            .and_then(|index| recent.remove(index))
            .unwrap_or_else(|| (id, Arc::default()));
        recent.push_back((id, Arc::clone(&items)));
        items
    }

    /// Forgets those that were not used for the longest time.
    fn make_room(&self) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = |items: &OnceCell<Items>| items.get().map_or(0, |items| items.bytes);
        let mut all: usize = recent.iter().map(|(_, items)| bytes(items)).sum();
        while recent.len() > 1 && (recent.len() > RECENT || all > RECENT_BYTES) {
            if let Some((_, items)) = recent.pop_front() {
                all -= bytes(&items);
            }
        }
    }

    async fn read(&self, id: DeliveryId) -> Result<Items, SinkError> {
        let kept = self.desk.delivery(id).await.map_err(|error| {
            let text = format!("the inbox does not tell what was sent: {}", chain(&error));
            SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
        })?;
        let kept = kept.ok_or_else(|| refused("its delivery is not in the inbox any more"))?;
        let stored = kept.stored;
        if stored.redacted_at.is_some() {
            return Err(refused(
                "the body of its delivery was removed, as `retention.bodies` says",
            ));
        }
        let reader = provider(&stored.provider).and_then(ProviderRow::reader);
        let reader = reader.ok_or_else(|| refused("nobody here reads what its provider sends"))?;
        // A body of some MiB takes as many hundredths of a second.
        let items = tokio::task::spawn_blocking(move || Items::of(&*reader, &stored)).await;
        match items {
            Ok(Some(items)) => Ok(items),
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

impl Items {
    fn of(reader: &dyn AnyProvider, stored: &Stored) -> Option<Self> {
        let split = reader.split(&stored.delivery)?;
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for (place, event) in reader.read(&stored.delivery).into_iter().enumerate() {
            let (account, tenant) = (event.account, event.tenant);
            let item = Item {
                place,
                account,
                tenant,
            };
            places.entry(event.key).or_default().push(item);
        }
        let bytes = stored.delivery.body.len();
        Some(Self { split, places, bytes })
    }
}

fn refused(text: &str) -> SinkError {
    SinkError::new(SinkErrorKind::Refused, text)
}

impl fmt::Debug for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alone")
    }
}
