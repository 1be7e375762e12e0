//! A gateway while it runs: what is open, and what takes its place when the configuration is read again.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::sleep};
use wahook_core::{Clock, sink::Sink};
use wahook_tower::{Observer, TracingObserver};
use wahook_worker::Workers;

use super::{
    serve::Plan,
    signals::Signals,
    watch::{self, Watch},
};
use crate::{
    Failure,
    inbox::{self, InboxOpened, Sinks},
    output,
    server::Router,
    stack::{Mounted, Shared, stack, stack_without_inbox},
    stores::{InboxLog, InboxMeans, Means, Stores},
};

/// How often the inbox is asked to remove what is old enough.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What is open.
pub(super) struct Gateway {
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    pub(super) way: Way,
    pub(super) router: Router,
    /// What may change while it runs.
    changing: Mutex<Changing>,
}

/// Where deliveries go.
pub(super) enum Way {
    /// Into an inbox, and from there to the sinks.
    Inbox { inbox: InboxOpened, workers: Workers },
    /// To the sink, before they are answered.
    HandOver { means: Means },
}

struct Changing {
    plan: Plan,
    sinks: Sinks,
    stores: Stores,
}

impl Gateway {
    /// Opens everything, and starts the workers. Nothing is served yet.
    pub(super) async fn open(plan: Plan, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let mut sinks = Sinks::default();
        let limits = &plan.config.limits;
        let means = Means::new(&plan.config, Arc::clone(&clock))?;
        let mut stores = Stores::default();
        let observer: Arc<dyn Observer>;
        let way = if let Some(address) = &plan.built.inbox {
            let required = plan.config.required_guarantee.map(|required| required.get());
            let inbox_means = InboxMeans::new(limits, Arc::clone(&clock));
            let inbox = inbox::open(address, &inbox_means, required).await?;
            observer = Arc::new(InboxLog::default());
            let routes = sinks.open(&plan.built.sinks, &clock).await?;
            let options = wahook_worker::Options::default().clock(Arc::clone(&clock));
            let workers = Workers::start(inbox.inbox(), inbox::plan(&plan.built.routes, routes), options);
            Way::Inbox { inbox, workers }
        } else {
            observer = Arc::new(TracingObserver::default());
            sinks.open(&plan.built.sinks, &clock).await?;
            stores = Stores::open(&plan.built.routes, &means, &stores).await?;
            Way::HandOver { means }
        };
        let gateway = Self {
            clock,
            observer,
            way,
            router: Router::default(),
            changing: Mutex::new(Changing { plan, sinks, stores }),
        };
        let changing = gateway.changing.lock().await;
        gateway.router.swap(gateway.mounted(&changing)?);
        drop(changing);
        Ok(gateway)
    }

    /// Every endpoint at its path.
    fn mounted(&self, changing: &Changing) -> Result<Vec<(String, Mounted)>, Failure> {
        let Changing { plan, sinks, stores } = changing;
        let shared = Shared::new(&plan.config.limits, Arc::clone(&self.clock), Arc::clone(&self.observer));
        let routes = &plan.built.routes;
        Ok(match &self.way {
            Way::Inbox { inbox, .. } => {
                let inbox = inbox.inbox();
                let mount = |route: &crate::config::Route| (route.path.clone(), stack(route, &inbox, &shared));
                routes.iter().map(mount).collect()
            }
            Way::HandOver { .. } => {
                let sink: Arc<dyn Sink> = Arc::new(
                    sinks
                        .stdout()
                        .ok_or_else(|| Failure::wrong_use("without an inbox there must be a sink of type `stdout`"))?,
                );
                let guarded = routes.iter().zip(stores.by_route());
                guarded
                    .map(|(route, guard)| {
                        let mounted = stack_without_inbox(route, guard, &sink, &shared);
                        (route.path.clone(), mounted)
                    })
                    .collect()
            }
        })
    }

    /// What is open, for those who tell it.
    pub(super) async fn told<T>(&self, tell: impl FnOnce(&Plan, &Stores) -> T) -> T {
        let changing = self.changing.lock().await;
        tell(&changing.plan, &changing.stores)
    }

    /// Waits until nobody reads standard output any more, where it is a sink.
    pub(super) async fn reader_gone(&self) {
        let stdout = self.changing.lock().await.sinks.stdout();
        match stdout {
            Some(stdout) => stdout.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Reads the configuration again when it is asked to, or when a file of it was written; never ends.
    pub(super) async fn follow(&self, mut signals: Signals) {
        let mut watch = Watch::of(self.files().await);
        loop {
            let asked = tokio::select! {
                () = signals.reload_asked() => true,
                () = sleep(watch::EVERY) => false,
            };
            if watch.changed() || asked {
                self.reload().await;
                watch = Watch::of(self.files().await);
            }
        }
    }

    async fn files(&self) -> Vec<std::path::PathBuf> {
        let changing = self.changing.lock().await;
        let Plan { file, config, folder, .. } = &changing.plan;
        file.as_ref()
            .map(|file| watch::files(file, config, folder))
            .unwrap_or_default()
    }

    /// Reads the configuration again; one that cannot be used changes nothing.
    async fn reload(&self) {
        let mut changing = self.changing.lock().await;
        let Some(file) = changing.plan.file.clone() else {
            tracing::info!(target: "wahook", "development mode has no configuration that could be read again");
            return;
        };
        match self.exchange(&mut changing, Plan::from_file(&file)).await {
            Ok(restart) => {
                tracing::info!(target: "wahook", "the configuration was read again and is in effect");
                for key in restart {
                    tracing::warn!(target: "wahook", "`{key}` was changed and takes effect at the next start");
                }
            }
            Err(failure) => {
                tracing::error!(target: "wahook", "the configuration was read again and cannot be used; the old one stays: {failure}");
            }
        }
    }

    async fn exchange(
        &self,
        changing: &mut Changing,
        next: Result<Plan, Failure>,
    ) -> Result<Vec<&'static str>, Failure> {
        let next = next?;
        let restart = changing.plan.needs_restart(&next);
        if changing.plan.built.inbox.is_some() != next.built.inbox.is_some() {
            // Everything else hangs on it.
            return Err(Failure::wrong_use("whether there is an inbox can be changed by a restart only"));
        }
        let routes = changing.sinks.open(&next.built.sinks, &self.clock).await?;
        if let Way::HandOver { means } = &self.way {
            changing.stores = Stores::open(&next.built.routes, means, &changing.stores).await?;
        }
        changing.plan.take_over(next);
        // The readers first: what comes in at a new endpoint can be read.
        if let Way::Inbox { workers, .. } = &self.way {
            workers.swap(inbox::plan(&changing.plan.built.routes, routes));
        }
        self.router.swap(self.mounted(changing)?);
        Ok(restart)
    }

    /// Lets hand-overs end until the deadline; what is left stays in the inbox.
    pub(super) async fn close(&self, deadline: Duration) {
        let Way::Inbox { workers, .. } = &self.way else {
            return;
        };
        let stopped = workers.stop(deadline).await;
        if stopped.cut > 0 {
            let count = stopped.cut;
            output::notice(&format!(
                "{count} events were in the middle of a hand-over; they come again at the next start"
            ));
        }
    }
}
