//! Callers that go on through faults.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use wahook_core::guard::{GuardStore as _, Settled, StoreErrorKind};
use wahook_postgres::PostgresStore;

use crate::{
    common::{FRESH, LONG, body, key, token, until},
    faults::{DEADLINE, GRACE},
};

/// Claims and completes names of its own until it is told to stop; returns those that were completed for certain, and
/// panics where a verb hangs or a mark is wrong.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    completed: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

pub(crate) fn load(store: &Arc<PostgresStore>) -> Load {
    let (stop, completed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let task = |task: usize| {
        let (store, stop, count) = (Arc::clone(store), Arc::clone(&stop), Arc::clone(&completed));
        async move {
            let mut completed = Vec::new();
            for at in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (name, holder) = (format!("load {task} {at}"), token());
                let asked = Instant::now();
                match store.claim(&key(&name), body(), holder, LONG).await {
                    Ok(claim) => assert_eq!(claim, FRESH, "nobody else asks for {name}"),
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                }
                // The holder knows of a claim; whatever happens, it is never told that it lost it.
                match store.complete(&key(&name), body(), holder, LONG).await {
                    Ok(settled) => {
                        assert_eq!(settled, Settled::Done, "{name}");
                        completed.push(name);
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => assert!(!matches!(error.kind(), StoreErrorKind::Full)),
                }
                assert!(asked.elapsed() < (DEADLINE + GRACE) * 2, "{:?}", asked.elapsed());
            }
            completed
        }
    };
    let tasks = (0..16).map(|at| tokio::spawn(task(at))).collect();
    Load {
        stop,
        completed,
        tasks,
    }
}

impl Load {
    /// Returns when this many more were completed.
    pub(crate) async fn goes_on(&self, more: usize) {
        let enough = self.completed.load(Ordering::Relaxed) + more;
        let completed = async || self.completed.load(Ordering::Relaxed);
        until("the load goes on", completed, |count| *count >= enough).await;
    }

    pub(crate) async fn finish(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut completed = Vec::new();
        for task in self.tasks {
            completed.extend(task.await.expect("the load goes on through faults"));
        }
        completed
    }
}
