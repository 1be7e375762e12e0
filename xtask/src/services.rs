//! Redis, PostgreSQL, NATS and RabbitMQ for tests: `cargo xtask services up|down|status`, and those that
//! `cargo xtask test` uses.

use std::{io, process::Command, process::ExitCode};

use wahook_services::{Kept, Service, Shared, State};

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
    for service in Service::ALL {
        up_one(service, state.slot(service))?;
        // What runs has to be found again, also when the next does not come up.
        state.save()?;
    }
    println!("\n`cargo xtask services down` ends them. Tests find them by themselves.");
    Ok(ExitCode::SUCCESS)
}

fn up_one(service: Service, slot: &mut Option<Kept>) -> io::Result<()> {
    let name = service.name();
    clean(slot)?;
    if let Some(kept) = slot {
        println!("{name:<12} runs already at {} ({})", kept.url(), kept.place());
        return Ok(());
    }
    let server = Shared::start(service)?;
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
    for service in Service::ALL {
        let name = service.name();
        match state.slot(service).take() {
            Some(kept) if kept.end()? => println!("{name:<12} ended ({})", kept.place()),
            Some(kept) => println!("{name:<12} was gone ({})", kept.place()),
            None => println!("{name:<12} does not run"),
        }
    }
    state.save()?;
    Ok(ExitCode::SUCCESS)
}

/// Says what runs; fails unless all do.
fn status() -> io::Result<ExitCode> {
    let state = State::load();
    let mut code = ExitCode::SUCCESS;
    for service in Service::ALL {
        let name = service.name();
        match state.get(service) {
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
        urls: Vec<(Service, String)>,
        _own: Vec<Shared>,
    },
}

impl Servers {
    /// For each the one in the environment, else the one of `services up`, else a new one that ends with the tests.
    pub(crate) fn find_or_start() -> io::Result<Self> {
        let state = State::load();
        let (mut urls, mut own) = (Vec::new(), Vec::new());
        for service in Service::ALL {
            let told = std::env::var(service.variable()).ok();
            let kept = state.get(service).filter(|kept| kept.is_alive());
            let known = told
                .filter(|url| !url.is_empty())
                .or_else(|| kept.map(|kept| kept.url().to_owned()));
            let url = match known {
                Some(url) => url,
                None => {
                    let server = Shared::start(service)?;
                    let url = server.url();
                    own.push(server);
                    url
                }
            };
            urls.push((service, url));
        }
        Ok(Self::Used { urls, _own: own })
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
            Self::LeftOut => {
                for service in Service::ALL {
                    command.env_remove(service.variable());
                }
            }
            Self::Used { urls, .. } => {
                command.envs(urls.iter().map(|(service, url)| (service.variable(), url)));
            }
        }
        command
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_command_is_told_each_server_or_that_there_is_none() {
        let told = |servers: &Servers| {
            let mut command = Command::new("true");
            let told = servers.tell(&mut command).get_envs();
            told.map(|(name, url)| (name.to_owned(), url.map(OsStr::to_owned)))
                .collect::<Vec<_>>()
        };
        let none = told(&Servers::LeftOut);
        assert_eq!(none.len(), Service::ALL.len());
        assert!(none.iter().all(|(_, url)| url.is_none()));
        let urls: Vec<_> = Service::ALL
            .map(|service| (service, service.name().to_owned()))
            .to_vec();
        let all = told(&Servers::Used {
            urls,
            _own: Vec::new(),
        });
        assert!(all.contains(&("WAHOOK_TEST_NATS".into(), Some("NATS".into()))));
        assert_eq!(
            all.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            none.iter().map(|(name, _)| name).collect::<Vec<_>>()
        );
    }
}
