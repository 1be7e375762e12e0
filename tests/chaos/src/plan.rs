//! What fails when: chance, which a seed repeats.

use std::time::Duration;

use fastrand::Rng;

/// One of the worlds that run beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each has a plan of its own")]
pub enum Scene {
    /// One gateway with an inbox in SQLite, on a disk that is under control.
    Sqlite,
    /// Two gateways with an inbox in one PostgreSQL, each over a wire of its own.
    Postgres,
    /// A gateway without an inbox, whose guard remembers in Redis.
    Redis,
}

impl Scene {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Redis];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        }
    }

    /// How many gateways it has.
    #[must_use]
    pub const fn nodes(self) -> usize {
        match self {
            Self::Postgres => 2,
            Self::Sqlite | Self::Redis => 1,
        }
    }

    /// What may fail in it: faults of one layer come one after the other, those of several at the same time.
    const fn layers(self) -> &'static [&'static [Kind]] {
        use Kind::{
            ClockMoved, DiskBroken, DiskFull, DiskHanging, DiskSlow, Freeze, Kill, OutputUnread, PowerLoss,
            Restart, ServerFreeze, ServerKill, SinkBusy, SinkCloses, SinkFails, SinkForgets, SinkHangs,
            WireCut, WireDeaf, WireSlow, WireStalls,
        };
        const SINK: &[Kind] = &[SinkFails, SinkHangs, SinkCloses, SinkBusy, SinkForgets];
        const CLOCK: &[Kind] = &[ClockMoved];
        const WIRE: &[Kind] = &[WireCut, WireStalls, WireDeaf, WireSlow];
        match self {
            Self::Sqlite => &[
                &[Kill, PowerLoss, PowerLoss, Restart, Freeze],
                &[DiskFull, DiskBroken, DiskHanging, DiskSlow],
                CLOCK,
                SINK,
            ],
            Self::Postgres => &[
                &[Kill, Kill, Restart, Freeze],
                &[ServerKill, ServerFreeze],
                WIRE,
                CLOCK,
                SINK,
            ],
            Self::Redis => &[
                &[Kill, Kill, Restart, Freeze],
                &[ServerKill, ServerFreeze],
                WIRE,
                CLOCK,
                &[OutputUnread],
            ],
        }
    }
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "whoever does it must know all of them")]
pub enum Kind {
    /// SIGKILL of a gateway; it is started again.
    Kill,
    /// The same, and its disk forgets what was not flushed.
    PowerLoss,
    /// SIGTERM of a gateway, and another start.
    Restart,
    /// A gateway hangs.
    Freeze,
    /// No room on the disk.
    DiskFull,
    /// Flushes fail.
    DiskBroken,
    /// Flushes do not come back.
    DiskHanging,
    /// Flushes take long.
    DiskSlow,
    /// The wall clock of a gateway is wrong.
    ClockMoved,
    /// The database is killed and started again.
    ServerKill,
    /// The database hangs.
    ServerFreeze,
    /// Connections between a gateway and the database are cut.
    WireCut,
    /// Nothing passes between them.
    WireStalls,
    /// Answers of the database are lost.
    WireDeaf,
    /// Everything between them takes longer.
    WireSlow,
    /// The sink answers 500 or 503.
    SinkFails,
    /// The sink does not answer.
    SinkHangs,
    /// The sink closes connections.
    SinkCloses,
    /// The sink answers 429 with `Retry-After`.
    SinkBusy,
    /// The sink takes events, and its answers are lost.
    SinkForgets,
    /// Nobody reads standard output: what is handed over to it waits, and a gateway that is killed meanwhile is killed
    /// between claiming and handing over.
    OutputUnread,
}

impl Kind {
    /// Its name in a history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::PowerLoss => "power loss",
            Self::Restart => "restart",
            Self::Freeze => "freeze",
            Self::DiskFull => "disk full",
            Self::DiskBroken => "disk broken",
            Self::DiskHanging => "disk hanging",
            Self::DiskSlow => "disk slow",
            Self::ClockMoved => CLOCK_MOVED,
            Self::ServerKill => "server killed",
            Self::ServerFreeze => "server frozen",
            Self::WireCut => "wire cut",
            Self::WireStalls => "wire stalled",
            Self::WireDeaf => "answers lost on the wire",
            Self::WireSlow => "wire slow",
            Self::SinkFails => "sink fails",
            Self::SinkHangs => "sink hangs",
            Self::SinkCloses => "sink closes",
            Self::SinkBusy => "sink busy",
            Self::SinkForgets => "sink's answers lost",
            Self::OutputUnread => "output unread",
        }
    }

    /// How long it lasts and how long nothing of its layer fails after it, each as least and most in milliseconds.
    const fn times(self) -> [[u64; 2]; 2] {
        match self {
            // How long it is down.
            Self::Kill | Self::PowerLoss | Self::Restart => [[0, 800], [800, 2_500]],
            Self::Freeze => [[300, 2_500], [800, 2_500]],
            Self::DiskFull | Self::DiskBroken | Self::DiskHanging | Self::DiskSlow => {
                [[300, 2_000], [1_500, 4_000]]
            }
            Self::ClockMoved => [[500, 4_000], [500, 3_000]],
            Self::ServerKill => [[0, 1_000], [4_000, 9_000]],
            Self::ServerFreeze => [[300, 3_000], [4_000, 9_000]],
            Self::WireCut | Self::WireStalls | Self::WireDeaf | Self::WireSlow => {
                [[200, 2_000], [1_000, 4_000]]
            }
            // Half of the time.
            Self::SinkFails | Self::SinkHangs | Self::SinkCloses | Self::SinkBusy | Self::SinkForgets => {
                [[300, 2_500], [300, 2_500]]
            }
            // Shorter than a handler may take.
            Self::OutputUnread => [[1_000, 2_000], [1_500, 4_000]],
        }
    }
}

