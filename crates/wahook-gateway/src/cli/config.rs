//! `wahook config`: is the configuration sound, and what is in effect?

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    Failure, Outcome,
    config::{self, Loaded, Problem},
    output,
};

/// Checks a configuration, or prints what is in effect.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Build every endpoint and say what is wrong, with line and suggestion: exit code 0 or 1.
    Check(File),
    /// Print the configuration in effect, environment included, secrets masked.
    Print(File),
}

#[derive(Debug, clap::Args)]
struct File {
    /// The configuration file.
    #[arg(env = "WAHOOK_CONFIG", default_value = "wahook.toml")]
    file: PathBuf,
}

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    match &args.verb {
        Verb::Check(file) => check(file, json),
        Verb::Print(file) => print(file, json),
    }
}

fn check(File { file }: &File, json: bool) -> Result<Outcome, Failure> {
    let loaded = config::load(file, std::env::vars())?;
    let (endpoints, problems, more) = match config::build(&loaded.config, &loaded.folder) {
        Ok((routes, warnings)) => (routes.len(), Vec::new(), warnings),
        Err(problems) => (loaded.config.endpoint.len(), problems, Vec::new()),
    };
    let locate = |problem: &Problem| loaded.locate(problem.clone());
    let warnings: Vec<_> = loaded.warnings.iter().chain(&more).map(locate).collect();
    let problems: Vec<_> = problems.iter().map(locate).collect();
    if json {
        output::json(&json!({
            "ok": problems.is_empty(),
            "file": loaded.file(),
            "endpoints": endpoints,
            "problems": problems.iter().map(as_json).collect::<Vec<_>>(),
            "warnings": warnings.iter().map(as_json).collect::<Vec<_>>(),
        }))?;
    } else {
        let mut text = String::new();
        for warning in &warnings {
            text.push_str(&format!("warning: {}\n", warning.line(loaded.file())));
        }
        for problem in &problems {
            text.push_str(&format!("error: {}\n", problem.line(loaded.file())));
        }
        if problems.is_empty() {
            let s = if endpoints == 1 { "" } else { "s" };
            text.push_str(&format!("{}: good, {endpoints} endpoint{s}", loaded.file()));
        }
        output::text(&text)?;
    }
    Ok(if problems.is_empty() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}

fn as_json(problem: &Problem) -> Value {
    let (line, column) = problem.place.unzip();
    json!({ "message": problem.message, "path": problem.path.join("."), "line": line, "column": column })
}

fn print(File { file }: &File, json: bool) -> Result<Outcome, Failure> {
    let Loaded { config, .. } = config::load(file, std::env::vars())?;
    if json {
        output::json(&config)?;
    } else {
        let text = toml::to_string(&config)
            .map_err(|error| Failure::io(format!("cannot write the configuration as TOML: {error}")))?;
        output::text(&text)?;
    }
    Ok(Outcome::Done)
}
