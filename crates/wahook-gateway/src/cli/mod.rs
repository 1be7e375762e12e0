//! The command line: one file for each verb.

mod announce;
mod ask;
mod client;
mod config;
mod conform;
mod dead;
mod demo;
mod doctor;
mod endpoints;
mod events;
mod filter;
mod found;
mod gateway;
mod input;
mod known;
mod live;
mod managed;
mod missed;
mod normalize;
mod observe;
mod operators;
mod replay;
mod schema;
mod secrets;
mod send;
mod serve;
mod several;
mod signals;
mod status;
mod table;
mod verify;
mod watch;

use std::{env, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{Failure, failure::FailureKind, output};

/// Receives WhatsApp webhooks: verifies them, handles each once, says why not.
#[derive(Debug, Parser)]
#[command(name = "wahook", version, about, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Cli {
    /// Print JSON, also for errors.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Args),
    Serve(serve::Args),
    Send(send::Args),
    Verify(verify::Args),
    Conform(conform::Args),
    Normalize(normalize::Args),
    Schema(schema::Args),
    Events(events::Args),
    Dead(dead::Args),
    Replay(replay::Args),
    Status(status::Args),
    Endpoints(endpoints::Args),
    Secrets(secrets::Args),
    Missed(missed::Args),
    Config(config::Args),
    Doctor(doctor::Args),
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 the thing asked about is not so, 2 wrong use, 3 could not do it.
First steps: `wahook demo` shows it; then `wahook serve`, and paste one of the lines that it prints.";

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let mut json = cli.json;
    let outcome = match cli.verb {
        Verb::Demo(args) => demo::run(&args, cli.json),
        Verb::Serve(args) => serve::run(&args, &mut json),
        Verb::Send(args) => send::run(&args, cli.json),
        Verb::Verify(args) => verify::run(&args, cli.json),
        Verb::Conform(args) => conform::run(&args, cli.json),
        Verb::Normalize(args) => normalize::run(&args),
        Verb::Schema(args) => schema::run(args),
        Verb::Events(args) => events::run(&args, cli.json),
        Verb::Dead(args) => dead::run(&args, cli.json),
        Verb::Replay(args) => replay::run(&args, cli.json),
        Verb::Status(args) => status::run(&args, cli.json),
        Verb::Endpoints(args) => endpoints::run(&args, cli.json),
        Verb::Secrets(args) => secrets::run(&args, cli.json),
        Verb::Missed(args) => missed::run(&args, cli.json),
        Verb::Config(args) => config::run(&args, cli.json),
        Verb::Doctor(args) => doctor::run(&args, cli.json),
    };
    ExitCode::from(match outcome {
        Ok(outcome) => outcome.code(),
        Err(failure) => {
            tell(&failure, json);
            failure.code()
        }
    })
}

/// Help and the version are what was asked for; anything else is wrong use, said as all errors are.
fn unparsed(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_help || !error.use_stderr() {
        // Nobody is left to be told if this cannot be printed.
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    // The parser writes a paragraph on what is wrong, one on the usage, and one on `--help`.
    let text = error.to_string();
    let wrong: Vec<_> = text
        .strip_prefix("error: ")
        .unwrap_or(&text)
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let wrong = wrong.join("; ").replace(":; ", ": ");
    let failure = Failure::wrong_use(format!("{wrong}; `--help` tells more"));
    tell(&failure, env::args_os().any(|arg| arg == "--json"));
    ExitCode::from(failure.code())
}

fn tell(failure: &Failure, json: bool) {
    if failure.kind() == FailureKind::PipeClosed {
        return;
    }
    if json {
        output::notice(&serde_json::json!({ "error": failure.to_string() }).to_string());
        return;
    }
    output::notice(&format!("error: {failure}"));
    if let Some(picture) = failure.detail()
        && output::stderr_is_terminal()
    {
        output::notice(picture);
    }
}

/// A runtime for the verbs that need one.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io(format!("cannot start the runtime: {error}")))
}