/// Faults come in rounds of this length.
pub const ROUND: Duration = Duration::from_secs(10);

/// At the end of each round nothing fails for so long, but for what takes longer than planned to come up again: what goes
/// wrong then has no excuse.
pub const CALM: Duration = Duration::from_millis(2_500);

/// How the history calls it when a clock is wrong: the one excuse for not verifying what is genuine.
pub const CLOCK_MOVED: &str = "clock moved";

/// Something that fails, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever does it must know all of it")]
pub struct Fault {
    /// From the beginning of the run.
    pub at: Duration,
    /// For how long.
    pub lasts: Duration,
    /// What.
    pub kind: Kind,
    /// Of which gateway.
    pub node: usize,
    /// How wrong a clock is, in seconds.
    pub by: i64,
}

/// What fails in a scene, layer by layer, within so long. The same for the same seed.
#[must_use]
pub fn plan(seed: u64, scene: Scene, within: Duration) -> Vec<Vec<Fault>> {
    let layers = scene.layers().iter().enumerate();
    layers
        .map(|(index, kinds)| {
            // Apart from each other: a layer that is changed leaves the others as they were.
            let mut salt = seed;
            for byte in scene.name().bytes().chain([index as u8]) {
                salt = (salt ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            layer(&mut Rng::with_seed(salt), kinds, scene.nodes(), within)
        })
        .collect()
}

fn layer(rng: &mut Rng, kinds: &[Kind], nodes: usize, within: Duration) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut at = Duration::from_millis(rng.u64(300..2_500));
    loop {
        let Some(&kind) = rng.choice(kinds) else {
            return faults;
        };
        let [lasts, pause] = kind
            .times()
            .map(|[least, most]| Duration::from_millis(rng.u64(least..=most)));
        at = within_a_round(at, lasts);
        let fault = Fault {
            at,
            lasts,
            kind,
            node: rng.usize(0..nodes),
            by: wrong_by(rng),
        };
        at += lasts + pause;
        if fault.at + lasts > within {
            return faults;
        }
        faults.push(fault);
    }
}

/// What would reach into the calm begins with the next round.
fn within_a_round(at: Duration, lasts: Duration) -> Duration {
    let into = Duration::from_nanos(u64::try_from(at.as_nanos() % ROUND.as_nanos()).unwrap_or_default());
    if into + lasts > ROUND - CALM {
        at - into + ROUND
    } else {
        at
    }
}

/// Half of the time within what signatures allow, which is 300 s; else by up to a day. Both ways.
fn wrong_by(rng: &mut Rng) -> i64 {
    let by = if rng.bool() {
        rng.i64(1..280)
    } else {
        rng.i64(400..86_400)
    };
    if rng.bool() { by } else { -by }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_same_seed_is_the_same_plan_and_another_is_another() {
        for scene in Scene::ALL {
            assert_eq!(plan(7, scene, MINUTE), plan(7, scene, MINUTE));
            assert_ne!(plan(7, scene, MINUTE), plan(8, scene, MINUTE));
        }
    }

    #[test]
    fn a_longer_run_begins_as_a_shorter_one() {
        for scene in Scene::ALL {
            for (short, long) in plan(7, scene, MINUTE).iter().zip(plan(7, scene, 10 * MINUTE)) {
                assert_eq!(short[..], long[..short.len()]);
            }
        }
    }

    #[test]
    fn faults_of_a_layer_come_one_after_the_other_within_the_time() {
        for seed in 0..200 {
            for scene in Scene::ALL {
                for layer in plan(seed, scene, MINUTE) {
                    for two in layer.windows(2) {
                        assert!(two[0].at + two[0].lasts < two[1].at);
                    }
                    assert!(layer.iter().all(|fault| fault.at + fault.lasts <= MINUTE));
                    assert!(layer.iter().all(|fault| fault.node < scene.nodes()));
                }
            }
        }
    }

    #[test]
    fn at_the_end_of_each_round_nothing_fails() {
        for seed in 0..50 {
            for scene in Scene::ALL {
                for fault in plan(seed, scene, 10 * MINUTE).concat() {
                    let into = Duration::from_nanos((fault.at.as_nanos() % ROUND.as_nanos()) as u64);
                    assert!(into + fault.lasts <= ROUND - CALM, "{fault:?}");
                }
            }
        }
    }

    #[test]
    fn ten_minutes_have_every_fault_and_clocks_go_both_ways() {
        for seed in 0..20 {
            for scene in Scene::ALL {
                let faults: Vec<_> = plan(seed, scene, 10 * MINUTE).concat();
                for kind in scene.layers().concat() {
                    assert!(faults.iter().any(|fault| fault.kind == kind), "{kind:?}");
                }
                let moved = || faults.iter().filter(|fault| fault.kind == Kind::ClockMoved);
                assert!(moved().any(|fault| fault.by < -300) && moved().any(|fault| fault.by > 300));
            }
        }
    }
}
