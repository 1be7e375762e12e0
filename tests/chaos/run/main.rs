//! Runs gateways under traffic while everything fails, writes down what happened, and checks it.
//!
//! `chaos [--seconds N] [--seed S] [--scene NAME]… [--keep] [--synchronous-normal]`, or `chaos --check FILE`. Exit code 0 if every
//! promise was kept, 1 if not, 2 if it was called wrongly, 3 if it could not run.

#![expect(clippy::unwrap_used, reason = "a run that cannot go on fails")]

mod collect;
mod faults;
mod program;
mod receiver;
mod recorder;
// The tests of the whole gateway stand on it as well; each uses its part.
#[allow(dead_code, unused_imports, reason = "`tests/it` stands on it as well")]
#[expect(clippy::disallowed_methods, reason = "processes are watched in real time")]
#[path = "../../it/rig/mod.rs"]
mod rig;
mod scene;
mod senders;
mod watch;

use std::{collections::BTreeMap, env, fs, path::Path, process::ExitCode, thread, time::Duration};

use wahook_chaos::{
    check::{Rule, Verdict, Violation, check},
    history::{Line, read},
    plan::Scene,
};

use self::{recorder::History, scene::Settings};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// So many violations of a rule are shown.
const SHOWN: usize = 3;

const USAGE: &str = "\
chaos [--seconds N] [--seed S] [--scene sqlite|postgres|redis]... [--keep] [--synchronous-normal]
chaos --check FILE";

fn main() -> ExitCode {
    // A copy of this program under another name is the gateway.
    if program::is_gateway() {
        return wahook_gateway::main();
    }
    let arguments: Vec<_> = env::args().skip(1).collect();
    if let [option, file] = arguments.as_slice()
        && option == "--check"
    {
        return judge(Path::new(file));
    }
    match wanted(arguments) {
        Some(wanted) => match wanted.too_short() {
            None => run(&wanted),
            Some(needed) => {
                let given = wanted.settings.lasts.as_secs();
                eprintln!(
                    "in {given} s nothing would fail, or what failed would not come to rest: give --seconds {needed} or more"
                );
                ExitCode::from(2)
            }
        },
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// What was asked for.
struct Wanted {
    scenes: Vec<Scene>,
    settings: Settings,
    /// Leave everything behind, whatever comes of it.
    keep: bool,
}

impl Wanted {
    /// The seconds that it takes, if it is given less.
    fn too_short(&self) -> Option<u64> {
        let needed = self.scenes.iter().map(|scene| scene::shortest(*scene)).max()?;
        (self.settings.lasts < needed).then_some(needed.as_secs())
    }
}

fn wanted(arguments: Vec<String>) -> Option<Wanted> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).unwrap();
    let mut wanted = Wanted {
        scenes: Vec::new(),
        settings: Settings {
            seed: u32::from_ne_bytes(random).into(),
            lasts: Duration::from_secs(60),
            synchronous_normal: false,
        },
        keep: false,
    };
    let mut arguments = arguments.into_iter();
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--seconds" => wanted.settings.lasts = Duration::from_secs(arguments.next()?.parse().ok()?),
            "--seed" => wanted.settings.seed = arguments.next()?.parse().ok()?,
            "--keep" => wanted.keep = true,
            "--synchronous-normal" => wanted.settings.synchronous_normal = true,
            "--scene" => {
                let name = arguments.next()?;
                wanted
                    .scenes
                    .push(Scene::ALL.into_iter().find(|scene| scene.name() == name)?);
            }
            _ => return None,
        }
    }
    if wanted.scenes.is_empty() {
        wanted.scenes = Scene::ALL.to_vec();
    }
    Some(wanted)
}

fn run(wanted: &Wanted) -> ExitCode {
    let Settings { seed, lasts, .. } = wanted.settings;
    let folder = program::set_up(seed);
    let file = folder.join("history.jsonl");
    println!("seed {seed}; history in {}", file.display());
    let history = History::create(&file).unwrap();
    let came_to_an_end = thread::scope(|scope| {
        let scenes = wanted.scenes.iter().map(|scene| {
            let recorder = history.recorder(scene.name());
            scope.spawn(move || scene::run(*scene, &wanted.settings, &recorder))
        });
        let scenes: Vec<_> = scenes.collect();
        // Each of them, also after one that failed.
        let ends: Vec<_> = scenes.into_iter().map(|scene| scene.join().is_ok()).collect();
        ends.iter().all(|end| *end)
    });
    history.flush().unwrap();
    let code = judge(&file);
    if came_to_an_end && code == ExitCode::SUCCESS {
        if wanted.keep {
            println!("everything is left in {}", folder.display());
        } else {
            fs::remove_dir_all(&folder).unwrap();
        }
        return code;
    }
    let names = wanted
        .scenes
        .iter()
        .map(|scene| format!(" --scene {}", scene.name()));
    println!(
        "everything is left in {}; the same faults again:\n  cargo run -p wahook-chaos --bin chaos -- --seed {seed} --seconds {}{}",
        folder.display(),
        lasts.as_secs(),
        names.collect::<String>()
    );
    ExitCode::FAILURE
}

/// Checks a history and says what is in it.
fn judge(file: &Path) -> ExitCode {
    let lines = match read(file) {
        Ok(lines) => lines,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(3);
        }
    };
    let Verdict {
        violations, scenes, ..
    } = check(&lines);
    let mut broken: BTreeMap<Rule, Vec<&Violation>> = BTreeMap::new();
    for violation in &violations {
        broken.entry(violation.rule).or_default().push(violation);
    }
    for (rule, violations) in &broken {
        println!("NOT SO: {}: {} violations", rule.demands(), violations.len());
        for violation in violations.iter().take(SHOWN) {
            println!("  {violation}");
            for number in &violation.lines {
                println!("    {number}: {}", shortened(&lines[number - 1]));
            }
        }
    }
    for figures in &scenes {
        print!("{figures}");
    }
    if violations.is_empty() && !scenes.is_empty() {
        println!("every promise kept in {} lines", lines.len());
        ExitCode::SUCCESS
    } else {
        println!("FAILED: {} violations in {} lines", violations.len(), lines.len());
        ExitCode::FAILURE
    }
}

fn shortened(line: &Line) -> String {
    line.to_string().chars().take(300).collect()
}
