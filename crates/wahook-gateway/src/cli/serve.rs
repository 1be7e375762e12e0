//! `wahook serve`: the gateway.

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing_subscriber::EnvFilter;
use wahook_core::Clock;
use wahook_tower::SystemClock;

use super::announce::announce;

use crate::{
    Failure, Outcome,
    config::{self, Config, Development, Route},
    output,
    server::{Finished, Router, Server},
    sinks::Stdout,
    stack::{Shared, stack},
    stores::{Means, Stores},
};

/// Runs the gateway. Without a configuration: development mode, one endpoint for each provider on 127.0.0.1.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration file. Development mode if left out and there is no WAHOOK_CONFIG.
    #[arg(long, value_name = "FILE", env = "WAHOOK_CONFIG")]
    config: Option<PathBuf>,

    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// The URL under which providers reach this machine; completes the set-up steps.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Where development mode keeps its secrets.
    #[arg(long, value_name = "FOLDER", env = "WAHOOK_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// What to log, such as `info`, `debug` or `wahook=debug`.
    #[arg(long, value_name = "FILTER", env = "WAHOOK_LOG", default_value = "info")]
    log: String,
}

/// What to serve, and what to say about it.
pub(super) struct Plan {
    pub(super) config: Config,
    pub(super) routes: Vec<Route>,
    pub(super) development: Vec<Development>,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    start_log(&args.log, json)?;
    let mut plan = match &args.config {
        Some(file) => from_file(file)?,
        None => for_development(args)?,
    };
    if let Some(listen) = args.listen {
        plan.config.listen = listen;
    }
    if let Some(url) = &args.public_url {
        config::check_public_url(url)
            .map_err(|text| Failure::wrong_use(text.replace("`public_url`", "--public-url")))?;
        plan.config.public_url = Some(url.clone());
    }
    super::runtime()?.block_on(serve(&plan, json))
}

async fn serve(plan: &Plan, json: bool) -> Result<Outcome, Failure> {
    let Config { listen, limits, .. } = &plan.config;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    // Before the address is bound: who can connect is served.
    let stores = Stores::open(&plan.routes, &Means::new(&plan.config, Arc::clone(&clock))?).await?;
    let server = Server::bind(*listen, limits)
        .await
        .map_err(|error| cannot_listen(*listen, &error))?;
    let address = server.address().map_err(|error| cannot_listen(*listen, &error))?;
    // Before anything is accepted: a signal that comes at once is not missed.
    let stop = Stop::new()?;
    let sink = Stdout::start(io::stdout())
        .map_err(|error| Failure::io(format!("cannot start a thread: {error}")))?;
    let shared = Shared::new(limits, clock, Arc::new(sink.clone()));
    let guarded = plan.routes.iter().zip(stores.by_route());
    let router =
        Router::new(guarded.map(|(route, guard)| (route.path.clone(), stack(route, guard, &shared))));
    announce(plan, &stores, address, json);

    let reader_gone = Cell::new(false);
    let stopping = async {
        tokio::select! {
            () = stop.asked(1) => {}
            () = sink.closed() => reader_gone.set(true),
        }
        tracing::info!(target: "wahook", "stopping; what is in progress is finished first");
    };
    let finished = tokio::select! {
        finished = server.run(router, stopping) => finished,
        () = stop.asked(2) => return Err(Failure::io("stopped at once, on the second signal")),
    };
    if reader_gone.get() {
        let text =
            "nobody reads stdout any more; what was not written was not acknowledged and will be sent again";
        return Err(Failure::io(text));
    }
    match finished {
        Finished::InTime => Ok(Outcome::Done),
        Finished::Cut(count) => {
            let text =
                format!("{count} connections were cut at the deadline; raise limits.shutdown to wait longer");
            Err(Failure::io(text))
        }
    }
}

fn from_file(file: &Path) -> Result<Plan, Failure> {
    let loaded = config::load(file, std::env::vars())?;
    let (routes, warnings) = match config::build(&loaded.config, &loaded.folder) {
        Ok(built) => built,
        Err(problems) => {
            let mut problems = problems.into_iter().map(|problem| loaded.locate(problem));
            let Some(first) = problems.next() else {
                return Err(Failure::wrong_use(format!("{}: cannot be used", loaded.file())));
            };
            for problem in problems {
                output::notice(&format!("error: {}", problem.line(loaded.file())));
            }
            return Err(loaded.failure(first));
        }
    };
    for warning in loaded.warnings.iter().chain(&warnings) {
        let warning = loaded.locate(warning.clone());
        tracing::warn!(target: "wahook", "{}", warning.line(loaded.file()));
    }
    Ok(Plan {
        config: loaded.config,
        routes,
        development: Vec::new(),
    })
}

fn for_development(args: &Args) -> Result<Plan, Failure> {
    if Path::new(USUAL_FILE).is_file() {
        output::notice(&format!(
            "{USUAL_FILE} is here and not used; `wahook serve --config {USUAL_FILE}` uses it"
        ));
    }
    let folder = match &args.data_dir {
        Some(folder) => folder.clone(),
        None => default_data_dir()?,
    };
    // What is printed must work from any folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let development = config::development(&folder)?;
    Ok(Plan {
        config: Config::default(),
        routes: development.iter().map(|one| one.route.clone()).collect(),
        development,
    })
}

/// The file that everybody writes; it is used only when it is named, so that nobody serves the wrong one by chance.
const USUAL_FILE: &str = "wahook.toml";

fn default_data_dir() -> Result<PathBuf, Failure> {
    let variable = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("XDG_DATA_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
        .map(|folder| folder.join("wahook"))
        .ok_or_else(|| Failure::wrong_use("no home folder to keep secrets in; give --data-dir FOLDER"))
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let mut other = address;
            other.set_port(address.port().checked_add(1).unwrap_or(8080));
            Failure::io(format!(
                "{address} is taken by another program; stop it, or choose another with --listen {other}"
            ))
        }
        io::ErrorKind::PermissionDenied => Failure::io(format!(
            "may not listen on {address}; ports below 1024 need a privilege, choose another with --listen"
        )),
        _ => Failure::io(format!(
            "cannot listen on {address}: {error}; choose another with --listen"
        )),
    }
}

/// SIGINT and SIGTERM, counted.
#[derive(Clone)]
struct Stop(watch::Receiver<u32>);

impl Stop {
    fn new() -> Result<Self, Failure> {
        let cannot = |error| Failure::io(format!("cannot wait for signals: {error}"));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
        let (tell, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                tell.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(count))
    }

    /// Waits until that many signals came.
    async fn asked(&self, times: u32) {
        let mut count = self.0.clone();
        let _ = count.wait_for(|count| *count >= times).await;
    }
}

/// Logs go to stderr: stdout belongs to events.
fn start_log(filter: &str, json: bool) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|_| {
        Failure::wrong_use("--log makes no sense; write it as `info`, `debug` or `wahook=debug`")
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // Telling stderr that stderr is gone would panic, on the way of a delivery.
        .log_internal_errors(false)
        .with_ansi(output::stderr_is_terminal());
    // An error means that a log is there already, as in tests.
    let _ = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    Ok(())
}
