//! How it went over the last half hour, in slots of five seconds: what the pictures are drawn from.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{Arrival, Outcome};

/// How long a slot is, in seconds.
pub(crate) const SLOT: u64 = 5;

/// So many are kept.
const SLOTS: usize = 360;

/// Endpoints with a gap of their own in a slot; no configuration has more that somebody would look at.
const ENDPOINTS: usize = 50;

/// How it went.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    slots: VecDeque<Slot>,
}

/// What happened in five seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    /// How many slots went before it.
    pub(crate) number: u64,
    pub(crate) outcomes: BTreeMap<Outcome, u32>,
    /// Of what was refused.
    pub(crate) reasons: BTreeMap<&'static str, u32>,
    /// By endpoint.
    pub(crate) gaps: BTreeMap<Arc<str>, Gaps>,
    pub(crate) inbox: Option<Sample>,
}

/// How full the inbox was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Deliveries that nobody had read, and events that waited for sinks.
    pub(crate) waiting: u64,
    /// How long ago the oldest of them was received.
    pub(crate) age: Duration,
}

/// How often gaps of each size came: sizes grow by a quarter from one to the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps(BTreeMap<u8, u32>);

impl Pace {
    pub(super) fn came(&mut self, now: Duration, arrival: &Arrival) {
        let slot = self.slot(now);
        *slot.outcomes.entry(arrival.outcome).or_default() += 1;
        if let Some(reason) = arrival.reason {
            *slot.reasons.entry(reason.as_str()).or_default() += 1;
        }
    }

    pub(super) fn gap(&mut self, now: Duration, endpoint: &str, gap: Duration) {
        let gaps = &mut self.slot(now).gaps;
        if let Some(gaps) = gaps.get_mut(endpoint) {
            gaps.add(gap);
        } else if gaps.len() < ENDPOINTS {
            gaps.entry(Arc::from(endpoint)).or_default().add(gap);
        }
    }

    pub(crate) fn inbox(&mut self, now: Duration, sample: Sample) {
        self.slot(now).inbox = Some(sample);
    }

    /// Those in which something happened, the oldest first, and the number of the one that runs.
    pub(crate) fn slots(&self, now: Duration) -> (impl Iterator<Item = &Slot>, u64) {
        let running = number(now);
        let first = running.saturating_sub(SLOTS as u64 - 1);
        (
            self.slots.iter().filter(move |slot| slot.number >= first),
            running,
        )
    }

    fn slot(&mut self, now: Duration) -> &mut Slot {
        let number = number(now);
        if self.slots.back().is_none_or(|last| last.number < number) {
            if self.slots.len() == SLOTS {
                self.slots.pop_front();
            }
            self.slots.push_back(Slot {
                number,
                ..Slot::default()
            });
        }
        let last = self.slots.len() - 1;
        &mut self.slots[last]
    }
}

fn number(now: Duration) -> u64 {
    now.as_secs() / SLOT
}

impl Gaps {
    fn add(&mut self, gap: Duration) {
        let size = (gap.as_secs_f64().max(LEAST) / LEAST).log(STEP).round();
        // Some hundred steps are longer than anything is late.
        let size = if size < 255.0 { size as u8 } else { 255 };
        *self.0.entry(size).or_default() += 1;
    }

    /// The gap that so many percent do not exceed, in seconds.
    pub(crate) fn percentile(&self, percent: u32) -> Option<f64> {
        let count: u32 = self.0.values().sum();
        let wanted = (u64::from(count) * u64::from(percent)).div_ceil(100);
        let mut seen = 0;
        let (size, _) = self.0.iter().find(|(_, count)| {
            seen += u64::from(**count);
            seen >= wanted
        })?;
        Some(LEAST * STEP.powi(i32::from(*size)))
    }
}

/// A millisecond.
const LEAST: f64 = 0.001;
const STEP: f64 = 1.25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_and_what_is_old_is_not_told() {
        let mut pace = Pace::default();
        for second in 0..10_000 {
            pace.gap(Duration::from_secs(second), "shop", Duration::from_secs(1));
        }
        let (slots, running) = pace.slots(Duration::from_secs(9_999));
        let numbers: Vec<u64> = slots.map(|slot| slot.number).collect();
        assert_eq!(
            (numbers.len(), numbers.last(), running),
            (SLOTS, Some(&1_999), 1_999)
        );
        let (slots, _) = pace.slots(Duration::from_secs(100_000));
        assert_eq!(slots.count(), 0);
        // Endpoints without end are none of ours.
        for number in 0..1_000 {
            pace.gap(Duration::from_secs(10_000), &number.to_string(), Duration::ZERO);
        }
        assert_eq!(pace.slots.back().unwrap().gaps.len(), ENDPOINTS);
    }

    #[test]
    fn percentiles_are_right_within_an_eighth() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.percentile(50), None);
        for millis in 1..=1_000 {
            gaps.add(Duration::from_millis(millis));
        }
        for (percent, exact) in [(50, 0.5), (99, 0.99), (100, 1.0)] {
            let ratio = gaps.percentile(percent).unwrap() / exact;
            assert!((0.87..=1.13).contains(&ratio), "{percent}: {ratio}");
        }
        gaps.add(Duration::MAX);
        assert!(gaps.percentile(100).unwrap() > 1e9);
    }
}
