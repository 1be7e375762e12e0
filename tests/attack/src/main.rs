//! Attacks a gateway while good traffic goes on, and judges what came of it: `cargo xtask attack`.
//!
//! Three processes: the gateway, this one with the good traffic and the clock, and one more that attacks, which has the
//! lowest priority since an attacker has a machine of his own. Judged as ratios to the calm before.
//!
//! Here he has none: what he takes of the processor is not there for the others, and that is not the gateway's fault. Where
//! good deliveries took more than twice as long as in the calm, the same deliveries are sent once more while a process with
//! the same priority takes as much of the processor and talks to nobody. Beyond twice of that as well, three times in a row,
//! the gateway is to blame: it let itself be kept busy.

#![expect(clippy::disallowed_methods, reason = "it measures in real time")]

mod assault;
mod gateway;
mod good;
mod judge;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use self::{
    assault::{ASSAULTS, Assault},
    gateway::{Gateway, Setting},
    good::Good,
    judge::{Calm, Run, Spent, Verdicts},
};

type Failed = Box<dyn Error + Send + Sync>;

const USAGE: &str =
    "attack GATEWAY [--seconds N] [--only NAME]: attacks this program, each way for so many seconds (8)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["--assault", name, address, seconds] => assault::run(name, address, seconds).map(|()| true),
        ["--burn", milliseconds, seconds] => assault::burn(milliseconds, seconds).map(|()| true),
        [program, ref options @ ..] => {
            Options::read(options).and_then(|options| attack(Path::new(program), &options))
        }
        [] => Err(USAGE.into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

struct Options {
    each: Duration,
    only: Option<String>,
}

impl Options {
    fn read(mut words: &[&str]) -> Result<Self, Failed> {
        let mut options = Self {
            each: Duration::from_secs(8),
            only: None,
        };
        while let [name, value, rest @ ..] = words {
            match *name {
                "--seconds" => options.each = Duration::from_secs(value.parse()?),
                "--only" => options.only = Some((*value).to_owned()),
                _ => return Err(USAGE.into()),
            }
            words = rest;
        }
        if words.is_empty() {
            Ok(options)
        } else {
            Err(USAGE.into())
        }
    }
}

/// Whether all went well.
fn attack(program: &Path, options: &Options) -> Result<bool, Failed> {
    let files = raise_open_files();
    let mut verdicts = Verdicts::default();
    for setting in &Setting::ALL {
        let assaults: Vec<_> = ASSAULTS
            .iter()
            .filter(|assault| setting.is_for(assault))
            .filter(|assault| options.only.as_ref().is_none_or(|only| only == assault.name))
            .collect();
        if !assaults.is_empty() {
            under(setting, program, &assaults, options, files, &mut verdicts)?;
        }
    }
    Ok(verdicts.finish())
}

fn under(
    setting: &Setting,
    program: &Path,
    assaults: &[&Assault],
    options: &Options,
    files: u64,
    verdicts: &mut Verdicts,
) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let mut gateway = Gateway::start(program, folder.path(), setting)?;
    let good = Good::new(gateway.address())?;
    println!(
        "\nlimits.connections = {}, limits.bytes_in_flight = {} MiB: may grow by {} MiB",
        setting.connections,
        setting.room_mib,
        setting.budget_mib()
    );
    // What is slow for the first time only is no calm.
    good.run_for(Duration::from_secs(2));
    let calm = Calm {
        answers: good.run_for(options.each),
        memory_mib: gateway.memory_mib()?,
        claimed_mib: gateway.claimed_mib()?,
        sockets: gateway.sockets()?,
    };
    println!("{:<16} {}", "calm", calm.said());
    let mut runs = Vec::new();
    for assault in assaults {
        if files < assault.connections as u64 + 1_000 {
            println!(
                "{:<16} not run: it opens {} connections, and a process may open {files} files here",
                assault.name, assault.connections
            );
            verdicts.not_run += 1;
            continue;
        }
        for left in (0..TRIES).rev() {
            let mut run = once(assault, &mut gateway, &good, options.each, &calm)?;
            run.is_tried_again = left > 0 && !run.is_soon(&calm.answers);
            let again = if run.is_tried_again { "; tried again" } else { "" };
            println!("{:<16} {}{again}", assault.name, run.said(&calm));
            runs.push(run);
            if !runs.last().is_some_and(|run| run.is_tried_again) {
                break;
            }
        }
    }
    for run in &runs {
        verdicts.judge(setting, &calm, run);
    }
    let sent = good.accepted();
    verdicts.judge_end(
        setting,
        &calm,
        sent,
        gateway.handed_over(sent)?,
        gateway.memory_mib()?,
        gateway.stop()?,
    );
    Ok(())
}

/// One assault, once.
fn once<'a>(
    assault: &'a Assault,
    gateway: &mut Gateway,
    good: &Good,
    time: Duration,
    calm: &Calm,
) -> Result<Run<'a>, Failed> {
    let before = gateway.processor_time()?;
    let attacker = Attacker::start(assault, gateway.address(), time)?;
    let (answers, peak) = gateway.while_watched(|| good.run_for(time));
    let busy = gateway.processor_time()?.saturating_sub(before);
    let mut run = Run {
        assault,
        answers,
        peak,
        attacker: attacker.end()?,
        busy,
        recovery: gateway.recovers(calm.sockets)?,
        shared: None,
        is_tried_again: false,
    };
    if !run.is_soon(&calm.answers) {
        let burner = Lowest::start(&[
            "--burn",
            &run.attacker.busy.as_millis().to_string(),
            &time.as_secs().to_string(),
        ])?;
        run.shared = Some(good.run_for(time));
        burner.end()?;
    }
    Ok(run)
}

/// A slow disk takes its time once; who is starved is starved each time.
const TRIES: usize = 3;

/// The process that attacks.
struct Attacker(Lowest);

impl Attacker {
    fn start(assault: &Assault, address: std::net::SocketAddr, time: Duration) -> Result<Self, Failed> {
        let (address, seconds) = (address.to_string(), time.as_secs().to_string());
        Lowest::start(&["--assault", assault.name, &address, &seconds]).map(Self)
    }

    fn end(self) -> Result<Spent, Failed> {
        let said = self.0.end()?;
        let (tries, busy) = said
            .trim()
            .split_once(' ')
            .ok_or("the attacker said too little")?;
        Ok(Spent {
            tries: tries.parse()?,
            busy: Duration::from_millis(busy.parse()?),
        })
    }
}

/// This program once more, with the lowest priority.
struct Lowest(std::process::Child);

impl Lowest {
    fn start(arguments: &[&str]) -> Result<Self, Failed> {
        let own: PathBuf = std::env::current_exe()?;
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(own).args(arguments);
        Ok(Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?))
    }

    /// What it printed.
    fn end(self) -> Result<String, Failed> {
        let output = self.0.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("the process beside the good traffic ended with {}", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Lets this process, and those that it starts, open as many files as the system allows.
fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // What it cannot have it does without: the assaults that need it are not run.
    let _ = setrlimit(Resource::Nofile, raised);
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}
