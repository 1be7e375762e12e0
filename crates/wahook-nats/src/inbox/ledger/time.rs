//! The time is that of the servers, and theirs may be set back.

use std::time::Duration;

use super::{
    Ledger,
    records::{Micros, micros},
};

/// Servers that agree differ by less: then it stands still for a moment instead of going back.
const APART: Micros = micros(Duration::from_secs(30));

impl Ledger {
    /// It is as late as this. Where it was later before, by more than servers differ, what was given out by the old time ends
    /// as long from now as it had left: nothing stands still until that time comes again.
    pub(super) fn tell_time(&mut self, at: Micros) {
        if at.saturating_add(APART) > self.now {
            self.now = self.now.max(at);
            return;
        }
        let back = self.now - at;
        self.now = at;
        if let Some((_, until)) = &mut self.reader {
            *until = until.saturating_sub(back);
        }
        let ids: Vec<_> = self.lanes.keys().copied().collect();
        for id in ids {
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.due = lane.due.saturating_sub(back);
                if let Some(lease) = &mut lane.lease {
                    lease.until = lease.until.saturating_sub(back);
                }
            }
            self.reseat(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wahook_core::{
        Clock as _,
        guard::{Key, Settled, Token},
        inbox::{FiledEvent, Inbox as _, Reading, Summary, Unread, Want},
        json::Text,
        model::Kind,
    };
    use wahook_testkit::{ManualClock, inbox::Deliveries};

    use super::{super::alone::Alone, Duration};

    /// Servers whose clock is set back by an hour: what was given out ends as long after that as it had left.
    #[tokio::test]
    async fn i6_leases_and_waits_end_although_the_clock_of_the_server_went_back() {
        let clock = Arc::new(ManualClock::default());
        let alone = Alone::new(clock.clone(), 1_000);
        let (reader, taker) = (Token::new([1; 16]), Token::new([2; 16]));
        let lease = Duration::from_secs(60);
        let mut shop = Deliveries::of("wazapin", "shop");
        for number in 0..2 {
            alone
                .accept(shop.body(&format!("evt_{number}"), format!("{number}")))
                .await
                .unwrap();
        }
        let unread = alone.unread(reader, 10, 1 << 20, lease).await.unwrap();
        let reading = |unread: &Unread| {
            let key = unread.stored.position.to_string();
            Reading {
                position: unread.stored.position,
                events: Some(vec![FiledEvent {
                    claim: Key::event("shop", &key),
                    summary: Summary {
                        key: key.clone(),
                        kind: Kind::MessageReceived,
                        name: None,
                        account: None,
                        chat: None,
                        message_id: None,
                        occurred_at: None,
                    },
                    lane: key,
                    sinks: vec![Text::from("till")],
                }]),
                memory: lease,
            }
        };
        alone
            .file(reader, unread.iter().map(reading).collect())
            .await
            .unwrap()
            .unwrap();
        let want = Want {
            lanes: 1,
            events: 10,
            bytes: 1 << 20,
        };
        let held = alone
            .take("till", taker, want, lease)
            .await
            .unwrap()
            .lanes
            .remove(0);
        alone.accept(shop.body("evt_more", "more")).await.unwrap();
        assert_eq!(alone.unread(reader, 10, 1 << 20, lease).await.unwrap().len(), 1);

        clock.set(clock.now() - Duration::from_secs(3_600));
        // Who works goes on, and nobody else comes between.
        assert_eq!(alone.renew(held.id, taker, lease).await.unwrap(), Settled::Done);
        let other = Token::new([3; 16]);
        let all = Want { lanes: 10, ..want };
        assert_eq!(
            alone.take("till", other, all, lease).await.unwrap().lanes.len(),
            1
        );
        assert!(alone.unread(other, 10, 1 << 20, lease).await.unwrap().is_empty());
        clock.set(clock.now() + Duration::from_secs(61));
        assert_eq!(
            alone.take("till", other, all, lease).await.unwrap().lanes.len(),
            2
        );
        assert_eq!(alone.unread(other, 10, 1 << 20, lease).await.unwrap().len(), 1);
    }
}
