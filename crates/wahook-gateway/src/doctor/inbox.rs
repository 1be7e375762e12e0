//! The inbox: whether it can be opened, what survives of what it acknowledged, how much it can still take.

use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    path::Path,
};

use wahook_core::{Assurance, Guarantee};

use super::report::{Finding, InboxState};
use crate::{
    config::Config,
    inbox,
    stores::{InboxMeans, StoreAddress},
};

/// With less than this left, a day of a busy number may fill the disk.
const LITTLE: u64 = 1 << 30;

pub(super) async fn look(
    config: &Config,
    address: &StoreAddress,
    means: &InboxMeans,
) -> (InboxState, Vec<Finding>) {
    let row = address.row();
    let file = address.file();
    let mut state = InboxState {
        store: row.name,
        place: file
            .as_ref()
            .map_or_else(|| address.to_string(), |file| file.display().to_string()),
        guarantee: None,
        because: None,
        in_use: false,
        free_bytes: file.as_deref().and_then(free_bytes),
    };
    let mut findings = Vec::new();
    if let Some(free) = state.free_bytes.filter(|free| *free < LITTLE) {
        let text = format!(
            "{} MiB are left on the disk of the inbox; when it is full, nothing is acknowledged any more",
            free >> 20
        );
        findings.push(Finding::warning(None, text).advise("make room, or keep less: retention.bodies"));
    }
    let known = match file {
        Some(file) if !file.exists() => {
            // Opening would make it, and make it ours: whoever runs the gateway could not write it.
            if !file.parent().is_some_and(Path::is_dir) {
                let text = format!("the directory of the inbox {} does not exist", file.display());
                findings.push(Finding::error(None, text).advise("make it, for the user that runs wahook"));
                return (state, findings);
            }
            Assurance::new(
                Guarantee::SurvivesPowerLoss,
                "its file is made at the first start",
            )
        }
        Some(file) if is_in_use(&file) => {
            state.in_use = true;
            return (state, findings);
        }
        _ => match inbox::open(address, means, None).await {
            Ok(opened) => opened.assurance().clone(),
            Err(failure) => {
                findings.push(Finding::error(None, failure.to_string()));
                return (state, findings);
            }
        },
    };
    state.guarantee = Some(known.guarantee.as_str());
    state.because = Some(known.because.clone().into_owned());
    let required = config.required_guarantee.map(|required| required.get());
    if let Some(required) = required.filter(|required| known.guarantee < *required) {
        let text = format!(
            "the inbox gives `{}`, and required_guarantee is `{required}`: the gateway does not start",
            known.guarantee
        );
        findings.push(Finding::error(None, text).advise(row.stronger));
    } else if known.guarantee < Guarantee::SurvivesPowerLoss {
        let text = format!(
            "what is acknowledged is kept in {} with the guarantee `{}`: {}",
            row.name, known.guarantee, known.because
        );
        findings.push(Finding::warning(None, text).advise(row.stronger));
    }
    for warning in &known.warnings {
        findings.push(Finding::warning(None, format!("{}: {warning}", row.name)));
    }
    (state, findings)
}

/// Whether a gateway has it open: then it holds the lock beside it.
fn is_in_use(file: &Path) -> bool {
    let mut lock = OsString::from(file);
    lock.push("-lock");
    File::open(lock).is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// What is left for us on the disk of a file, or of the directory that it will be in.
fn free_bytes(file: &Path) -> Option<u64> {
    let state = rustix::fs::statvfs(file.parent()?).ok()?;
    Some(state.f_bavail.saturating_mul(state.f_frsize))
}
