//! The one who reads deliveries and puts their events into lanes.

use std::{collections::HashSet, future::pending, sync::Arc, time::Duration};

use futures_util::future::{OptionFuture, join};
use tokio::{task::yield_now, time::sleep};
use wahook_core::{
    guard::{Key, StoreError, StoreErrorKind},
    inbox::{FiledEvent, Reading, Stored, Summary, Unread},
    json::Text,
    model::{Event, Kind, TimeSource},
};

use crate::{
    Plan, Signal, Unreadable,
    patience::Patience,
    read::read,
    shared::{Phase, Shared},
};

/// So many deliveries are asked for at once.
const DELIVERIES: usize = 512;
/// So many of them are filed at once. While they are, the next are read.
const TOGETHER: usize = 128;
/// For how long the part is taken at most: it need not be renewed, so that others soon take it over.
const LEASE: Duration = Duration::from_secs(10);
/// So often one delivery is tried, within a minute or so, before it is kept aside.
const REFUSALS: u32 = 16;
/// Between finding nothing and looking again.
const SPACING: Duration = Duration::from_millis(5);
/// Others get their turn after so many bytes.
const TURN_BYTES: usize = 64 << 10;
/// So many different names of one delivery are told.
const NAMES: usize = 16;
/// So many endpoints are remembered whose deliveries could not be read.
const ENDPOINTS: usize = 1024;

/// One for each process; of several processes one has the part at a time.
#[derive(Debug)]
pub(crate) struct Reader {
    shared: Arc<Shared>,
    patience: Patience,
    /// So many deliveries are asked for at once.
    count: usize,
    /// How often in a row the inbox gave deliveries and did not take what they say.
    refusals: u32,
    warned: HashSet<Text>,
}

/// What is filed at once.
struct Page {
    readings: Vec<Reading>,
    told: Vec<Told>,
}

/// What is told of a delivery once its events are in their lanes.
struct Told {
    endpoint: Text,
    provider: Text,
    unreadable: Option<Unreadable>,
    kinds: Vec<(Kind, usize)>,
    unfamiliar: Vec<(Kind, Option<Text>, usize)>,
    gap: Option<Duration>,
    untaken: usize,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            patience: Patience::new(Arc::clone(&shared)),
            shared,
            count: DELIVERIES,
            refusals: 0,
            warned: HashSet::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        let mut stirred = self.shared.stirred.subscribe();
        while !self.shared.is_ending() {
            // What comes in from here on is heard below.
            stirred.mark_unchanged();
            let wait = self.step().await;
            if wait.is_zero() {
                continue;
            }
            let is_calm = self.patience.is_calm();
            let sooner = async {
                sleep(SPACING).await;
                // An inbox in trouble is not asked earlier for being fuller.
                if !is_calm || stirred.changed().await.is_err() {
                    pending::<()>().await;
                }
            };
            tokio::select! {
                () = self.shared.reaches(Phase::Ending) => {}
                () = sooner => {}
                () = sleep(wait) => {}
            }
        }
        // The next one need not wait for a lease.
        let _ = self.unread(1, Duration::ZERO).await;
    }

    async fn unread(&self, count: usize, lease: Duration) -> Result<Vec<Unread>, StoreError> {
        let Shared {
            inbox,
            options,
            reader,
            ..
        } = &*self.shared;
        inbox.unread(*reader, count, options.bytes, lease).await
    }

    /// Reads what is unread, and tells how long to wait before the next time.
    async fn step(&mut self) -> Duration {
        let (lease, poll) = (self.shared.options.lease.min(LEASE), self.shared.options.poll);
        let unread = match self.unread(self.count, lease).await {
            Ok(unread) => unread,
            Err(error) => return self.patience.failed(&error),
        };
        if unread.is_empty() {
            self.patience.succeeded();
            return poll;
        }
        let plan = self.shared.plan();
        let mut pages = unread.chunks(TOGETHER);
        let mut page = read_all(&plan, pages.next().unwrap_or_default()).await;
        loop {
            let reading = OptionFuture::from(pages.next().map(|next| read_all(&plan, next)));
            // In the order of acceptance: what follows one that failed is not filed before it.
            let (filed, read) = join(self.file(page), reading).await;
            match (filed, read) {
                (Err(wait), _) => return wait,
                (Ok(()), Some(read)) if !self.shared.is_ending() => page = read,
                (Ok(()), _) => return Duration::ZERO,
            }
        }
    }

    /// Files what was read, or tells how long to wait before it is read again.
    async fn file(&mut self, page: Page) -> Result<(), Duration> {
        let Page { readings, mut told } = page;
        let count = readings.len();
        let positions = readings.iter().map(|reading| reading.position).collect();
        // What failed here is read anew: nothing of it is known, and what is filed already is left as it is.
        let mut filed = self.shared.inbox.file(self.shared.reader, readings).await;
        if let Err(error) = &filed
            && let Some(kept) = self.refused(error, positions)
        {
            filed = self.shared.inbox.file(self.shared.reader, kept).await;
            told.iter_mut()
                .for_each(|told| told.unreadable = Some(Unreadable::NotFiled));
        }
        match filed {
            Ok(Some(filed)) => {
                self.patience.succeeded();
                self.refusals = 0;
                self.count = self.count.saturating_mul(2).min(DELIVERIES);
                self.shared.filed.send_replace(());
                self.tell(told);
                self.shared.tell(&Signal::Filed {
                    deliveries: count,
                    fresh: filed.fresh,
                    duplicates: filed.duplicates,
                });
                Ok(())
            }
            // It took longer than the lease: less at once the next time.
            Ok(None) => {
                self.patience.succeeded();
                self.count = (count / 2).max(1);
                Err(self.shared.options.poll)
            }
            Err(error) => Err(self.patience.failed(&error)),
        }
    }

    /// One delivery that the inbox will not take, for whatever it says, must not keep all others from being read: less at
    /// once, and if it is one alone that fails again and again, it is tried without what it says.
    fn refused(&mut self, error: &StoreError, positions: Vec<i64>) -> Option<Vec<Reading>> {
        self.count = (positions.len() / 2).max(1);
        // A full disk takes less rather than more.
        // Nor does one that is too slow, whatever it is given.
        if !matches!(error.kind(), StoreErrorKind::Full | StoreErrorKind::Slow) {
            self.refusals = self.refusals.saturating_add(1);
        }
        let kept = |position| Reading {
            position,
            events: None,
            memory: Duration::ZERO,
        };
        (self.refusals >= REFUSALS && positions.len() == 1).then(|| positions.into_iter().map(kept).collect())
    }

    fn tell(&mut self, told: Vec<Told>) {
        for told in told {
            let endpoint = told.endpoint.as_str();
            if let Some(why) = told.unreadable {
                let first = self.warned.len() < ENDPOINTS && self.warned.insert(told.endpoint.clone());
                let provider = told.provider.as_str();
                self.shared.tell(&Signal::Unreadable {
                    endpoint,
                    provider,
                    why,
                    first,
                });
                continue;
            }
            self.shared.tell(&Signal::Read {
                endpoint,
                kinds: &told.kinds,
            });
            for (kind, name, count) in &told.unfamiliar {
                self.shared.tell(&Signal::Unfamiliar {
                    endpoint,
                    kind: *kind,
                    name: name.as_deref(),
                    count: *count,
                });
            }
            if told.untaken > 0 {
                let count = told.untaken;
                self.shared.tell(&Signal::Untaken { endpoint, count });
            }
            if let Some(gap) = told.gap {
                self.shared.tell(&Signal::Gap { endpoint, gap });
            }
        }
    }
}

