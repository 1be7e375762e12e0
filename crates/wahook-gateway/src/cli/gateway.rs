//! A gateway while it runs: what is open, and what takes its place when the configuration is read again.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
    time::sleep,
};
use wahook_core::{Clock, inbox::Inbox, sink::Sink};
use wahook_tower::{Observer, Room};
use wahook_worker::Workers;

use super::{
    operators::{Listener, Operators},
    serve::Plan,
    signals::Signals,
    watch::{EVERY, Watch},
};
use crate::{
    Failure,
    failure::chain,
    inbox::{self, InboxOpened, Sinks},
    rates::Rates,
    server::{HandshakeFailure, Router, Tls},
    sinks::Stdout,
    stack::{Mounted, Shared, stack, stack_without_inbox},
    stores::{InboxLog, InboxMeans, Means, StoreAddress, Stores},
};

/// How often the inbox is asked to remove what is old enough.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What is open.
pub(super) struct Gateway {
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    pub(super) way: Way,
    pub(super) router: Router,
    /// What the listener shows, where it speaks TLS.
    pub(super) tls: Option<Tls>,
    room: Room,
    /// Standard output, while it is a sink.
    stdout: watch::Sender<Option<Stdout>>,
    /// What may change while it runs.
    changing: Mutex<Changing>,
}

/// Where deliveries go.
pub(super) enum Way {
    /// Into an inbox, and from there to the sinks.
    Inbox(Box<Boxed>),
    /// To the sink, before they are answered.
    HandOver(Means),
}

/// An inbox, and all who are at work on it.
pub(super) struct Boxed {
    pub(super) opened: InboxOpened,
    /// The same, as it is used.
    inbox: Arc<dyn Inbox>,
    workers: Workers,
    operators: Operators,
    pub(super) admin: Option<Listener>,
    /// They end with it.
    tasks: JoinSet<()>,
}

struct Changing {
    plan: Plan,
    open: Opened,
}

/// What is open of a plan. What stays as it is configured stays open.
struct Opened {
    sinks: Sinks,
    stores: Stores,
    rates: Rates,
}

impl Gateway {
    /// Opens everything, and starts the workers. Nothing is served yet.
    pub(super) async fn open(plan: Plan, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let mut stores = Stores::default();
        let means = Means::new(&plan.config, Arc::clone(&clock))?;
        let (way, sinks, observer): (_, _, Arc<dyn Observer>) = if let Some(address) = &plan.built.inbox {
            let operators = Operators::new(Arc::clone(&clock), means.hash_key);
            let observer = operators.of_endpoints();
            let (boxed, sinks) = Boxed::open(&plan, address, operators, &clock).await?;
            (Way::Inbox(Box::new(boxed)), sinks, observer)
        } else {
            let (sinks, _) = Sinks::default().and_now(&plan.built.sinks, &clock).await?;
            stores = Stores::open(&plan.built.routes, &means, &stores).await?;
            (Way::HandOver(means), sinks, Arc::new(InboxLog::default()))
        };
        let tls = plan.built.tls.as_ref().map(|certificate| {
            let tls = Tls::new(certificate);
            match &way {
                Way::Inbox(boxed) => {
                    let operators = boxed.operators.clone();
                    operators.shows(certificate);
                    tls.when_failed(move |failure: HandshakeFailure| operators.no_handshake(failure))
                }
                Way::HandOver(_) => tls,
            }
        });
        plan.warn_of_certificate(&*clock);
        let rates = Rates::default().and_now(&plan.built.routes, &clock);
        let gateway = Self {
            tls,
            room: Room::of(plan.config.limits.bytes_in_flight),
            clock,
            observer,
            way,
            router: Router::default(),
            stdout: watch::Sender::new(sinks.stdout()),
            changing: Mutex::new(Changing {
                plan,
                open: Opened { sinks, stores, rates },
            }),
        };
        let changing = gateway.changing.lock().await;
        gateway
            .router
            .swap(gateway.mounted(&changing.plan, &changing.open)?);
        drop(changing);
        Ok(gateway)
    }

