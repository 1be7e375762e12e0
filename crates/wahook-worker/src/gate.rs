//! Whether a sink is there: while it is away its lanes wait, and one of them asks.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Whether a sink is there.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Open,
    /// The sink is away.
    Shut {
        /// When it is asked again.
        until: Instant,
        /// How often in a row it was away.
        times: u32,
        /// One lane is asking.
        asking: bool,
    },
}

/// What may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permit {
    /// As many lanes as there is room for.
    Many,
    /// One event, to ask.
    One,
    /// Nothing before this moment.
    Not(Instant),
    /// Nothing before the lane that asks has its answer.
    Asking,
}

impl Gate {
    pub(crate) fn permit(&self) -> Permit {
        match *self.lock() {
            State::Open => Permit::Many,
            State::Shut { asking: true, .. } => Permit::Asking,
            State::Shut { until, .. } if until > Instant::now() => Permit::Not(until),
            State::Shut { .. } => Permit::One,
        }
    }

    /// For a lane that is taken while the gate is open.
    pub(crate) fn ticket(self: &Arc<Self>) -> Ticket {
        Ticket {
            gate: Arc::clone(self),
            asks: false,
        }
    }

    /// For the lane that asks.
    pub(crate) fn asking(self: &Arc<Self>) -> Ticket {
        if let State::Shut { asking, .. } = &mut *self.lock() {
            *asking = true;
        }
        Ticket {
            gate: Arc::clone(self),
            asks: true,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane's right to be handed over. The one that asks and gets no answer leaves the gate as it was.
#[derive(Debug)]
pub(crate) struct Ticket {
    gate: Arc<Gate>,
    asks: bool,
}

/// What a sink's being away means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Away {
    /// How long its lanes wait.
    pub(crate) pause: Duration,
    /// It was there before, or is still away after it was asked.
    pub(crate) is_news: bool,
}

impl Ticket {
    /// Whether it is of no use by now: the gate was shut, and another one asks.
    pub(crate) fn is_void(&self) -> bool {
        !self.asks && matches!(*self.gate.lock(), State::Shut { .. })
    }

    pub(crate) const fn asks(&self) -> bool {
        self.asks
    }

    /// The sink is away. `delay` is told how often in a row.
    pub(crate) fn away(&mut self, delay: impl FnOnce(u32) -> Duration) -> Away {
        let now = Instant::now();
        let mut state = self.gate.lock();
        let times = match &*state {
            State::Open => 1,
            State::Shut { times, .. } if self.asks => times.saturating_add(1),
            // Lanes that began before the gate was shut say the same as the one that shut it.
            State::Shut { until, .. } => {
                return Away {
                    pause: until.saturating_duration_since(now),
                    is_news: false,
                };
            }
        };
        let pause = delay(times);
        *state = State::Shut {
            until: crate::clock::after(pause),
            times,
            asking: false,
        };
        self.asks = false;
        Away { pause, is_news: true }
    }

    /// The sink answered, whatever it said. Tells whether the gate opens by it.
    pub(crate) fn answered(&mut self) -> bool {
        let opens = self.asks;
        if opens {
            self.asks = false;
            *self.gate.lock() = State::Open;
        }
        opens
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.asks
            && let State::Shut { asking, .. } = &mut *self.gate.lock()
        {
            *asking = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn doubling(times: u32) -> Duration {
        SECOND * 2_u32.pow(times - 1)
    }

    #[tokio::test(start_paused = true)]
    async fn i3_while_a_sink_is_away_one_lane_asks_at_a_time() {
        let gate = Arc::new(Gate::default());
        let (mut first, mut second, mut third) = (gate.ticket(), gate.ticket(), gate.ticket());
        assert_eq!(gate.permit(), Permit::Many);
        assert_eq!(
            first.away(doubling),
            Away {
                pause: SECOND,
                is_news: true
            }
        );
        // The others of that time change nothing, whatever they met.
        assert!(!second.away(doubling).is_news);
        assert!(!third.answered());
        assert!(third.is_void());
        assert!(matches!(gate.permit(), Permit::Not(_)));

        tokio::time::advance(SECOND).await;
        assert_eq!(gate.permit(), Permit::One);
        let mut asks = gate.asking();
        assert!(!asks.is_void());
        assert_eq!(gate.permit(), Permit::Asking);
        assert_eq!(asks.away(doubling).pause, SECOND * 2);

        tokio::time::advance(SECOND * 2).await;
        drop(gate.asking());
        assert_eq!(
            gate.permit(),
            Permit::One,
            "who got no answer leaves it as it was"
        );
        assert!(gate.asking().answered());
        assert_eq!(gate.permit(), Permit::Many);
    }
}
