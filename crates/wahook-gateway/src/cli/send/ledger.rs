//! Whether what was acknowledged was handled, once.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use wahook_testkit::conform::{Observe as _, ObserveError};

use super::report::Report;
use crate::{Failure, cli::observe::Probe};

/// Nothing more is handled for so long: then nothing more comes.
const STANDS_STILL: Duration = Duration::from_secs(5);

/// As many as expected are there: what comes within this time is too many.
const SETTLES: Duration = Duration::from_millis(300);

const ASK_AGAIN: Duration = Duration::from_millis(50);

pub(super) struct Ledger(Option<(Probe, u64)>);

impl Ledger {
    /// What was handled so far; nothing is compared where nobody can be asked.
    pub(super) async fn open(probe: Option<Probe>) -> Result<Self, Failure> {
        let Some(probe) = probe else { return Ok(Self(None)) };
        let before = probe.handled().await.map_err(cannot)?;
        Ok(Self(Some((probe, before))))
    }

    /// Waits for what was acknowledged, and notes what was handled.
    pub(super) async fn close(self, report: &mut Report) -> Result<(), Failure> {
        let Self(Some((probe, before))) = self else {
            return Ok(());
        };
        let handled =
            async || Ok::<_, Failure>(probe.handled().await.map_err(cannot)?.saturating_sub(before));
        let mut count = handled().await?;
        let mut since = Instant::now();
        while count < report.acknowledged.len() as u64 && since.elapsed() < STANDS_STILL {
            sleep(ASK_AGAIN).await;
            let now = handled().await?;
            if now != count {
                (count, since) = (now, Instant::now());
            }
        }
        sleep(SETTLES).await;
        report.handled = Some(handled().await?);
        Ok(())
    }
}

fn cannot(error: ObserveError) -> Failure {
    Failure::io(error.to_string())
}
