//! What survives of what was acknowledged, as far as it can be known from here (I1).

use wahook_core::{Assurance, Guarantee};

/// Written by a client that sees how many replicas there are, and nothing of when they flush.
pub(super) fn assurance(replicas: usize, syncs_always: bool, server: &str) -> Assurance {
    if syncs_always {
        if !knows_sync_always(server) {
            return Assurance::new(
                Guarantee::ProcessCrashOnly,
                format!("NATS {server} flushes every two minutes"),
            )
            .warn(
                "sync=always is declared, and this server knows no sync_interval: take NATS 2.10 or later, or leave sync=always out",
            );
        }
        return Assurance::new(
            Guarantee::SurvivesPowerLoss,
            "sync_interval is declared to be always, and the stream is in files",
        );
    }
    if replicas >= 3 {
        // One that loses what it had not flushed, and one that was behind, are a majority without it.
        return Assurance::new(
            Guarantee::ProcessCrashOnly,
            format!(
                "the stream has {replicas} replicas, each flushes every two minutes, and the loss of power of one while another is \
                 behind can lose what was acknowledged"
            ),
        );
    }
    let because = if replicas == 2 {
        "the stream has 2 replicas, which is no majority for either"
    } else {
        "the stream has one replica, and its server flushes every two minutes if it was not told otherwise"
    };
    Assurance::new(Guarantee::ProcessCrashOnly, because)
}

fn knows_sync_always(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let first = numbers.next().flatten().unwrap_or_default();
    let second = numbers.next().flatten().unwrap_or_default();
    (first, second) >= (2, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i1_the_guarantee_is_what_is_known_or_declared() {
        let of = |replicas, declared, server: &str| assurance(replicas, declared, server).guarantee;
        assert_eq!(of(1, false, "2.12.1"), Guarantee::ProcessCrashOnly);
        assert_eq!(of(2, false, "2.12.1"), Guarantee::ProcessCrashOnly);
        assert_eq!(of(3, false, "2.12.1"), Guarantee::ProcessCrashOnly);
        assert_eq!(of(3, true, "2.12.1"), Guarantee::SurvivesPowerLoss);
        assert_eq!(of(1, true, "2.10.0"), Guarantee::SurvivesPowerLoss);
        let old = assurance(1, true, "2.9.10");
        assert_eq!(old.guarantee, Guarantee::ProcessCrashOnly);
        assert!(old.warnings[0].contains("2.10"), "{old:?}");
    }
}
