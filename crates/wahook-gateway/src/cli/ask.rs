//! Whom the verbs about the inbox ask: a gateway that runs, else the inbox itself.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use wahook_core::{Clock, Secret};
use wahook_tower::SystemClock;

use super::serve::default_data_dir;
use crate::{
    Failure,
    admin::{self, AdminPlace, AdminState, Endpoints, Reader, SinkNames, client::Client},
    config::{self, Built, Config, Loaded, Period},
    inbox, random,
    stores::InboxMeans,
};

/// Where the inbox is. Without any: of the gateway in development mode, as `wahook serve` starts it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which gateway")]
pub(super) struct Where {
    /// The admin API of a gateway that runs.
    #[arg(long, value_name = "URL", env = "WAHOOK_ADMIN", conflicts_with = "data_dir")]
    admin: Option<String>,

    /// A file that holds the token of the admin API; else WAHOOK_ADMIN_TOKEN is taken, else what the configuration says.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The configuration of the gateway, which may run or not.
    #[arg(long, value_name = "FILE", env = "WAHOOK_CONFIG")]
    config: Option<PathBuf>,

    /// Where development mode keeps its inbox.
    #[arg(long, value_name = "FOLDER", env = "WAHOOK_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl Where {
    /// That of this configuration.
    pub(super) const fn of_config(file: PathBuf) -> Self {
        Self {
            admin: None,
            token_file: None,
            config: Some(file),
            data_dir: None,
        }
    }

    /// The file of the configuration, if there is one.
    pub(super) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The gateway with this configuration, if it runs.
    pub(super) async fn running(&self, built: &Built) -> Result<Option<Client>, Failure> {
        let token = self.token()?;
        if let Some(url) = &self.admin {
            return Client::http(url, token).map(Some);
        }
        Ok(of_admin(built, token).await?.ok().flatten())
    }

    /// Finds somebody who answers.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        let token = self.token()?;
        if let Some(url) = &self.admin {
            return Client::http(url, token);
        }
        match &self.config {
            Some(file) => of_config(file, token).await,
            None => {
                let folder = match &self.data_dir {
                    Some(folder) => folder.clone(),
                    None => default_data_dir()?,
                };
                of_development(&folder, token).await
            }
        }
    }

    fn token(&self) -> Result<Option<Secret>, Failure> {
        let (text, place) = match &self.token_file {
            Some(file) => {
                let name = file.display().to_string();
                let text = fs::read_to_string(file)
                    .map_err(|error| Failure::io(format!("cannot read the token in {name}: {error}")))?;
                (text, name)
            }
            None => match std::env::var("WAHOOK_ADMIN_TOKEN") {
                Ok(text) if !text.is_empty() => (text, "WAHOOK_ADMIN_TOKEN".to_owned()),
                _ => return Ok(None),
            },
        };
        Secret::new(text)
            .map(Some)
            .map_err(|error| Failure::wrong_use(format!("{place}: {error}")))
    }
}

async fn of_config(file: &Path, token: Option<Secret>) -> Result<Client, Failure> {
    let loaded = config::load(file, config::variables())?;
    let built = built(&loaded)?;
    let running = match of_admin(&built, token).await? {
        Ok(Some(client)) => return Ok(client),
        Ok(None) => None,
        Err(url) => Some(url),
    };
    let Some(address) = &built.inbox else {
        return Err(Failure::wrong_use(
            "this configuration has no inbox, so there is nothing to look into; remove inbox = \"none\"",
        ));
    };
    let reader = Reader::of(built.routes.iter().map(|route| route.endpoint.clone()));
    let sinks = SinkNames::of(built.sinks.iter().map(|sink| sink.name.clone()));
    let endpoints = Endpoints::default();
    endpoints.are(&built.routes, loaded.config.public_url.as_deref());
    let knows = (reader, sinks, endpoints);
    here(address, &loaded.config, knows, running.as_deref()).await
}

/// All that can be made of a configuration, or the first problem with it.
pub(super) fn built(loaded: &Loaded) -> Result<Built, Failure> {
    config::build(&loaded.config, &loaded.folder).map_err(|problems| {
        let first = problems.into_iter().next().map(|problem| loaded.locate(problem));
        match first {
            Some(problem) => loaded.failure(problem),
            None => Failure::wrong_use(format!("{}: cannot be used", loaded.file())),
        }
    })
}

/// Who answers at the second listener; where it would be if nobody does.
async fn of_admin(built: &Built, token: Option<Secret>) -> Result<Result<Option<Client>, String>, Failure> {
    let Some(admin) = &built.admin else {
        return Ok(Ok(None));
    };
    let url = format!("http://{}", reachable(admin.listen));
    let client = Client::http(&url, token.or_else(|| admin.token.clone()))?;
    Ok(if client.answers().await {
        Ok(Some(client))
    } else {
        Err(url)
    })
}

async fn of_development(folder: &Path, token: Option<Secret>) -> Result<Client, Failure> {
    let file = AdminPlace::file(folder);
    let place = AdminPlace::read(folder)
        .map_err(|error| Failure::io(format!("cannot read {}: {error}; remove it", file.display())))?;
    let mut running = None;
    if let Some(place) = place {
        let client = Client::http(&place.url, token.or(place.token))?;
        if client.answers().await {
            return Ok(client);
        }
        running = Some(place.url);
    }
    let config = Config::default();
    let built = config::build_development(&config, &[], folder)?;
    let sinks = SinkNames::of(built.sinks.iter().map(|sink| sink.name.clone()));
    let Some(address) = built.inbox else {
        return Err(Failure::wrong_use("development mode has no inbox"));
    };
    // Opening would make one, in the wrong place perhaps.
    if address.file().is_some_and(|file| !file.exists()) {
        return Err(Failure::io(format!(
            "no inbox in {}; start `wahook serve`, or say where it is with --config, --data-dir or --admin",
            folder.display()
        )));
    }
    let knows = (Reader::default(), sinks, Endpoints::default());
    here(&address, &config, knows, running.as_deref()).await
}

/// The same answers from this process: nobody else has the inbox open, or it is one that processes share.
async fn here(
    address: &crate::stores::StoreAddress,
    config: &Config,
    (reader, sinks, endpoints): (Reader, SinkNames, Endpoints),
    silent: Option<&str>,
) -> Result<Client, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let means = InboxMeans::new(&config.limits, Arc::clone(&clock));
    let inbox = inbox::open(address, &means, None).await.map_err(|failure| {
        let advice = match silent {
            Some(url) => format!("; if a gateway has it open, it does not answer at {url}"),
            None => "; if a gateway has it open, ask that one: --admin URL, or [admin] listen in its configuration".to_owned(),
        };
        Failure::io(format!("{failure}{advice}"))
    })?;
    let token = random::token()?;
    let state = AdminState::new(inbox.desk, clock, random::random()?)
        .reader(reader)
        .sinks(sinks)
        .endpoints(endpoints)
        .token(token.clone());
    Ok(Client::here(admin::router(state), token))
}

/// Where one connects to reach what listens there.
fn reachable(mut listen: std::net::SocketAddr) -> std::net::SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

/// `2h` ago, or a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Ago(Period),
    At(Timestamp),
}

impl std::str::FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        text.parse()
            .map(Self::Ago)
            .map_err(|_| "write it as 2h, 7d or 2026-01-31T12:00:00Z".to_owned())
    }
}

impl When {
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(period) => now.saturating_sub(period.get()).unwrap_or(Timestamp::MIN),
        }
    }
}

/// This moment.
pub(super) fn now() -> Timestamp {
    SystemClock::new().now()
}
