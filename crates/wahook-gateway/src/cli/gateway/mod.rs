//! A gateway while it runs: what is open.

mod reload;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinSet,
};
use wahook_core::{
    Clock,
    inbox::{Desk, Inbox},
};
use wahook_tower::{Observer, Room};
use wahook_worker::Workers;

use super::{
    operators::{Listener, Operators},
    serve::Plan,
};
use crate::{
    Failure,
    failure::chain,
    inbox::{self, InboxOpened, Sinks},
    rates::Rates,
    server::{HandshakeFailure, Router, Tls},
    sinks::Stdout,
    stack::{Mounted, Shared, stack, stack_without_inbox},
    stores::{DeliveryLog, InboxMeans, Means, StoreAddress, Stores},
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
    pub(super) operators: Operators,
    pub(super) admin: Option<Listener>,
    /// Asks for what nobody could read to be tried again.
    reread: Arc<Notify>,
    /// They end with it.
    tasks: JoinSet<()>,
}

struct Changing {
    plan: Plan,
    open: Opened,
    /// Why the configuration could not be used when it was read again last, if so.
    refused: Option<String>,
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
            let (sinks, _) = Sinks::default().and_now(&plan.built, None, &clock).await?;
            stores = Stores::open(&plan.built.routes, &means, &stores).await?;
            (Way::HandOver(means), sinks, Arc::new(DeliveryLog::default()))
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
        let router = match &way {
            Way::Inbox(boxed) => boxed.operators.router.clone(),
            Way::HandOver(_) => Router::default(),
        };
        plan.warn_of_certificate(&*clock);
        let rates = Rates::default().and_now(&plan.built.routes, &clock);
        let gateway = Self {
            tls,
            room: Room::of(plan.config.limits.bytes_in_flight),
            clock,
            observer,
            way,
            router,
            stdout: watch::Sender::new(sinks.stdout()),
            changing: Mutex::new(Changing {
                plan,
                open: Opened { sinks, stores, rates },
                refused: None,
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
                .map(|route| {
                    (
                        route.path.clone(),
                        stack(route, &boxed.inbox, &boxed.operators.arrivals, &shared),
                    )
                })
                .collect(),
            Way::HandOver(_) => {
                let none = || Failure::wrong_use("without an inbox there must be a sink of type `stdout`");
                let sink = sinks.printing().ok_or_else(none)?;
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
        operators.work_with(built, config.public_url.as_deref());
        operators.read(None);
        let (sinks, routes) = Sinks::default().and_now(built, Some(&opened.desk), clock).await?;
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
        let reread = Arc::<Notify>::default();
        tasks.spawn(self::reread(desk(), Arc::clone(&reread)));
        let boxed = Self {
            reread,
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

/// What nobody could read may be readable with what was configured now, as it may be after a start. It may take long, and
/// holds up nobody.
async fn reread(desk: Arc<dyn Desk>, asked: Arc<Notify>) {
    loop {
        asked.notified().await;
        match desk.reread().await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(target: "wahook", count, "deliveries that nobody could read are tried once more");
            }
            Err(error) => {
                tracing::warn!(target: "wahook", "deliveries that nobody could read are tried again at the next start: {}", chain(&error));
            }
        }
    }
}
