//! Places for connections. When all are taken, the connection whose sender has kept us waiting for longest makes room:
//! who opens connections and says nothing, or sends a body byte by byte, keeps nobody else out.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    future,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::limited::Limited;

/// So many connections may be open at once.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    list: Mutex<List>,
    /// Nobody has a place any more.
    emptied: Notify,
    log: Limited,
}

#[derive(Default)]
struct List {
    /// Places that there are.
    count: usize,
    next: u64,
    /// Who has a place. What a connection leaves behind, such as the rest of a body that is thrown away, may end later than
    /// its place does: it is not listed again, since nobody could go.
    taken: HashSet<u64>,
    /// Connections that wait for their senders, by the moment since when they do.
    waiting: BTreeMap<(Instant, u64), Arc<Notify>>,
    /// Who waits for a place.
    newcomers: VecDeque<oneshot::Sender<Place>>,
    /// Who was asked to go and is not yet gone.
    leaving: HashSet<u64>,
}

/// Who comes has a place, or stands in line.
pub(crate) enum Coming {
    Seated(Place),
    Standing(oneshot::Receiver<Place>),
}

/// The place of one connection; it is free again when this is dropped.
pub(crate) struct Place {
    seat: Arc<Seat>,
}

/// What a connection knows of its place.
pub(crate) struct Seat {
    places: Places,
    number: u64,
    asked: Arc<Notify>,
}

impl Places {
    /// So many, and what is said once they are all taken.
    pub(crate) fn of(count: usize, all_taken: &'static str) -> Self {
        let list = List {
            count,
            ..List::default()
        };
        Self(Arc::new(Shared {
            list: Mutex::new(list),
            emptied: Notify::new(),
            log: Limited::new(move |line| {
                tracing::warn!(target: "wahook", count = line.count, "{all_taken}");
            }),
        }))
    }

    /// Takes a place, or stands in line for one; then somebody is asked to go.
    pub(crate) fn come(&self) -> Coming {
        let number = self.with(|list| {
            if list.taken.len() < list.count {
                return Ok(list.number());
            }
            let (give, given) = oneshot::channel();
            list.newcomers.push_back(give);
            Err(given)
        });
        match number {
            Ok(number) => Coming::Seated(self.place(number)),
            Err(given) => {
                self.make_room();
                Coming::Standing(given)
            }
        }
    }

    /// A place. While every connection is at work for its sender, this waits.
    pub(crate) async fn take(&self) -> Place {
        self.come().place().await
    }

    /// Waits until nobody has a place.
    pub(crate) async fn all_free(&self) {
        loop {
            let emptied = self.0.emptied.notified();
            if self.taken() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.with(|list| list.taken.len())
    }

    fn place(&self, number: u64) -> Place {
        let seat = Seat {
            places: self.clone(),
            number,
            asked: Arc::default(),
        };
        Place { seat: Arc::new(seat) }
    }

    /// Asks as many as there are newcomers: whoever is asked goes at once, or has something to do by now. Beyond the first
    /// only those who have been waiting by now: however many come at once, who is trusted for a while outlasts every
    /// stranger.
    fn make_room(&self) {
        let now = Instant::now();
        let asked = self.with(|list| {
            list.newcomers.retain(|newcomer| !newcomer.is_closed());
            let before = list.leaving.len();
            while list.leaving.len() < list.newcomers.len() {
                let Some(oldest) = list.waiting.first_entry() else {
                    break;
                };
                if oldest.key().0 > now && !list.leaving.is_empty() {
                    break;
                }
                let ((_, number), asked) = oldest.remove_entry();
                if list.taken.contains(&number) {
                    asked.notify_one();
                    list.leaving.insert(number);
                }
            }
            list.leaving.len() > before
        });
        if asked {
            self.0.log.note("places", String::new);
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut List) -> T) -> T {
        change(&mut self.0.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl List {
    /// The number of who takes a place now.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.taken.insert(self.next);
        self.next
    }
}

impl Coming {
    /// The place, once there is one.
    pub(crate) async fn place(self) -> Place {
        match self {
            Self::Seated(place) => place,
            Self::Standing(given) => match given.await {
                Ok(place) => place,
                // The list has the other half until it gives a place.
                Err(_) => future::pending().await,
            },
        }
    }
}

impl Place {
    pub(crate) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let places = &self.seat.places;
        let (newcomer, is_empty) = places.with(|list| {
            list.taken.remove(&self.seat.number);
            list.leaving.remove(&self.seat.number);
            let newcomer = list
                .newcomers
                .pop_front()
                .map(|newcomer| (newcomer, list.number()));
            (newcomer, list.taken.is_empty())
        });
        if let Some((newcomer, number)) = newcomer {
            // A newcomer that is gone gives it back, and so it goes to the next.
            drop(newcomer.send(places.place(number)));
        }
        if is_empty {
            places.0.emptied.notify_waiters();
        }
    }
}

impl Seat {
    /// It waits for its sender, since then.
    pub(crate) fn waits(&self, since: Instant) {
        let somebody_comes = self.places.with(|list| {
            if list.taken.contains(&self.number) {
                list.waiting.insert((since, self.number), Arc::clone(&self.asked));
            }
            !list.newcomers.is_empty()
        });
        if somebody_comes {
            self.places.make_room();
        }
    }

    /// It waits no longer, which it did since then.
    pub(crate) fn works(&self, since: Instant) {
        self.places
            .with(|list| list.waiting.remove(&(since, self.number)));
    }

    /// Until it is asked to go.
    pub(crate) async fn asked_to_go(&self) {
        self.asked.notified().await;
    }

    /// It was asked to go, and has something to do by now: somebody else may be asked.
    pub(crate) fn stay(&self) {
        self.places.with(|list| list.leaving.remove(&self.number));
        self.places.make_room();
    }
}
