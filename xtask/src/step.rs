//! One line for each step, and the end of it all.

use std::{
    fmt::Write as _,
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

/// How a step went well.
pub(crate) enum Done {
    /// It did what it does.
    Ok,
    /// The same, with something to say.
    Said(String),
    /// It could not be done here, and that is no failure.
    NotRun(String),
}

/// How a step failed: one line that says what to do, and what the command printed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) output: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            output: String::new(),
        }
    }

    /// Several findings under one line.
    pub(crate) fn list(what: impl Into<String>, findings: &[String]) -> Self {
        Self {
            what: what.into(),
            output: findings.iter().fold(String::new(), |mut text, finding| {
                let _ = writeln!(text, "  {finding}");
                text
            }),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

pub(crate) type Outcome = Result<Done, Failure>;

/// The steps of one call.
pub(crate) struct Steps {
    begun: Instant,
    count: usize,
    failed: Vec<String>,
    not_run: usize,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            count: 0,
            failed: Vec::new(),
            not_run: 0,
        }
    }

    /// Runs one step; a failure is told and does not stop the next.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Outcome) {
        print!("{name:<28} ");
        let _ = std::io::stdout().flush();
        let begun = Instant::now();
        let outcome = work();
        let took = seconds(begun.elapsed());
        self.count += 1;
        match outcome {
            Ok(Done::Ok) => println!("ok      {took}"),
            Ok(Done::Said(said)) => println!("ok      {took}  {said}"),
            Ok(Done::NotRun(why)) => {
                println!("not run: {why}");
                self.not_run += 1;
            }
            Err(failure) => {
                println!("FAILED  {took}  {}", failure.what);
                if !failure.output.is_empty() {
                    println!("{}", failure.output.trim_end());
                }
                self.failed.push(name.to_owned());
            }
        }
    }

    /// The last line and the exit code.
    pub(crate) fn finish(self) -> ExitCode {
        let took = seconds(self.begun.elapsed());
        let not_run = match self.not_run {
            0 => String::new(),
            count => format!(", {count} not run"),
        };
        if self.failed.is_empty() {
            println!(
                "{} steps ok{not_run} ({})",
                self.count - self.not_run,
                took.trim()
            );
            ExitCode::SUCCESS
        } else {
            println!("FAILED: {}{not_run} ({})", self.failed.join(", "), took.trim());
            ExitCode::FAILURE
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:>6.1} s", time.as_secs_f64())
}
