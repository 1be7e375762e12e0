//! The operators' side of a gateway that runs: what is counted, and the second listener.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use jiff::Unit;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};
use wahook_core::{
    Clock,
    inbox::{Desk, Inbox},
};
use wahook_tower::Observer;
use wahook_worker::TracingObserver;

use crate::{
    Failure,
    admin::{self, AdminPlace, AdminState, Endpoints, Health, Reader, SinkNames},
    arrivals::Arrivals,
    config::{Admin, Built},
    metrics::Metrics,
    random,
    server::{Certificate, HandshakeFailure, Router},
    stores::DeliveryLog,
};

/// What is counted, and who may look at it.
#[derive(Clone, Debug)]
pub(super) struct Operators {
    clock: Arc<dyn Clock>,
    hash_key: [u8; 16],
    metrics: Metrics,
    health: Arc<Health>,
    reader: Arc<ArcSwap<Reader>>,
    sinks: SinkNames,
    pub(super) arrivals: Arrivals,
    endpoints: Endpoints,
    /// Whoever wants the configuration to be read again.
    pub(super) reload: Arc<Notify>,
    pub(super) router: Router,
}

/// The second listener.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) place: AdminPlace,
    folder: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Operators {
    pub(super) fn new(clock: Arc<dyn Clock>, hash_key: [u8; 16]) -> Self {
        let arrivals = Arrivals::new(Arc::clone(&clock));
        Self {
            metrics: Metrics::new(Arc::clone(&clock), hash_key),
            router: Router::default().telling(&arrivals),
            arrivals,
            endpoints: Endpoints::default(),
            reload: Arc::default(),
            clock,
            hash_key,
            health: Arc::default(),
            reader: Arc::default(),
            sinks: SinkNames::default(),
        }
    }

    /// The inbox, measured: what listeners and workers use.
    pub(super) fn measured(&self, desk: &Arc<dyn Desk>) -> Arc<dyn Inbox> {
        self.metrics
            .of_inbox(Arc::clone(desk) as _, Arc::clone(&self.health))
    }

    /// Whom the endpoints tell.
    pub(super) fn of_endpoints(&self) -> Arc<dyn Observer> {
        let log = Arc::new(DeliveryLog::default());
        self.metrics.of_tower(self.arrivals.of_tower(log))
    }

    /// Whom the workers tell.
    pub(super) fn of_workers(&self) -> Arc<dyn wahook_worker::Observer> {
        let log = Arc::new(TracingObserver::default());
        self.metrics.of_worker(self.arrivals.of_worker(log))
    }

    /// The endpoints are under this URL on this machine.
    pub(super) fn listens_at(&self, url: String) {
        self.endpoints.are_at(url);
    }

    /// This certificate is shown from now on.
    pub(super) fn shows(&self, certificate: &Certificate) {
        self.metrics.tls_ends(certificate.ends());
    }

    /// The configuration was read, and is in effect unless something was wrong with it.
    pub(super) fn read(&self, wrong: Option<&str>) {
        self.metrics.configuration_read(wrong.is_none());
        let finding = wrong.map(|why| {
            let now = self.clock.now().round(Unit::Second);
            let now = now.map_or_else(|_| String::new(), |now| format!(" at {now}"));
            format!("it was read again{now} and cannot be used; the old one is in effect: {why}")
        });
        self.health.find("configuration", finding);
    }

    /// A TLS handshake failed.
    pub(super) fn no_handshake(&self, failure: HandshakeFailure) {
        self.metrics.tls_failed(failure.as_str());
    }

    /// Deliveries are read with these endpoints, and handed to these sinks, from now on.
    pub(super) fn work_with(&self, built: &Built, public_url: Option<&str>) {
        let endpoints = built.routes.iter().map(|route| route.endpoint.clone());
        self.reader.store(Arc::new(Reader::of(endpoints)));
        self.sinks.are(built.sinks.iter().map(|sink| sink.name.clone()));
        self.metrics.name_accounts(&built.routes);
        self.endpoints.are(&built.routes, public_url);
    }

    /// Listens as it is configured.
    pub(super) async fn listen(&self, admin: &Admin, desk: Arc<dyn Desk>) -> Result<Listener, Failure> {
        let listener = admin::bind(admin.listen, admin.token.is_some()).await?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::io(format!("the admin listener has no address: {error}")))?;
        let reader = Arc::clone(&self.reader);
        let mut state = AdminState::new(desk, Arc::clone(&self.clock), self.hash_key)
            .health(Arc::clone(&self.health))
            .metrics(self.metrics.clone())
            .reader(Reader::new(move |stored| reader.load().provider(stored)))
            .sinks(self.sinks.clone())
            .arrivals(self.arrivals.clone())
            .endpoints(self.endpoints.clone())
            .listener(self.router.clone())
            .reload(Arc::clone(&self.reload))
            .hosts(admin.hosts.iter().cloned())
            .listening_on(address);
        if let Some(token) = &admin.token {
            state = state.token(token.clone());
        }
        let (stop, mut stopped) = watch::channel(false);
        let sampling = admin::sample(state.clone());
        let serving = admin::serve(listener, admin::router(state), async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let serving = async {
            tokio::select! {
                () = serving => {}
                () = sampling => {}
            }
        };
        Ok(Listener {
            place: AdminPlace::new(format!("http://{address}"), admin.token.clone()),
            folder: None,
            stop,
            task: tokio::spawn(serving),
        })
    }

    /// Listens on a free port of this machine, with a token of its own; both are left in the folder, where the verbs of
    /// the same user look.
    pub(super) async fn listen_for_development(
        &self,
        folder: PathBuf,
        desk: Arc<dyn Desk>,
    ) -> Result<Listener, Failure> {
        let admin = Admin {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: Some(random::token()?),
            hosts: Vec::new(),
        };
        let mut listener = self.listen(&admin, desk).await?;
        let file = AdminPlace::file(&folder);
        listener.place.write(&folder).map_err(|error| {
            Failure::io(format!(
                "cannot write {}: {error}; choose another folder with --data-dir",
                file.display()
            ))
        })?;
        listener.folder = Some(folder);
        Ok(listener)
    }
}

impl Listener {
    /// Stops it; what is in progress has a second to end.
    pub(super) async fn close(self) {
        if let Some(folder) = &self.folder {
            self.place.remove(folder);
        }
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}
