//! The rules. Each takes a harness with an empty inbox, and panics where the inbox breaks it.

use std::{panic::resume_unwind, sync::Arc};

use tokio::sync::Barrier;
use wahook_core::inbox::Accepted;

use super::{
    LONG, SHORT,
    harness::{ALL, Harness, Hold, POLLS, token},
    letters::{NOTE, Said, all_dead, all_events, bodies, reading, reading_for, said, unreadable},
};

pub(super) mod accepting;
pub(super) mod attempts;
pub(super) mod crowds;
pub(super) mod dead;
pub(super) mod events;
pub(super) mod filing;
pub(super) mod full;
pub(super) mod lanes;
pub(super) mod leases;
pub(super) mod outages;
pub(super) mod questions;
pub(super) mod readers;
pub(super) mod reopening;
pub(super) mod replays;
pub(super) mod rereading;
pub(super) mod setbacks;
pub(super) mod stirring;
pub(super) mod sweeping;

const STORED: Accepted = Accepted::Stored { conflict: false };
const DUPLICATE: Accepted = Accepted::Duplicate { conflict: false };

/// Runs so many tasks on all threads, which begin together; what each gave, in order.
async fn at_once<T, Ran>(count: usize, task: impl Fn(usize) -> Ran) -> Vec<T>
where
    Ran: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let gate = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (gate, task) = (gate.clone(), task(number));
            tokio::spawn(async move {
                gate.wait().await;
                task.await
            })
        })
        .collect();
    let mut given = Vec::with_capacity(count);
    for task in tasks {
        match task.await {
            Ok(one) => given.push(one),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
    given
}
