//! `wahook serve`: the gateway.

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use wahook_core::Clock;
use wahook_tower::SystemClock;

use super::{
    announce::announce,
    gateway::{Gateway, Way},
    signals::Signals,
    watch::{self, Watch},
};
use crate::{
    Failure, Outcome,
    config::{self, Admin, Built, Config, Development, Loaded, LogFormat, Problem},
    log::Log,
    output, panics,
    server::{Finished, Server},
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

    /// Where development mode keeps its secrets and its inbox.
    #[arg(long, value_name = "FOLDER", env = "WAHOOK_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// What to log, such as `info`, `debug` or `wahook=debug`; what the configuration says, or `info`, if left out.
    #[arg(long, value_name = "FILTER", env = "WAHOOK_LOG")]
    log: Option<String>,
}

/// What to serve, and what to say about it.
pub(super) struct Plan {
    /// The configuration's file; none in development mode.
    pub(super) file: Option<PathBuf>,
    /// This file and those that it names, as they were when they were read.
    pub(super) watch: Watch,
    log: Log,
    /// What of the file is worth a warning.
    warnings: Vec<String>,
    /// Where relative paths start.
    pub(super) folder: PathBuf,
    /// Where the file says to listen; the command line may say otherwise.
    listen_in_file: SocketAddr,
    pub(super) config: Config,
    pub(super) built: Built,
    pub(super) development: Vec<Development>,
}

/// `json` tells how to speak, and is told: a log in JSON is JSON to its last line.
pub(super) fn run(args: &Args, json: &mut bool) -> Result<Outcome, Failure> {
    let mut plan = match &args.config {
        Some(file) => {
            let tell = |problem: &str| {
                output::notice(&match *json {
                    true => serde_json::json!({ "error": problem }).to_string(),
                    false => format!("error: {problem}"),
                });
            };
            Plan::from_file(file, &tell).1?
        }
        None => for_development(args)?,
    };
    let runtime = super::runtime()?;
    plan.log = {
        let _here = runtime.enter();
        Log::start(args.log.as_deref(), &plan.config.log, *json)?
    };
    panics::log_discreetly();
    *json |= plan.config.log.format == LogFormat::Json;
    plan.warn();
    if let Some(listen) = args.listen {
        plan.config.listen = listen;
    }
    if let Some(url) = &args.public_url {
        config::check_public_url(url)
            .map_err(|text| Failure::wrong_use(text.replace("`public_url`", "--public-url")))?;
        plan.config.public_url = Some(url.clone());
    }
    let outcome = runtime.block_on(serve(plan, *json));
    // What matters was waited for; a look at a file that hangs would hold up the end.
    runtime.shutdown_timeout(LAST_LOOK);
    outcome
}

const LAST_LOOK: Duration = Duration::from_secs(1);

