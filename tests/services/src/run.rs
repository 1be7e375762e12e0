//! The servers that all tests of a run share, from nothing.

use std::io;

use crate::{docker, kept::State, postgres::Postgres, programs, redis::Redis};

/// Both servers, running by themselves, and what was done for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// The servers. They end with [`Kept::end`](crate::Kept::end) only.
    pub state: State,
    /// The packages that were installed.
    pub installed: Vec<&'static str>,
}

/// Starts a Redis and a PostgreSQL that outlive us: with what is installed, else with what can be installed (Debian and
/// its children, as root), else in Docker.
///
/// # Errors
///
/// When none of that is possible, in one line that says what to install; when a server does not come up, with the end
/// of its log.
pub fn start_shared() -> io::Result<Started> {
    let installed = match programs::install_missing() {
        Ok(installed) => installed,
        Err(error) => {
            if !docker::works() {
                return Err(error);
            }
            let redis = docker::redis()?;
            let postgres = docker::postgres().inspect_err(|_| drop(redis.end()))?;
            return Ok(Started {
                state: State {
                    redis: Some(redis),
                    postgres: Some(postgres),
                },
                installed: Vec::new(),
            });
        }
    };
    // Dropped if the other does not come up.
    let redis = Redis::start(&[])?;
    // Every test of a run is a process with a pool of its own.
    let postgres = Postgres::start(&["max_connections = 300"])?;
    let redis = redis.keep()?;
    let postgres = postgres.keep().inspect_err(|_| drop(redis.end()))?;
    Ok(Started {
        state: State {
            redis: Some(redis),
            postgres: Some(postgres),
        },
        installed,
    })
}
