//! What goes in (I2).

use wahook_core::{
    Delivery,
    guard::Key,
    inbox::{Accepted, Stored},
};

use super::{
    Applying, Damaged, Ledger,
    op::{Accept, Answer, Carried},
    records::{Home, Kept, Print, Reads},
};

impl Ledger {
    pub(super) fn accept(&mut self, accept: Accept, applying: &mut Applying<'_>) -> Result<Answer, Damaged> {
        let print = self.print(accept.key.as_bytes());
        let digest = self.print(&accept.digest);
        match self.met(print, digest) {
            Met::Same => return Ok(Answer::Accepted(Accepted::Duplicate { conflict: false })),
            Met::Other if accept.drops_conflicts => {
                return Ok(Answer::Accepted(Accepted::Duplicate { conflict: true }));
            }
            _ => {}
        }
        let conflict = self.met(print, digest) == Met::Other;
        if self.is_full(accept.most) {
            return Ok(Answer::Full);
        }
        let blob = |index: u32| applying.blobs.get(index as usize).cloned().ok_or(Damaged);
        let (head, body) = (blob(accept.head)?, blob(accept.head.saturating_add(1))?);
        let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut delivery = Delivery::from_head(&head, body).map_err(|_| Damaged)?;
        delivery.conflict = conflict;
        let position = self.next();
        let kept = Kept {
            id: delivery.id,
            endpoint: delivery.endpoint.clone(),
            provider: accept.provider.clone(),
            key: delivery.key.text.clone(),
            source: delivery.key.source,
            provider_id: delivery.provider_id.clone(),
            conflict,
            received_at: delivery.received_at,
            signed_at: delivery.signed_at,
            print,
            digest,
            size,
            home: None,
            reads: Reads::Unread,
            again: None,
            remembered_until: self.now.saturating_add(accept.memory),
            read_at: self.now,
            redacted_at: None,
            entries: Vec::new(),
            events: Vec::new(),
            waiting: 0,
            ended: None,
        };
        self.deliveries.insert(position, kept);
        self.seen.insert((print, position));
        self.move_in(position, Some(applying.home(accept.head, self.now)));
        self.touch(position);
        applying.fresh.push(Stored {
            position,
            provider: accept.provider,
            delivery,
            redacted_at: None,
        });
        Ok(Answer::Accepted(Accepted::Stored { conflict }))
    }

    /// What is remembered of a key.
    fn met(&self, print: Print, digest: Print) -> Met {
        let mut met = Met::Nothing;
        for (_, position) in self.seen.range((print, i64::MIN)..=(print, i64::MAX)) {
            let Some(kept) = self.deliveries.get(position) else {
                continue;
            };
            if kept.remembered_until > self.now {
                if kept.digest == digest {
                    return Met::Same;
                }
                met = Met::Other;
            }
        }
        met
    }

    /// Whether a delivery would be a duplicate also a while from now: nothing need be written to say so.
    pub(crate) fn is_duplicate(&self, key: &Key, digest: &[u8; 32], now: u64) -> bool {
        let (print, digest) = (self.print(key.as_str().as_bytes()), self.print(digest));
        let same = self.seen.range((print, i64::MIN)..=(print, i64::MAX));
        same.filter_map(|(_, position)| self.deliveries.get(position))
            .any(|kept| kept.digest == digest && kept.remembered_until > now.max(self.now))
    }

    /// Whether nothing more is accepted.
    pub(crate) fn is_full(&self, most: u64) -> bool {
        self.unfinished() >= most
    }

    /// Deliveries that nobody read, and events in lanes.
    pub(crate) fn unfinished(&self) -> u64 {
        self.not_read() + self.waiting
    }

    pub(crate) fn not_read(&self) -> u64 {
        (self.unread.len() + self.unreadable.len()) as u64
    }

    pub(crate) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// The largest body that is kept.
    pub(crate) fn largest(&self) -> u64 {
        self.sizes.keys().next_back().copied().map_or(0, u64::from)
    }

    pub(crate) fn count_kept(&self) -> u64 {
        self.sizes.values().sum()
    }

    /// Of deliveries, events, entries, keys of events, sessions and lanes.
    pub(crate) fn counts(&self) -> [u64; 6] {
        [
            self.deliveries.len(),
            self.events.len(),
            self.entries.len(),
            self.said.len(),
            self.sessions.len(),
            self.lanes.len(),
        ]
        .map(|count| count as u64)
    }

    /// As long as a delivery is there its key is known, be it remembered or not.
    pub(crate) fn known(&self, keys: &[Key]) -> Vec<bool> {
        let is_known = |key: &Key| {
            let print = self.print(key.as_str().as_bytes());
            self.seen
                .range((print, i64::MIN)..=(print, i64::MAX))
                .next()
                .is_some()
        };
        keys.iter().map(is_known).collect()
    }

    pub(super) fn carry(&mut self, carried: Vec<Carried>, applying: &Applying<'_>) {
        for Carried {
            position,
            id,
            from,
            head,
        } in carried
        {
            // It may be redacted by now, or elsewhere.
            let is_there =
                |kept: &Kept| kept.id == id && kept.home.as_ref().is_some_and(|home| home.at == from);
            if self.deliveries.get(&position).is_some_and(is_there) {
                // There is no such blob.
                let head = head.unwrap_or(u32::MAX - 1);
                self.move_in(position, Some(applying.home(head, self.now)));
            }
        }
    }

    /// Where the head and the body of a delivery are.
    pub(crate) fn kept(&self, position: i64) -> Option<&Kept> {
        self.deliveries.get(&position)
    }

    /// Deliveries whose bodies have been in their place for longer than this, the first of the stream first.
    pub(crate) fn stragglers(&self, before: u64, count: usize) -> Vec<i64> {
        let old = self.deliveries.iter().filter_map(|(position, kept)| {
            let home = kept.home.as_ref().filter(|home| home.since < before)?;
            Some((home.at, *position))
        });
        let mut old: Vec<_> = old.collect();
        old.sort_unstable();
        old.into_iter()
            .take(count)
            .map(|(_, position)| position)
            .collect()
    }

    /// The first message that somebody needs.
    pub(crate) fn first_home(&self) -> Option<u64> {
        self.homes.keys().next().copied()
    }
}

impl Applying<'_> {
    fn home(&self, head: u32, since: u64) -> Home {
        Home {
            at: self.sequence,
            parts: self.parts.to_vec(),
            head,
            since,
        }
    }
}

/// What came under a key before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Nothing,
    Same,
    Other,
}