async fn serve(plan: Plan, json: bool) -> Result<Outcome, Failure> {
    let Config { listen, limits, .. } = plan.config.clone();
    let traces = plan.log.traces();
    // Before anything is accepted: a signal that comes at once is not missed.
    let signals = Signals::new()?;
    // Before the address is bound: who can connect is served.
    let gateway = Gateway::open(plan, Arc::new(SystemClock::new())).await?;
    let server = match Server::bind(listen, &limits).await {
        Ok(server) => server.tls(gateway.tls.clone()),
        Err(error) => {
            // What the workers took by now is handed back.
            gateway.close(limits.shutdown.get()).await;
            return Err(cannot_listen(listen, &error));
        }
    };
    let address = server.address().map_err(|error| cannot_listen(listen, &error))?;
    if let Way::Inbox(boxed) = &gateway.way {
        let scheme = if gateway.tls.is_some() { "https" } else { "http" };
        boxed.operators.listens_at(format!("{scheme}://{address}"));
    }
    gateway
        .told(|plan, stores| announce(plan, &gateway.way, stores, address, json))
        .await;

    let reader_gone = Cell::new(false);
    let stopping = async {
        tokio::select! {
            () = signals.stop_asked(1) => {}
            () = gateway.reader_gone() => reader_gone.set(true),
            () = gateway.follow(signals.clone()) => {}
        }
        tracing::info!(target: "wahook", "stopping; what is in progress is finished first");
        Instant::now()
    };
    let has_inbox = matches!(gateway.way, Way::Inbox(_));
    let until_the_end = async {
        let began = Cell::new(Instant::now());
        let finished = server
            .run(gateway.router.clone(), async { began.set(stopping.await) })
            .await;
        let left = limits.shutdown.get().saturating_sub(began.get().elapsed());
        (finished, left)
    };
    let (finished, left) = tokio::select! {
        finished = until_the_end => finished,
        () = signals.stop_asked(2) => return Err(stopped_at_once()),
    };
    let to_its_end = async {
        gateway.close(left).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
    };
    tokio::select! {
        () = to_its_end => {}
        () = signals.stop_asked(2) => return Err(stopped_at_once()),
    }
    if reader_gone.get() {
        return Err(Failure::io(if has_inbox {
            "nobody reads stdout any more; what was not written is in the inbox and comes at the next start"
        } else {
            "nobody reads stdout any more; what was not written was not acknowledged and will be sent again"
        }));
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

fn stopped_at_once() -> Failure {
    Failure::io("stopped at once, on the second signal")
}

impl Plan {
    /// As a file says, with the environment over it. The first problem is the failure, `tell` is told the others. What to
    /// watch is said in either case: a file that is missing may come.
    pub(super) fn from_file(file: &Path, tell: &dyn Fn(&str)) -> (Watch, Result<Self, Failure>) {
        // Each is looked at before it is read: what is written in between is a change.
        let watch = Watch::of([file.to_path_buf()]);
        let loaded = match config::load(file, config::variables()) {
            Ok(loaded) => loaded,
            Err(error) => return (watch, Err(error.into())),
        };
        let watch = watch.and_now(watch::files(file, &loaded));
        (watch.clone(), Self::of(file, loaded, watch, tell))
    }

    fn of(file: &Path, loaded: Loaded, watch: Watch, tell: &dyn Fn(&str)) -> Result<Self, Failure> {
        let built = match config::build(&loaded.config, &loaded.folder) {
            Ok(built) => built,
            Err(problems) => {
                let mut problems = problems.into_iter().map(|problem| loaded.locate(problem));
                let Some(first) = problems.next() else {
                    return Err(Failure::wrong_use(format!("{}: cannot be used", loaded.file())));
                };
                for problem in problems {
                    tell(&problem.line(loaded.file()));
                }
                return Err(loaded.failure(first));
            }
        };
        let line = |warning: &Problem| loaded.locate(warning.clone()).line(loaded.file());
        let warnings = loaded.warnings.iter().chain(&built.warnings).map(line).collect();
        Ok(Self {
            log: Log::default(),
            warnings,
            file: Some(file.to_path_buf()),
            watch,
            listen_in_file: loaded.config.listen,
            folder: loaded.folder,
            config: loaded.config,
            built,
            development: Vec::new(),
        })
    }

    /// Says in the log what is worth a warning.
    pub(super) fn warn(&self) {
        for warning in &self.warnings {
            tracing::warn!(target: "wahook", "{warning}");
        }
    }

    /// Says it in the log where providers refuse the certificate, or soon will.
    pub(super) fn warn_of_certificate(&self, clock: &dyn Clock) {
        let certificate = self.built.tls.as_ref();
        if let Some(text) = certificate.and_then(|shown| shown.validity(clock.now()).complaint()) {
            tracing::warn!(target: "wahook", "{text}");
        }
    }

    /// One endpoint for each provider, with secrets of its own, and the rest as this configuration says.
    pub(super) fn development(folder: PathBuf, config: Config) -> Result<Self, Failure> {
        let development = config::development(&folder)?;
        let built = config::build_development(&config, &development, &folder)?;
        Ok(Self {
            file: None,
            watch: Watch::default(),
            log: Log::default(),
            warnings: Vec::new(),
            listen_in_file: config.listen,
            folder,
            config,
            built,
            development,
        })
    }

    /// The keys whose change a running gateway cannot follow.
    pub(super) fn needs_restart(&self, next: &Self) -> Vec<&'static str> {
        let inbox = |plan: &Self| plan.built.inbox.as_ref().map(|inbox| inbox.expose().to_owned());
        let admin = |plan: &Self| {
            let token = |admin: &Admin| admin.token.as_ref().map(|token| token.expose().to_owned());
            plan.built
                .admin
                .as_ref()
                .map(|admin| (admin.listen, token(admin), admin.hosts.clone()))
        };
        let limits = self.config.limits.with_bodies_of(&next.config.limits);
        let retention = |plan: &Self| plan.config.retention.get();
        let required = |plan: &Self| plan.config.required_guarantee;
        let otlp = |plan: &Self| plan.config.log.otlp.as_ref().map(|url| url.expose().to_owned());
        [
            // The address of the command line stands over both.
            ("listen", self.listen_in_file != next.listen_in_file),
            ("tls", self.built.tls.is_some() != next.built.tls.is_some()),
            ("inbox", inbox(self) != inbox(next)),
            ("required_guarantee", required(self) != required(next)),
            (
                "remember_in_front",
                self.config.remember_in_front != next.config.remember_in_front,
            ),
            ("limits", limits != next.config.limits),
            ("log.format", self.config.log.format != next.config.log.format),
            ("log.otlp", otlp(self) != otlp(next)),
            ("retention", retention(self) != retention(next)),
            ("admin", admin(self) != admin(next)),
        ]
        .into_iter()
        .filter_map(|(key, changed)| changed.then_some(key))
        .collect()
    }

    /// Takes over what a running gateway can follow; the rest stays as it was at the start, so that it is told again.
    pub(super) fn take_over(&mut self, next: Self) {
        self.built.routes = next.built.routes;
        self.built.sinks = next.built.sinks;
        self.config.endpoint = next.config.endpoint;
        self.config.sink = next.config.sink;
        // Whether there is TLS is a matter of the start; what is shown is not.
        if self.built.tls.is_some() && next.built.tls.is_some() {
            self.built.tls = next.built.tls;
            self.config.tls = next.config.tls;
        }
        self.config.limits = self.config.limits.with_bodies_of(&next.config.limits);
        self.log.follow(&next.config.log);
        self.config.log.filter = next.config.log.filter;
    }
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
    Plan::development(folder, Config::default())
}

/// The file that everybody writes; it is used only when it is named, so that nobody serves the wrong one by chance.
const USUAL_FILE: &str = "wahook.toml";

pub(super) fn default_data_dir() -> Result<PathBuf, Failure> {
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