    /// Every endpoint at its path.
    fn mounted(&self, plan: &Plan, open: &Opened) -> Result<Vec<(String, Mounted)>, Failure> {
        let Opened { sinks, stores, rates } = open;
        let (clock, observer) = (Arc::clone(&self.clock), Arc::clone(&self.observer));
        let shared = Shared::new(&plan.config.limits, rates, &self.room, clock, observer);
        let routes = &plan.built.routes;
        Ok(match &self.way {
            Way::Inbox(boxed) => routes
                .iter()
                .map(|route| (route.path.clone(), stack(route, &boxed.inbox, &shared)))
                .collect(),
            Way::HandOver(_) => {
                let none = || Failure::wrong_use("without an inbox there must be a sink of type `stdout`");
                let sink: Arc<dyn Sink> = Arc::new(sinks.stdout().ok_or_else(none)?);
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
        tell(&changing.plan, &changing.open.stores)
    }

    /// Waits until nobody reads standard output any more, as long as it is a sink.
    pub(super) async fn reader_gone(&self) {
        let mut stdout = self.stdout.subscribe();
        loop {
            let now = stdout.borrow_and_update().clone();
            let gone = async {
                match now {
                    Some(stdout) => stdout.closed().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // What was exchanged has ended by itself.
                biased;
                _ = stdout.changed() => {}
                () = gone => return,
            }
        }
    }

    /// Reads the configuration again when it is asked to, or when a file of it was written; never ends.
    pub(super) async fn follow(&self, mut signals: Signals) {
        let mut watch = self.changing.lock().await.plan.watch.clone();
        loop {
            let asked = tokio::select! {
                () = signals.reload_asked() => true,
                () = sleep(EVERY) => false,
            };
            if watch.changed() || asked {
                watch = self.reload().await.unwrap_or(watch);
            }
        }
    }

    /// Reads the configuration again, and tells what to watch; one that cannot be used changes nothing.
    async fn reload(&self) -> Option<Watch> {
        let mut changing = self.changing.lock().await;
        let Some(file) = changing.plan.file.clone() else {
            tracing::info!(target: "wahook", "development mode has no configuration that could be read again");
            return None;
        };
        let (watch, next) = Plan::from_file(&file, &|problem| tracing::error!(target: "wahook", "{problem}"));
        match self.exchange(&mut changing, next).await {
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
        Some(watch)
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
            return Err(Failure::wrong_use(
                "whether there is an inbox can be changed by a restart only",
            ));
        }
        let there = &changing.open;
        let (sinks, routes) = there.sinks.and_now(&next.built.sinks, &self.clock).await?;
        let stores = match &self.way {
            Way::Inbox(_) => Stores::default(),
            Way::HandOver(means) => Stores::open(&next.built.routes, means, &there.stores).await?,
        };
        let rates = there.rates.and_now(&next.built.routes, &self.clock);
        let open = Opened { sinks, stores, rates };
        let mounted = self.mounted(&next, &open)?;
        // Nothing fails from here on: all of it takes effect, or nothing did.
        if let (Some(tls), Some(certificate)) = (&self.tls, &next.built.tls) {
            tls.show(certificate);
            if let Way::Inbox(boxed) = &self.way {
                boxed.operators.shows(certificate);
            }
        }
        next.warn();
        next.warn_of_certificate(&*self.clock);
        changing.open.sinks.warn_of_those_gone(&open.sinks);
        changing.plan.take_over(next);
        // The readers first: what comes in at a new endpoint can be read.
        if let Way::Inbox(boxed) = &self.way {
            boxed.operators.work_with(&changing.plan.built);
            boxed
                .workers
                .swap(inbox::plan(&changing.plan.built.routes, routes));
            boxed.reread().await;
        }
        self.router.swap(mounted);
        self.stdout.send_replace(open.sinks.stdout());
        changing.open = open;
        Ok(restart)
    }

    /// Lets hand-overs end until the deadline; what is left stays in the inbox. Then closes it.
    pub(super) async fn close(self, deadline: Duration) {
        let Way::Inbox(boxed) = self.way else { return };
        // Deliveries that are on their way hold the inbox, too.
        self.router.swap([]);
        let Boxed {
            workers,
            admin,
            mut tasks,
            ..
        } = *boxed;
        tasks.shutdown().await;
        let stopped = workers.stop(deadline).await;
        if stopped.cut > 0 {
            let count = stopped.cut;
            tracing::warn!(target: "wahook", "{count} events were in the middle of a hand-over; they come again at the next start");
        }
        if let Some(admin) = admin {
            admin.close().await;
        }
    }
}

impl Boxed {
    /// What nobody could read may be readable with what was configured now, as it may be after a start.
    async fn reread(&self) {
        match self.opened.desk.reread().await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(target: "wahook", count, "deliveries that nobody could read are tried once more");
            }
            Err(error) => {
                tracing::warn!(target: "wahook", "deliveries that nobody could read are tried again at the next start: {}", chain(&error));
            }
        }
    }

    async fn open(
        plan: &Plan,
        address: &StoreAddress,
        operators: Operators,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Self, Sinks), Failure> {
        let Plan { config, built, .. } = plan;
        let required = config.required_guarantee.map(|required| required.get());
        let opened = inbox::open(
            address,
            &InboxMeans::new(&config.limits, Arc::clone(clock)),
            required,
        )
        .await?;
        let inbox = operators.measured(&opened.desk);
        operators.work_with(built);
        let (sinks, routes) = Sinks::default().and_now(&built.sinks, clock).await?;
        let desk = || Arc::clone(&opened.desk);
        let admin = match &built.admin {
            Some(admin) => Some(operators.listen(admin, desk()).await?),
            None if plan.file.is_none() => {
                let folder = plan.folder.clone();
                Some(operators.listen_for_development(folder, desk()).await?)
            }
            None => None,
        };
        let options = wahook_worker::Options::default()
            .clock(Arc::clone(clock))
            .observer(operators.of_workers())
            .retention(desk(), config.retention.get(), SWEEP_EVERY);
        let workers = Workers::start(Arc::clone(&inbox), inbox::plan(&built.routes, routes), options);
        let mut tasks = JoinSet::new();
        tasks.spawn(inbox::room::watch(desk()));
        let boxed = Self {
            tasks,
            opened,
            inbox,
            workers,
            operators,
            admin,
        };
        Ok((boxed, sinks))
    }
}