async fn read_all(plan: &Plan, unread: &[Unread]) -> Page {
    let mut readings = Vec::with_capacity(unread.len());
    let mut told = Vec::with_capacity(unread.len());
    let mut turn_bytes = 0;
    for Unread { stored, again } in unread {
        let events = read(plan, stored).await;
        if !(*again && events.is_ok()) {
            told.push(Told::of(plan, stored, &events));
        }
        readings.push(reading(plan, stored, events.ok()));
        turn_bytes += stored.delivery.body.len();
        if turn_bytes >= TURN_BYTES {
            turn_bytes = 0;
            yield_now().await;
        }
    }
    Page { readings, told }
}

fn reading(plan: &Plan, stored: &Stored, events: Option<Vec<Event>>) -> Reading {
    let scope = plan.scope(stored);
    let filed = |event: Event| FiledEvent {
        claim: Key::event(scope, &event.key),
        summary: Summary::of(&event),
        lane: event.lane(),
        sinks: plan.sinks(&event),
    };
    Reading {
        position: stored.position,
        events: events.map(|events| events.into_iter().map(filed).collect()),
        memory: plan.memory(stored),
    }
}

impl Told {
    fn of(plan: &Plan, stored: &Stored, events: &Result<Vec<Event>, Unreadable>) -> Self {
        let mut told = Self {
            endpoint: stored.delivery.endpoint.clone(),
            provider: stored.provider.clone(),
            unreadable: events.as_ref().err().copied(),
            kinds: Vec::new(),
            unfamiliar: Vec::new(),
            gap: None,
            untaken: 0,
        };
        for event in events.iter().flatten() {
            told.add(event);
            told.untaken += usize::from(!plan.is_wanted(event));
        }
        told
    }

    fn add(&mut self, event: &Event) {
        let kind = event.kind();
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind, 1)),
        }
        if matches!(kind, Kind::Unknown | Kind::Malformed) {
            let name = event.name.as_ref().filter(|name| is_word(name));
            let names = self.unfamiliar.len();
            let mut known = self.unfamiliar.iter_mut();
            match known.find(|(known, known_name, _)| *known == kind && known_name.as_ref() == name) {
                Some((_, _, count)) => *count += 1,
                None if names < NAMES => self.unfamiliar.push((kind, name.cloned(), 1)),
                None => {}
            }
        }
        if event.time_source == TimeSource::Payload
            && let Some(at) = event.occurred_at
        {
            let gap = Duration::try_from(event.received_at.duration_since(at)).unwrap_or_default();
            self.gap = Some(self.gap.map_or(gap, |known| known.max(gap)));
        }
    }
}

/// Whether a name can be shown: a short word of letters, without a number that might be somebody's.
fn is_word(name: &str) -> bool {
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    name.len() <= 64
        && digits < 5
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-:/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_word;

    #[test]
    fn p_a_name_is_shown_only_if_it_cannot_be_somebodys() {
        for word in ["message.any", "poll.vote2", "chats/archive", "session_status"] {
            assert!(is_word(word), "{word}");
        }
        for other in [
            "15550000001",
            "15550000001@c.us",
            "Good morning",
            "ключ",
            &"x".repeat(65),
        ] {
            assert!(!is_word(other), "{other}");
        }
    }
}
