//! What an operator does once the traffic is over: waits, puts dead letters back, replays, reads the counters.

use std::{collections::BTreeMap, time::Duration};

use futures_util::TryStreamExt;
use tokio::time::sleep;
use wahook_core::{
    guard::StoreError,
    inbox::{DeadQuery, Desk, EventQuery, Replay},
};

use super::{
    ledger::Claims,
    mark::Mark,
    sending::Book,
    stage::{FILE, HTTP, SINKS, Stage},
};
use crate::{Failure, admin, failure::chain};

const POLL: Duration = Duration::from_millis(20);
/// So many looks in a row at which nothing became less, and it gives up: half a minute at least. Looks and not time: a
/// machine that stands still, or is slow to answer, has not been looked at.
const LOOKS: u32 = 1500;
/// So many events are replayed.
const REPLAYED: u32 = 10;
/// So many dead letters are asked for at once.
const PAGE: u32 = 500;

/// Sees to the end, and tells what the gateway says of itself. `tick` is told how much still waits.
pub(super) async fn finish(stage: &Stage, book: &Book, tick: impl Fn(u64)) -> Result<Claims, Failure> {
    let boxed = stage.boxed()?;
    let desk = &*boxed.opened.desk;
    stage.receiver.go_away(false);
    let mut claims = Claims {
        waiting: drain(desk, &tick).await?,
        dead: dead_letters(desk).await?,
        poison: stage
            .receiver
            .poison()
            .into_iter()
            .map(|mark| (HTTP, mark))
            .collect(),
        ..Claims::default()
    };
    claims.dead_too_early = claims.waiting > 0;
    // As long as something waits, what comes may be an attempt from before or one that was begun anew.
    if claims.waiting == 0 {
        stage.receiver.mend();
        book.ledger().retried(HTTP);
        for sink in SINKS {
            put_back(desk, sink).await?;
        }
        let replayed = replay(desk).await?;
        claims.replayed = replayed.into_iter().map(|mark| (FILE, mark)).collect();
        claims.waiting = drain(desk, &tick).await?;
    }
    if let Some(listener) = &boxed.admin {
        let place = &listener.place;
        let client = admin::client::Client::http(&place.url, place.token.clone())?;
        let parts: Vec<_> = client.follow("/metrics").await?.try_collect().await?;
        claims.count(&String::from_utf8_lossy(&parts.concat()));
    }
    Ok(claims)
}

/// Waits until nothing waits, as long as it becomes less; tells how much is left.
async fn drain(desk: &dyn Desk, tick: &impl Fn(u64)) -> Result<u64, Failure> {
    let mut patience = Patience::default();
    loop {
        let status = desk.status().await.map_err(cannot)?;
        let in_lanes = status.sinks.iter().map(|sink| sink.waiting).sum::<u64>();
        let waiting = status.unread + in_lanes;
        if waiting == 0 || !patience.lasts(status.unread, in_lanes) {
            return Ok(waiting);
        }
        tick(waiting);
        sleep(POLL).await;
    }
}

/// Whether it is worth while to wait on: a slow disk is no broken promise.
#[derive(Debug)]
struct Patience {
    /// Deliveries that are unread, and events in lanes.
    least: (u64, u64),
    in_vain: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            least: (u64::MAX, u64::MAX),
            in_vain: 0,
        }
    }
}

impl Patience {
    fn lasts(&mut self, unread: u64, in_lanes: u64) -> bool {
        // Whoever reads a delivery puts its events in lanes: there are more of them then, and that is progress.
        if (unread, in_lanes) < self.least {
            self.least = (unread, in_lanes);
            self.in_vain = 0;
        } else {
            self.in_vain += 1;
        }
        self.in_vain < LOOKS
    }
}

async fn dead_letters(desk: &dyn Desk) -> Result<Vec<(usize, Mark)>, Failure> {
    let mut dead = Vec::new();
    let mut query = DeadQuery {
        limit: PAGE,
        ..DeadQuery::default()
    };
    loop {
        let letters = desk.dead(&query).await.map_err(cannot)?;
        let Some(last) = letters.last() else {
            return Ok(dead);
        };
        query.before = Some(last.id);
        for letter in &letters {
            let place = SINKS.iter().position(|sink| *sink == letter.sink.as_str());
            let event = Mark::of(&[&letter.event.endpoint, &letter.event.summary.key]);
            dead.push((place.unwrap_or(usize::MAX), event));
        }
    }
}

