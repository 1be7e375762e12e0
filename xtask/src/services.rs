//! Redis and PostgreSQL for tests: `cargo xtask services up|down|status`, and those that `cargo xtask test` uses.

use std::{io, process::Command, process::ExitCode};

use wahook_services::{Kept, POSTGRES_VARIABLE, REDIS_VARIABLE, Shared, State};

use crate::step::{Done, Failure, Outcome};

pub(crate) fn run(verb: &str) -> Option<ExitCode> {
    let outcome = match verb {
        "up" => up(),
        "down" => down(),
        "status" => status(),
        _ => return None,
    };
    Some(outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    }))
}

/// Starts what does not run yet, and leaves it running.
fn up() -> io::Result<ExitCode> {
    let _lock = State::lock()?;
    let mut state = State::load();
    up_one("Redis", &mut state.redis, Shared::redis)?;
    // What runs has to be found again, also when the other does not come up.
    state.save()?;
    up_one("PostgreSQL", &mut state.postgres, Shared::postgres)?;
    state.save()?;
    println!("\n`cargo xtask services down` ends them. Tests find them by themselves.");
    Ok(ExitCode::SUCCESS)
}

fn up_one(name: &str, slot: &mut Option<Kept>, start: impl FnOnce() -> io::Result<Shared>) -> io::Result<()> {
    clean(slot)?;
    if let Some(kept) = slot {
        println!("{name:<12} runs already at {} ({})", kept.url(), kept.place());
        return Ok(());
    }
    let server = start()?;
    if let Some(package) = server.installed() {
        println!("{name:<12} installed the package {package}");
    }
    let kept = server.keep()?;
    println!("{name:<12} started at {} ({})", kept.url(), kept.place());
    *slot = Some(kept);
    Ok(())
}

/// Forgets a server that is gone, and removes what it left.
fn clean(slot: &mut Option<Kept>) -> io::Result<()> {
    if let Some(kept) = slot.take_if(|kept| !kept.is_alive()) {
        kept.end()?;
    }
    Ok(())
}

/// Ends what `up` started, and nothing else.
fn down() -> io::Result<ExitCode> {
    let _lock = State::lock()?;
    let mut state = State::load();
    for (name, slot) in [("Redis", &mut state.redis), ("PostgreSQL", &mut state.postgres)] {
        match slot.take() {
            Some(kept) if kept.end()? => println!("{name:<12} ended ({})", kept.place()),
            Some(kept) => println!("{name:<12} was gone ({})", kept.place()),
            None => println!("{name:<12} does not run"),
        }
    }
    state.save()?;
    Ok(ExitCode::SUCCESS)
}

/// Says what runs; fails unless both do.
fn status() -> io::Result<ExitCode> {
    let state = State::load();
    let mut code = ExitCode::SUCCESS;
    for (name, kept) in [("Redis", state.redis), ("PostgreSQL", state.postgres)] {
        match kept {
            Some(kept) if kept.is_alive() => println!("{name:<12} runs at {} ({})", kept.url(), kept.place()),
            Some(kept) => {
                println!("{name:<12} is gone ({})", kept.place());
                code = ExitCode::FAILURE;
            }
            None => {
                println!("{name:<12} does not run");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

/// The servers of one run of the tests.
pub(crate) enum Servers {
    /// None: what needs them is left out, and counted.
    LeftOut,
    /// Their URLs, and those of them that end with this value.
    Used {
        redis: String,
        postgres: String,
        _own: Vec<Shared>,
    },
}

impl Servers {
    /// For each the one in the environment, else the one of `services up`, else a new one that ends with the tests.
    pub(crate) fn find_or_start() -> io::Result<Self> {
        let state = State::load();
        let mut own = Vec::new();
        let mut url = |variable: &str, kept: Option<Kept>, start: fn() -> io::Result<Shared>| {
            if let Some(url) = std::env::var(variable).ok().filter(|url| !url.is_empty()) {
                return Ok(url);
            }
            if let Some(kept) = kept.filter(Kept::is_alive) {
                return Ok(kept.url().to_owned());
            }
            let server = start()?;
            let url = server.url();
            own.push(server);
            Ok::<_, io::Error>(url)
        };
        Ok(Self::Used {
            redis: url(REDIS_VARIABLE, state.redis, Shared::redis)?,
            postgres: url(POSTGRES_VARIABLE, state.postgres, Shared::postgres)?,
            _own: own,
        })
    }

    /// What the line of the step says.
    pub(crate) fn said(&self) -> Outcome {
        let Self::Used { _own: own, .. } = self else {
            return Ok(Done::NotRun("`--no-services`".to_owned()));
        };
        let installed: Vec<_> = own.iter().filter_map(Shared::installed).collect();
        Ok(Done::Said(match (own.len(), installed.as_slice()) {
            (0, _) => "they run already".to_owned(),
            (count, []) => format!("{count} started, for these tests"),
            (count, packages) => format!(
                "{count} started, for these tests; installed {}",
                packages.join(", ")
            ),
        }))
    }

    /// Tells a command where they are, or that there are none.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match self {
            Self::LeftOut => command.env_remove(REDIS_VARIABLE).env_remove(POSTGRES_VARIABLE),
            Self::Used { redis, postgres, .. } => command
                .env(REDIS_VARIABLE, redis)
                .env(POSTGRES_VARIABLE, postgres),
        }
    }

    pub(crate) fn are_used(&self) -> bool {
        matches!(self, Self::Used { .. })
    }
}

/// A failure to start servers, and the way around it.
pub(crate) fn without(error: &io::Error) -> Failure {
    let text = error.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    Failure {
        what: format!("{first} (`cargo xtask test --no-services` leaves out what needs them)"),
        output: rest.to_owned(),
    }
}
