//! Places for connections. When all are taken, the connection whose sender has kept us waiting for longest makes room:
//! who opens connections and says nothing, or sends a body byte by byte, keeps nobody else out.

use std::{
    collections::{BTreeMap, HashSet},
    iter,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::limited::Limited;

/// So many connections may be open at once.
#[derive(Clone)]
pub(crate) struct Places(Arc<Shared>);

struct Shared {
    free: Arc<Semaphore>,
    list: Mutex<List>,
    /// Somebody may be asked to go who could not be asked before.
    came: Notify,
    log: Limited,
}

#[derive(Default)]
struct List {
    next: u64,
    /// Who has a place. What a connection leaves behind, such as the rest of a body that is thrown away, may end later than
    /// its place does: it is not listed again, since nobody could go.
    taken: HashSet<u64>,
    /// Connections that wait for their senders, by the moment since when they do.
    waiting: BTreeMap<(Instant, u64), Arc<Notify>>,
    /// Who was asked to go and is not yet gone.
    leaving: Option<u64>,
}

/// The place of one connection; it is free again when this is dropped.
pub(crate) struct Place {
    seat: Arc<Seat>,
    permit: Option<OwnedSemaphorePermit>,
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
        Self(Arc::new(Shared {
            free: Arc::new(Semaphore::new(count)),
            list: Mutex::default(),
            came: Notify::new(),
            log: Limited::new(move |line| {
                tracing::warn!(target: "wahook", count = line.count, "{all_taken}");
            }),
        }))
    }

    /// A place; where there is none, somebody is asked to go. While every connection is at work for its sender, this waits.
    pub(crate) async fn take(&self) -> Place {
        loop {
            if let Ok(permit) = Arc::clone(&self.0.free).try_acquire_owned() {
                return self.place(permit);
            }
            self.make_room();
            tokio::select! {
                permit = Arc::clone(&self.0.free).acquire_owned() => if let Ok(permit) = permit {
                    return self.place(permit);
                },
                () = self.0.came.notified() => {}
            }
        }
    }

    /// Waits until so many are free; none are taken after that.
    pub(crate) async fn all_free(&self, count: u32) {
        let _ = self.0.free.acquire_many(count).await;
    }

    /// How many are free.
    pub(crate) fn free(&self) -> usize {
        self.0.free.available_permits()
    }

    fn place(&self, permit: OwnedSemaphorePermit) -> Place {
        let number = self.with(|list| {
            list.next += 1;
            list.taken.insert(list.next);
            list.next
        });
        let seat = Seat {
            places: self.clone(),
            number,
            asked: Arc::default(),
        };
        Place {
            seat: Arc::new(seat),
            permit: Some(permit),
        }
    }

    /// Asks one at a time: whoever is asked goes at once, or has something to do by now.
    fn make_room(&self) {
        let asked = self.with(|list| {
            let List {
                taken,
                waiting,
                leaving,
                ..
            } = list;
            if leaving.is_some() {
                return false;
            }
            let oldest =
                iter::from_fn(|| waiting.pop_first()).find(|((_, number), _)| taken.contains(number));
            let Some(((_, number), asked)) = oldest else {
                return false;
            };
            *leaving = Some(number);
            asked.notify_one();
            true
        });
        if asked {
            self.0.log.note("places", String::new);
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut List) -> T) -> T {
        change(&mut self.0.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Place {
    pub(crate) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // The place first: whoever waits for one shall not ask somebody else to go while this one becomes free.
        self.permit = None;
        self.seat.places.with(|list| {
            list.taken.remove(&self.seat.number);
            list.leaving.take_if(|number| *number == self.seat.number);
        });
        self.seat.places.0.came.notify_one();
    }
}

impl Seat {
    /// It waits for its sender, since then.
    pub(crate) fn waits(&self, since: Instant) {
        self.places.with(|list| {
            if list.taken.contains(&self.number) {
                list.waiting.insert((since, self.number), Arc::clone(&self.asked));
            }
        });
        self.places.0.came.notify_one();
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
        self.places
            .with(|list| list.leaving.take_if(|number| *number == self.number));
        self.places.0.came.notify_one();
    }
}
