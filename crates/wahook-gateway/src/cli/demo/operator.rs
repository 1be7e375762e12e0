//! What an operator does once the traffic is over: waits, puts dead letters back, replays, reads the counters.

use std::{collections::BTreeMap, time::Duration};

use futures_util::TryStreamExt;
use tokio::time::{Instant, sleep};
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

/// How long it waits until everything is handed over.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// So many events are replayed.
const REPLAYED: u32 = 10;
/// So many dead letters are asked for at once.
const PAGE: u32 = 500;

/// Sees to the end, and tells what the gateway says of itself. `tick` is told how much still waits.
pub(super) async fn finish(stage: &Stage, book: &Book, tick: impl Fn(u64)) -> Result<Claims, Failure> {
    let boxed = stage.boxed()?;
    let desk = &*boxed.opened.desk;
    stage.receiver.go_away(false);
    let mut waiting = drain(desk, &tick).await?;
    let dead = dead_letters(desk).await?;
    let poison = stage.receiver.poison();
    stage.receiver.mend();
    book.ledger().retried(HTTP);
    for sink in SINKS {
        put_back(desk, sink).await?;
    }
    let replayed = replay(desk).await?;
    waiting += drain(desk, &tick).await?;
    let mut claims = Claims {
        dead,
        poison: poison.into_iter().map(|mark| (HTTP, mark)).collect(),
        replayed: replayed.into_iter().map(|mark| (FILE, mark)).collect(),
        waiting,
        ..Claims::default()
    };
    if let Some(listener) = &boxed.admin {
        let place = &listener.place;
        let client = admin::client::Client::http(&place.url, place.token.clone())?;
        let parts: Vec<_> = client.follow("/metrics").await?.try_collect().await?;
        claims.count(&String::from_utf8_lossy(&parts.concat()));
    }
    Ok(claims)
}

/// Waits until nothing waits; tells how much was left when patience ended.
async fn drain(desk: &dyn Desk, tick: &impl Fn(u64)) -> Result<u64, Failure> {
    let end = Instant::now() + PATIENCE;
    loop {
        let status = desk.status().await.map_err(cannot)?;
        let waiting = status.unread + status.sinks.iter().map(|sink| sink.waiting).sum::<u64>();
        if waiting == 0 || Instant::now() >= end {
            return Ok(waiting);
        }
        tick(waiting);
        sleep(POLL).await;
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
