//! The tasks, and what can be done to them.

use std::{
    collections::HashMap,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    runtime::Handle,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout_at},
};
use wahook_core::{inbox::Inbox, json::Text};

use crate::{
    Options, Plan, Route, Signal,
    clock::after,
    reader::Reader,
    serve::Serve,
    shared::{Phase, Shared},
    sweep::sweep,
};

/// After what is in progress was cut off, giving it back may take so long.
const GIVING_BACK: Duration = Duration::from_secs(2);
/// After so long a task that panicked starts anew.
const RESTART: Duration = Duration::from_secs(1);

/// The tasks that take what an inbox holds to its sinks. Dropped they end at once, and leases give back what they held.
pub struct Workers {
    shared: Arc<Shared>,
    runtime: Handle,
    tasks: Mutex<Tasks>,
}

#[derive(Default)]
struct Tasks {
    running: JoinSet<Stopped>,
    sinks: HashMap<Text, watch::Sender<Option<Arc<Route>>>>,
}

/// What was cut off by [`Workers::stop`]. All of it is in the inbox, and comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Events that were in the middle of a hand-over.
    pub cut: usize,
    /// Events that were taken and not begun.
    pub untouched: usize,
}

impl Workers {
    /// Starts to read and to hand over, on the runtime that it is called in.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(inbox: Arc<dyn Inbox>, plan: Plan, options: Options) -> Self {
        let shared = Arc::new(Shared::new(inbox, plan.clone(), options));
        let workers = Self {
            runtime: Handle::current(),
            tasks: Mutex::default(),
            shared,
        };
        let mut tasks = workers.tasks();
        workers.spawn(&mut tasks, "inbox", |shared| async move {
            watch_inbox(shared).await;
            Stopped::default()
        });
        workers.spawn(&mut tasks, "reader", |shared| async move {
            Reader::new(shared).run().await;
            Stopped::default()
        });
        if let Some(sweeps) = workers.shared.options.sweeps.clone() {
            workers.spawn(&mut tasks, "retention", move |shared| {
                let sweeps = sweeps.clone();
                async move {
                    sweep(shared, sweeps).await;
                    Stopped::default()
                }
            });
        }
        workers.serve(&mut tasks, &plan);
        drop(tasks);
        workers
    }

    /// Changes endpoints and routes while serving. Sinks that are new are served; those that are gone finish what is in
    /// progress, and what is in their lanes waits; the others go on and change with their next hand-over. Deliveries
    /// that come in from now on are read by the new plan.
    pub fn swap(&self, plan: Plan) {
        let mut tasks = self.tasks();
        self.shared.plan.send_replace(Arc::new(plan.clone()));
        if !self.shared.is_ending() {
            self.serve(&mut tasks, &plan);
        }
    }

    /// Takes nothing new, lets hand-overs end until the deadline, and gives back the rest. Said again it has nothing to
    /// do.
    pub async fn stop(&self, deadline: Duration) -> Stopped {
        let mut running = {
            let mut tasks = self.tasks();
            self.shared.phase.send_replace(Phase::Ending);
            tasks.sinks.clear();
            std::mem::take(&mut tasks.running)
        };
        let mut stopped = Stopped::default();
        for (deadline, next) in [(deadline, Phase::Cutting), (GIVING_BACK, Phase::Cutting)] {
            let deadline = after(deadline);
            while let Ok(Some(ended)) = timeout_at(deadline, running.join_next()).await {
                let ended = ended.unwrap_or_default();
                stopped.cut += ended.cut;
                stopped.untouched += ended.untouched;
            }
            self.shared.phase.send_replace(next);
        }
        // What is still there is dropped with its set, and leases end what it holds.
        stopped
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the tasks of sinks in line with the plan.
    fn serve(&self, tasks: &mut Tasks, plan: &Plan) {
        while tasks.running.try_join_next().is_some() {}
        let routes: HashMap<_, _> = plan.routes().iter().map(|route| (route.name(), route)).collect();
        // One that comes back later is a new task: the old one may still be finishing.
        tasks.sinks.retain(|name, sender| {
            let stays = routes.contains_key(name.as_str());
            if !stays {
                sender.send_replace(None);
            }
            stays
        });
        for route in plan.routes() {
            let served = Some(Arc::new(route.clone()));
            if let Some(sender) = tasks.sinks.get(&route.name) {
                sender.send_replace(served);
                continue;
            }
            let (sender, receiver) = watch::channel(served);
            tasks.sinks.insert(route.name.clone(), sender);
            self.spawn(tasks, route.name(), move |shared| {
                Serve::new(shared, receiver.clone()).run()
            });
        }
    }

    /// Starts a task, and starts it anew whenever it panics: a sink that is not served would be a silent loss.
    fn spawn<Fut>(&self, tasks: &mut Tasks, name: &str, make: impl Fn(Arc<Shared>) -> Fut + Send + 'static)
    where
        Fut: Future<Output = Stopped> + Send + 'static,
    {
        let name = name.to_owned();
        let shared = Arc::clone(&self.shared);
        let task = async move {
            loop {
                let run = AssertUnwindSafe(make(Arc::clone(&shared)));
                if let Ok(stopped) = run.catch_unwind().await {
                    return stopped;
                }
                // It may have been the observer that panicked.
                let told = AssertUnwindSafe(|| shared.tell(&Signal::Panicked { task: &name }));
                let _ = std::panic::catch_unwind(told);
                sleep(RESTART).await;
            }
        };
        tasks.running.spawn_on(task, &self.runtime);
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sinks: Vec<_> = self.tasks().sinks.keys().cloned().collect();
        f.debug_struct("Workers")
            .field("sinks", &sinks)
            .finish_non_exhaustive()
    }
}

/// Tells all tasks what the inbox says, so that one waits for it.
async fn watch_inbox(shared: Arc<Shared>) {
    let mut seen = 0;
    loop {
        tokio::select! {
            mark = shared.inbox.stirred(seen) => {
                seen = mark;
                shared.stirred.send_replace(());
                tokio::task::yield_now().await;
            }
            () = shared.reaches(Phase::Ending) => return,
        }
    }
}
