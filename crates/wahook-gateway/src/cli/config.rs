//! `wahook config`: is the configuration sound, and what is in effect?

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use serde_json::{Value, json};
use wahook_core::Clock;
use wahook_tower::SystemClock;

use crate::{
    Failure, Outcome,
    config::{self, LoadError, Loaded, Problem},
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
    #[command(after_long_help = super::input::options_help())]
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
    let findings = match config::load(file, config::variables()) {
        Ok(loaded) => Findings::of(&loaded),
        Err(LoadError::Senseless {
            file,
            problem,
            picture,
        }) => Findings {
            file,
            problems: vec![(problem, picture)],
            ..Findings::default()
        },
        Err(unreadable) => return Err(unreadable.into()),
    };
    if json {
        output::json(&findings.json())?;
    } else {
        output::text(&findings.text(io::stdout().is_terminal()))?;
    }
    Ok(if findings.problems.is_empty() {
        Outcome::Done
    } else {
        Outcome::NotSo
    })
}

/// What was found in a configuration.
#[derive(Default)]
struct Findings {
    file: String,
    endpoints: usize,
    problems: Vec<(Problem, Option<String>)>,
    warnings: Vec<Problem>,
}

impl Findings {
    fn of(loaded: &Loaded) -> Self {
        let (problems, more) = match config::build(&loaded.config, &loaded.folder) {
            Ok(built) => {
                let now = SystemClock::new().now();
                let certificate = built.tls.and_then(|shown| shown.validity(now).complaint());
                let certificate = certificate.map(|text| Problem::new(&["tls", "cert_file"], text));
                (
                    Vec::new(),
                    built.warnings.into_iter().chain(certificate).collect(),
                )
            }
            Err(problems) => (problems, Vec::new()),
        };
        let locate = |problem: &Problem| loaded.locate(problem.clone());
        Self {
            file: loaded.file().to_owned(),
            endpoints: loaded.config.endpoint.len(),
            problems: problems
                .iter()
                .map(|problem| (locate(problem), loaded.picture(problem)))
                .collect(),
            warnings: loaded.warnings.iter().chain(&more).map(locate).collect(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "ok": self.problems.is_empty(),
            "file": self.file,
            "endpoints": self.endpoints,
            "problems": self.problems.iter().map(|(problem, _)| as_json(problem)).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(as_json).collect::<Vec<_>>(),
        })
    }

    /// One line for each, with a picture below it for those who look.
    fn text(&self, pictures: bool) -> String {
        let mut lines = Vec::new();
        for warning in &self.warnings {
            lines.push(format!("warning: {}", warning.line(&self.file)));
        }
        for (problem, picture) in &self.problems {
            lines.push(format!("error: {}", problem.line(&self.file)));
            lines.extend(picture.clone().filter(|_| pictures));
        }
        if self.problems.is_empty() {
            let s = if self.endpoints == 1 { "" } else { "s" };
            lines.push(format!("{}: good, {} endpoint{s}", self.file, self.endpoints));
        }
        lines.join("\n")
    }
}

fn as_json(problem: &Problem) -> Value {
    let (line, column) = problem.place.unzip();
    json!({ "message": problem.message, "path": problem.path.join("."), "line": line, "column": column })
}

fn print(File { file }: &File, json: bool) -> Result<Outcome, Failure> {
    let Loaded { config, .. } = config::load(file, config::variables())?;
    if json {
        output::json(&config)?;
    } else {
        let text = toml::to_string(&config)
            .map_err(|error| Failure::io(format!("cannot write the configuration as TOML: {error}")))?;
        output::text(&text)?;
    }
    Ok(Outcome::Done)
}
