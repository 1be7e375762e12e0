//! Says before the inbox is full that it will be.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::time::sleep;
use wahook_core::inbox::{Desk, Limit, Room};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(10);

/// How full something is, in steps that are worth a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    Low,
    /// 80 %
    High,
    /// 95 %
    Highest,
}

const HIGH: u64 = 80;
const HIGHEST: u64 = 95;
/// What was above a step and is hardly below it stays there: who stands on the edge is not told about it all the time.
const EDGE: u64 = 5;

/// How much of a limit is used, in percent; more than all is all.
pub(crate) fn percent(room: &Room) -> u64 {
    let percent = u128::from(room.used) * 100 / u128::from(room.most.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX).min(100)
}

/// What to say of a limit that is nearly used up, and what to do.
pub(crate) fn nearly_full(room: &Room) -> Option<String> {
    let percent = percent(room);
    let key = match room.limit {
        Limit::Bytes => "limits.inbox_bytes",
        _ => "limits.waiting",
    };
    (percent >= HIGH).then(|| {
        format!(
            "{percent} % of `{key}` is used ({} of {}), and when all is, providers get 503: see what waits and why, or raise it",
            room.used, room.most
        )
    })
}

/// What was said of each limit last.
#[derive(Debug, Default)]
struct Told(BTreeMap<Limit, Level>);

impl Told {
    /// The level of a limit, if it is another than was said last.
    fn news(&mut self, room: &Room) -> Option<Level> {
        let told = self.0.entry(room.limit).or_default();
        let at = |percent: u64| match percent {
            HIGHEST.. => Level::Highest,
            HIGH.. => Level::High,
            _ => Level::Low,
        };
        let percent = percent(room);
        let level = at(percent).max((*told).min(at(percent + EDGE)));
        let is_news = level != *told;
        *told = level;
        is_news.then_some(level)
    }

    fn tell(&mut self, room: &Room) {
        let Some(level) = self.news(room) else { return };
        match nearly_full(room) {
            Some(text) if level == Level::Highest => {
                tracing::error!(target: "wahook", "the inbox is almost full: {text}");
            }
            Some(text) => tracing::warn!(target: "wahook", "the inbox fills: {text}"),
            None => {
                let limit = room.limit.as_str();
                tracing::info!(target: "wahook", limit, "the inbox has room again");
            }
        }
    }
}

/// Looks again and again; never ends.
pub(crate) async fn watch(desk: Arc<dyn Desk>) {
    let mut told = Told::default();
    loop {
        let begun = Instant::now();
        // Who does not answer is told of elsewhere.
        if let Ok(status) = desk.status().await {
            status.room.iter().for_each(|room| told.tell(room));
        }
        // At most a twentieth of the time: what much waits in takes long to answer.
        sleep(EVERY.max(begun.elapsed() * 19)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(used: u64) -> Room {
        Room {
            limit: Limit::Waiting,
            used,
            most: 1_000,
        }
    }

    #[test]
    fn i5_each_step_is_told_once_and_who_stands_on_the_edge_is_not_told_again() {
        let mut told = Told::default();
        let mut news = |used| told.news(&at(used));
        for used in [0, 799] {
            assert_eq!(news(used), None, "{used}");
        }
        assert_eq!(news(800), Some(Level::High));
        for used in [799, 800, 760, 949, 790] {
            assert_eq!(news(used), None, "{used}");
        }
        assert_eq!(news(950), Some(Level::Highest));
        for used in [1_000, 949, 951, 900, 2_000] {
            assert_eq!(news(used), None, "{used}");
        }
        assert_eq!(news(890), Some(Level::High));
        assert_eq!(news(740), Some(Level::Low));
        assert_eq!(news(799), None);
        assert_eq!(news(1_000), Some(Level::Highest), "also in one step");
        assert_eq!(news(0), Some(Level::Low));
    }

    #[test]
    fn i5_limits_of_any_size_are_told_in_percent() {
        for (used, most, wanted) in [
            (0, 0, 0),
            (1, 0, 100),
            (u64::MAX, 1, 100),
            (u64::MAX / 2 + 1, u64::MAX, 50),
        ] {
            let room = Room {
                limit: Limit::Bytes,
                used,
                most,
            };
            assert_eq!(percent(&room), wanted, "{used} of {most}");
        }
        assert_eq!(nearly_full(&at(799)), None);
        assert!(
            nearly_full(&at(801))
                .unwrap()
                .starts_with("80 % of `limits.waiting` is used (801 of 1000)")
        );
    }
}
