//! What is finished and old enough goes, in small steps.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use wahook_core::inbox::Swept;

use crate::{
    Signal,
    options::Sweeps,
    patience::Patience,
    shared::{Phase, Shared},
};

/// Between two steps others have the inbox to themselves.
const BREATH: Duration = Duration::from_millis(20);

pub(crate) async fn sweep(shared: Arc<Shared>, sweeps: Sweeps) {
    let mut patience = Patience::new(Arc::clone(&shared));
    loop {
        let wait = match sweeps.desk.sweep(sweeps.retention).await {
            Ok(swept) => {
                patience.succeeded();
                if swept == Swept::default() {
                    sweeps.every
                } else {
                    shared.tell(&Signal::Swept { swept });
                    BREATH
                }
            }
            Err(error) => patience.failed(&error),
        };
        tokio::select! {
            () = sleep(wait) => {}
            () = shared.reaches(Phase::Ending) => return,
        }
    }
}
