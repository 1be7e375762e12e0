//! Instructions instead of time: they repeat, so that a machine that others use can compare them.
//!
//! `valgrind` runs this program once more, and counts what happens inside of [`crate::harness::counted`]. It hides the
//! processor's SHA instructions, so hashing takes a larger part there than it really does, and hides more of the rest.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use crate::harness::COUNTED_CALLS;

/// What `valgrind` runs this program with.
pub const COUNTED: &str = "--counted";

/// What is done with the counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    Print,
    Check,
    Record,
}

/// What the others of a table are judged against: its first subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Against {
    /// Each of them has to do this too, and it may be most of what they do: what they do beside it is judged.
    Part,
    /// Another way to the same end: their ratio to it is judged.
    Peer,
}

/// So much worse is worse.
const TOLERANCE: f64 = 1.1;

/// So many instructions more are not, where what is beside a part is small.
const ALLOWANCE: f64 = 50.0;

impl Against {
    const ALL: [Self; 2] = [Self::Part, Self::Peer];

    /// As whoever counts is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::Peer => "peer",
        }
    }

    /// What is compared with what is recorded.
    fn figure(self, instructions: u64, first: u64) -> f64 {
        let (own, first) = (instructions as f64, first as f64);
        match self {
            Self::Part => own - first,
            Self::Peer => own / first,
        }
    }

    fn is_worse(self, now: f64, recorded: f64) -> bool {
        match self {
            Self::Part => now > recorded * TOLERANCE + ALLOWANCE,
            Self::Peer => now > recorded * TOLERANCE,
        }
    }

    fn shown(self, figure: f64) -> String {
        match self {
            Self::Part => format!("{figure:+}"),
            Self::Peer => format!("× {figure:.3}"),
        }
    }
}

/// Instructions of one call, by table, by subject.
type Recorded = BTreeMap<String, BTreeMap<String, u64>>;

/// The same in the order in which it was counted.
struct Table {
    title: String,
    against: Against,
    subjects: Vec<(String, u64)>,
}

pub fn run(then: Then) -> ExitCode {
    match counted().and_then(|tables| finish(then, &tables)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}

type Failed = Box<dyn std::error::Error>;

fn finish(then: Then, counted: &[Table]) -> Result<ExitCode, Failed> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded.toml");
    let known: Recorded = match fs::read_to_string(&file) {
        Ok(text) => toml::from_str(&text)?,
        Err(_) => Recorded::new(),
    };
    let mut now = Recorded::new();
    let mut worse = Vec::new();
    println!(
        "Compared with the first way of a table: what comes on top where it is a part of the others, else the ratio.\n"
    );
    println!("| what | way | instructions | compared | recorded |");
    println!("|:--|:--|--:|--:|--:|");
    for Table {
        title,
        against,
        subjects,
    } in counted
    {
        let Some((first_name, first)) = subjects.first() else {
            continue;
        };
        let recorded = known.get(title);
        for (name, instructions) in subjects {
            let figure = against.figure(*instructions, *first);
            let recorded = recorded
                .and_then(|table| Some((table.get(name)?, table.get(first_name)?)))
                .map(|(own, first)| against.figure(*own, *first));
            let [shown, said] = [Some(figure), recorded]
                .map(|figure| figure.map_or("-".to_owned(), |figure| against.shown(figure)));
            println!("| {title} | {name} | {instructions} | {shown} | {said} |");
            // Peers are there to be compared with, and get no worse by what we do.
            if name.starts_with("wahook") {
                match recorded {
                    Some(recorded) if against.is_worse(figure, recorded) => {
                        worse.push(format!("{title}: {name}: {shown}, and was {said}"));
                    }
                    Some(_) => {}
                    None => worse.push(format!("{title}: {name}: nothing is recorded of it")),
                }
            }
        }
        now.insert(title.clone(), subjects.iter().cloned().collect());
    }
    for (table, subjects) in &known {
        for name in subjects.keys() {
            if now.get(table).is_none_or(|table| !table.contains_key(name)) {
                worse.push(format!("{table}: {name}: it is recorded, and was not counted"));
            }
        }
    }
    match then {
        Then::Print => {}
        Then::Record => fs::write(file, toml::to_string(&now)?)?,
        Then::Check if worse.is_empty() => println!("\nnothing is worse than recorded"),
        Then::Check => {
            for line in worse {
                println!("WORSE {line}");
            }
            println!("\nif it is meant: `cargo xtask bench --record`");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Table by table, the instructions of one call of each subject.
fn counted() -> Result<Vec<Table>, Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("counted");
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .args(["--toggle-collect=*::counted", "--dump-after=*::counted"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe()?)
        .arg(COUNTED)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            format!("valgrind does not start: {error} (Debian, Ubuntu: apt-get install valgrind)")
        })?;
    if !output.status.success() {
        return Err(format!("valgrind said {}", output.status).into());
    }
    let names = String::from_utf8(output.stdout)?;
    let mut tables: Vec<Table> = Vec::new();
    for (number, line) in (1..).zip(names.lines()) {
        let [title, against, subject] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("this tells of no count: {line}").into());
        };
        let dump = PathBuf::from(format!("{}.{number}", file.display()));
        let instructions = instructions(&fs::read_to_string(&dump)?) / COUNTED_CALLS;
        if instructions == 0 {
            return Err(format!("no instruction of {title}, {subject} was counted").into());
        }
        if tables.last().is_none_or(|last| last.title != title) {
            let mut all = Against::ALL.into_iter();
            tables.push(Table {
                title: title.to_owned(),
                against: all
                    .find(|one| one.name() == against)
                    .ok_or("it is compared as nobody knows")?,
                subjects: Vec::new(),
            });
        }
        if let Some(last) = tables.last_mut() {
            last.subjects.push((subject.to_owned(), instructions));
        }
    }
    if tables.is_empty() {
        return Err("nothing was counted".into());
    }
    Ok(tables)
}

/// What one dump says in all.
fn instructions(dump: &str) -> u64 {
    let of = |word| {
        let mut lines = dump.lines();
        lines.find_map(|line| line.strip_prefix(word)?.trim().parse().ok())
    };
    of("summary:").or_else(|| of("totals:")).unwrap_or(0)
}