async fn put_back(desk: &dyn Desk, sink: &str) -> Result<(), Failure> {
    let query = DeadQuery {
        sink: Some(sink.to_owned()),
        limit: PAGE,
        ..DeadQuery::default()
    };
    // Nobody gives up on anything any more: it ends.
    while desk.retry(&query).await.map_err(cannot)? > 0 {}
    Ok(())
}

async fn replay(desk: &dyn Desk) -> Result<Vec<Mark>, Failure> {
    let newest = EventQuery {
        limit: REPLAYED,
        ..EventQuery::default()
    };
    let rows = desk.events(&newest).await.map_err(cannot)?;
    let mut replayed = Vec::new();
    // A duplicate cannot be replayed: its original is there.
    for row in rows.iter().filter(|row| !row.duplicate) {
        let replay = Replay {
            query: EventQuery {
                delivery: Some(row.delivery),
                key: Some(row.summary.key.clone()),
                limit: 1,
                ..EventQuery::default()
            },
            to: SINKS.get(FILE).map(|sink| (*sink).to_owned()),
            ..Replay::default()
        };
        desk.replay(&replay).await.map_err(cannot)?;
        replayed.push(Mark::of(&[&row.endpoint, &row.summary.key]));
    }
    Ok(replayed)
}

fn cannot(error: StoreError) -> Failure {
    Failure::io(format!("the demo's inbox does not answer: {}", chain(&error)))
}

impl Claims {
    /// Takes the counters out of the text that `/metrics` answers.
    fn count(&mut self, text: &str) {
        let mut refused = BTreeMap::new();
        for line in text.lines() {
            let Some((name, labels, value)) = sample(line) else {
                continue;
            };
            match name {
                "wahook_deliveries_accepted_total" => self.stored += value,
                "wahook_deliveries_duplicate_total" => self.copies += value,
                "wahook_deliveries_conflict_total" => self.conflicts += value,
                "wahook_requests_refused_total" => {
                    let reason = labels
                        .split("reason=\"")
                        .nth(1)
                        .and_then(|rest| rest.split('"').next());
                    *refused.entry(reason.unwrap_or_default().to_owned()).or_default() += value;
                }
                _ => {}
            }
        }
        self.refused = refused;
    }
}

/// `name{labels} value`; nothing for a comment or for what is no whole number.
fn sample(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    Some((name, labels, value.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_lasts_as_long_as_it_becomes_less() {
        let mut patience = Patience::default();
        for left in (1..=3 * u64::from(LOOKS)).rev() {
            assert!(patience.lasts(0, left), "{left}");
        }
        // Seldom is enough.
        let mut patience = Patience::default();
        for look in 0..3 * u64::from(LOOKS) {
            assert!(patience.lasts(0, 10_000 - look / 100), "{look}");
        }
        // A delivery that is read becomes many events.
        let mut patience = Patience::default();
        for unread in (1..=2 * u64::from(LOOKS)).rev() {
            assert!(patience.lasts(unread, 10_000 - unread), "{unread}");
        }
        // What goes up and down does not get less.
        let mut patience = Patience::default();
        let looks = (0_u64..)
            .take_while(|look| patience.lasts(0, 5 + look % 2))
            .count();
        assert_eq!(looks, usize::try_from(LOOKS).unwrap());
    }

    #[test]
    fn counters_of_all_endpoints_are_added_up() {
        let mut claims = Claims::default();
        claims.count(
            "# HELP wahook_deliveries_accepted Deliveries.\n\
             wahook_deliveries_accepted_total{endpoint=\"shop\"} 3\n\
             wahook_deliveries_accepted_total{endpoint=\"line\"} 4\n\
             wahook_deliveries_conflict_total{endpoint=\"line\",handled=\"true\"} 1\n\
             wahook_requests_refused_total{endpoint=\"shop\",reason=\"body_too_slow\"} 2\n\
             wahook_requests_refused_total{endpoint=\"line\",reason=\"body_too_slow\"} 5\n\
             wahook_events_total{endpoint=\"line\",kind=\"other\"} 9\n\
             nonsense\n# EOF\n",
        );
        assert_eq!((claims.stored, claims.copies, claims.conflicts), (7, 0, 1));
        assert_eq!(claims.refused.get("body_too_slow"), Some(&7));
        assert_eq!(claims.refused.len(), 1);
    }
}
