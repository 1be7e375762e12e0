//! What fuzzing kept is run again: the corpus, every finding, and some input by chance (see `fuzz/README.md`).

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use wahook_fuzz::{TARGETS, Target};

/// How long each target gets input by chance, unless `WAHOOK_FUZZ_SECONDS` says how long.
const BY_CHANCE: Duration = Duration::from_millis(400);

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// Inputs that reach different code each, as texts whose letters are their bytes.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let file = fuzz().join("corpus").join(format!("{}.json", target.name));
    let inputs: Vec<String> = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let bytes = |input: String| {
        input
            .chars()
            .map(|letter| u8::try_from(letter).unwrap())
            .collect()
    };
    inputs.into_iter().map(bytes).collect()
}

/// Inputs that once broke something, each with the name of its file.
fn findings(target: &Target) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(fuzz().join("findings").join(target.name)) else {
        return Vec::new();
    };
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .map(|file| (file.display().to_string(), fs::read(&file).unwrap()))
        .collect()
}

/// Runs a target; where it panics, says with which input.
fn run(target: &Target, name: &str, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!("{} breaks with {name}: {}", target.name, input.escape_ascii());
    }
}

#[test]
fn v1_to_n7_hold_for_all_that_fuzzing_kept() {
    for target in TARGETS {
        for input in (target.seeds)() {
            run(target, "a seed", &input);
        }
        for input in corpus(target) {
            run(target, "its corpus", &input);
        }
        for (file, input) in findings(target) {
            run(target, &file, &input);
        }
    }
}

/// Two inputs cut and joined, and some bytes changed: what an engine does without looking.
#[test]
fn v1_to_n7_hold_for_input_by_chance() {
    let seconds = std::env::var("WAHOOK_FUZZ_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    let by_chance = seconds.map_or(BY_CHANCE, Duration::from_secs);
    let mut chance = fastrand::Rng::with_seed(RandomState::new().hash_one("a seed"));
    for target in TARGETS {
        let mut inputs = (target.seeds)();
        inputs.extend(corpus(target));
        let begun = Instant::now();
        while begun.elapsed() < by_chance {
            let mut input = chance.choice(&inputs).unwrap().clone();
            if chance.bool() {
                let other = chance.choice(&inputs).unwrap();
                input.truncate(chance.usize(0..=input.len()));
                input.extend(&other[chance.usize(0..=other.len())..]);
            }
            for _ in 0..chance.usize(0..4) {
                if input.is_empty() {
                    break;
                }
                let at = chance.usize(0..input.len());
                match chance.u8(0..4) {
                    0 => input[at] ^= 1 << chance.u8(0..8),
                    1 => input[at] = chance.u8(..),
                    2 => drop(input.remove(at)),
                    _ => input.insert(at, *chance.choice(b"0{}[]\",:.&=%@\\\xff").unwrap()),
                }
            }
            input.truncate(target.longest);
            run(target, "what chance made", &input);
        }
    }
}

/// The differences to other verifiers are what they are said to be.
#[test]
fn v1_each_difference_to_others_is_one() {
    wahook_fuzz::differences_are_real();
}
