//! `wahook doctor`: what is unsafe or missing.

use std::path::PathBuf;

use super::{ask::Where, live, managed::Managed};
use crate::{
    Failure, Outcome,
    config::{self, LoadError},
    doctor::{Finding, Report, examine},
    output,
};

/// Says what is unsafe or missing, and how long each endpoint may be down: exit code 0 if there is nothing to say, else 1.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "WAHOOK_CONFIG",
        default_value = "wahook.toml"
    )]
    config: PathBuf,

    /// Asks the providers as well: what they are set up for, and whether a test delivery arrives and verifies. For endpoints with
    /// [endpoint.manage].
    #[arg(long)]
    live: bool,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let mut report = match config::load(&args.config, config::variables()) {
        Ok(loaded) => super::runtime()?.block_on(examine(&loaded))?,
        Err(LoadError::Senseless { file, problem, .. }) => Report::senseless(&file, &problem),
        Err(unreadable) => return Err(unreadable.into()),
    };
    if args.live {
        let place = Where::of_config(args.config.clone());
        let looked = Managed::of(&place).and_then(|managed| super::runtime()?.block_on(live::look(&managed)));
        match looked {
            Ok((findings, well)) => report.found(findings, well),
            // What is wrong with the configuration is in the report already.
            Err(failure) => {
                let what = format!("no provider was asked: {failure}");
                report.found(vec![Finding::warning(None, what)], Vec::new());
            }
        }
    }
    if json {
        output::json(&report)?;
    } else {
        output::text(&report.text())?;
    }
    Ok(if report.findings.is_empty() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}
