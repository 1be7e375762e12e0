//! The sinks that are open. One that stays as it is configured stays open when the configuration is read again.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use wahook_core::{
    Clock,
    guard::{Digest, OpenError},
    inbox::Desk,
    sink::Sink,
};
use wahook_worker::Route;

use super::enrich::Enrichers;
use crate::{
    Failure,
    config::{Built, SinkPlan, SinkTo},
    failure::chain,
    sinks::{Alone, FileSink, HttpSink, SqlOptions, SqlSink, Stdout},
    spans::in_spans,
    stores::{Database, StoreAddress},
};

/// How much longer than the sink itself the worker waits.
const GRACE: Duration = Duration::from_secs(5);

/// How long it may take at most until a broker is connected to.
const CONNECTING: Duration = Duration::from_secs(10);

/// The sinks that are open, by name.
#[derive(Debug, Default)]
pub(crate) struct Sinks {
    open: HashMap<String, Open>,
    enrichers: Enrichers,
}

#[derive(Clone, Debug)]
struct Open {
    mark: Digest,
    sink: Arc<dyn Sink>,
    stdout: Option<Stdout>,
}

impl Sinks {
    /// Those of this configuration, and the routes to them: what is open already stays open. What fails changes nothing.
    pub(crate) async fn and_now(
        &self,
        built: &Built,
        desk: Option<&Arc<dyn Desk>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<(Self, Vec<Route>), Failure> {
        let enrichers = self.enrichers.and_now(&built.routes, clock)?;
        let mut open = HashMap::new();
        let mut routes = Vec::new();
        for plan in &built.sinks {
            let same = self.open.get(&plan.name).filter(|open| open.mark == plan.mark);
            let one = match same {
                Some(same) => same.clone(),
                None => open_one(plan, desk, clock)
                    .await
                    .map_err(|why| Failure::io(format!("cannot open the sink {}: {why}", plan.name)))?,
            };
            let sink = enrichers.before(&one.sink);
            let mut route = Route::new(&plan.name, sink)
                .filter(plan.filter.clone())
                .retries(plan.retries);
            let timeout = match &plan.to {
                SinkTo::Http(_, options) | SinkTo::Meta(_, options, _) => Some(options.timeout),
                SinkTo::Broker(broker) => Some(broker.timeout.saturating_add(CONNECTING)),
                SinkTo::File(_) | SinkTo::Sql(..) | SinkTo::Stdout(_) => None,
            };
            if let Some(timeout) = timeout {
                // The sink gives up first: it knows why.
                let each = timeout.saturating_add(GRACE);
                route = route.deadline(each.saturating_add(enrichers.patience()));
            }
            if let Some(lanes) = plan.lanes {
                route = route.lanes(lanes);
            }
            routes.push(route);
            open.insert(plan.name.clone(), one);
        }
        Ok((Self { open, enrichers }, routes))
    }

    /// Says what becomes of the sinks that are not among the next.
    pub(crate) fn warn_of_those_gone(&self, next: &Self) {
        for sink in self.open.keys().filter(|name| !next.open.contains_key(*name)) {
            tracing::warn!(target: "wahook", %sink, "this sink is gone; what waits for it stays in the inbox until there is one of this name again");
        }
    }

    /// Standard output, where it is a sink.
    pub(crate) fn stdout(&self) -> Option<Stdout> {
        self.open.values().find_map(|open| open.stdout.clone())
    }

    /// The same, to hand over to.
    pub(crate) fn printing(&self) -> Option<Arc<dyn Sink>> {
        self.stdout().map(|stdout| Arc::new(stdout) as _)
    }
}

async fn open_one(
    plan: &SinkPlan,
    desk: Option<&Arc<dyn Desk>>,
    clock: &Arc<dyn Clock>,
) -> Result<Open, String> {
    let (sink, stdout): (Arc<dyn Sink>, _) = match &plan.to {
        SinkTo::Stdout(form) => {
            let stdout = Stdout::start(io::stdout(), *form)
                .map_err(|error| format!("no thread can be started: {error}"))?;
            (Arc::new(stdout.clone()), Some(stdout))
        }
        SinkTo::File(options) => {
            let sink = FileSink::open(options.clone(), Arc::clone(clock)).map_err(|error| chain(&error))?;
            (Arc::new(sink), None)
        }
        SinkTo::Http(url, options) => {
            let sink = HttpSink::new(url.expose(), options.clone(), Arc::clone(clock))
                .map_err(|error| chain(&error))?;
            (Arc::new(sink), None)
        }
        SinkTo::Meta(url, options, signer) => {
            let desk = desk.ok_or("what was sent is read from the inbox, and there is none")?;
            let (url, alone) = (url.expose(), Alone::of(Arc::clone(desk)));
            let sink = HttpSink::as_sent(url, options.clone(), alone, signer.clone(), Arc::clone(clock))
                .map_err(|error| chain(&error))?;
            (Arc::new(sink), None)
        }
        SinkTo::Broker(broker) => (Arc::clone(&broker.sink), None),
        SinkTo::Sql(address, _) if address.flushes_later() => {
            return Err("a sink always flushes first: leave ?synchronous=normal to an inbox".to_owned());
        }
        SinkTo::Sql(address, options) => {
            let sink = match address.file() {
                Some(file) => SqlSink::sqlite(&file, options.clone()).await,
                None => postgres(address, options.clone()).await,
            };
            (Arc::new(sink.map_err(|error| chain(&error))?), None)
        }
    };
    Ok(Open {
        mark: plan.mark,
        sink: in_spans(&plan.name, sink),
        stdout,
    })
}

async fn postgres(address: &StoreAddress, mut options: SqlOptions) -> Result<SqlSink, OpenError> {
    let database = Database::of(address)?;
    options.transaction_pooler = database.transaction_pooler;
    if let Some(schema) = database.schema.filter(|_| !options.table.contains('.')) {
        options.table = format!("{schema}.{}", options.table);
    }
    SqlSink::postgres(&database.url, options).await
}
