//! One line that tells how far it is; on a terminal, and nowhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{ledger, report::grouped};

pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(length: Duration) -> Self {
        let steps = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        // Hidden where it is no terminal.
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        let bar = match ProgressStyle::with_template("{bar:20} {msg}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self(bar.with_message("starting a gateway"))
    }

    pub(super) fn sending(&self, elapsed: Duration, now: ledger::Progress) {
        let left = Duration::from_millis(self.0.length().unwrap_or_default()).saturating_sub(elapsed);
        self.0
            .set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        self.0.set_message(format!(
            "{} s left, {} sent, {} accepted, {} broken",
            left.as_secs(),
            grouped(now.sent as u64),
            grouped(now.accepted as u64),
            grouped(now.broken)
        ));
    }

    pub(super) fn waiting(&self, left: u64) {
        self.0.set_position(self.0.length().unwrap_or_default());
        self.0
            .set_message(format!("handing over: {} events left", grouped(left)));
    }
}

/// Whatever happens, the line is gone before something else is told.
impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
