//! What fuzzing kept is run again: the corpus, every finding, and some input by chance (see `fuzz/README.md`).

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use wahook_fuzz::{TARGETS, Target};

/// How long each target gets input by chance.
const BY_CHANCE: Duration = Duration::from_millis(400);

fn kept(folder: &str, target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(folder)
        .join(target.name);
    let Ok(entries) = fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| (file.clone(), fs::read(&file).unwrap()))
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
        let corpus = kept("corpus", target);
        assert!(
            !corpus.is_empty(),
            "{} has a corpus: `cargo xtask fuzz --keep` makes it",
            target.name
        );
        for (file, input) in corpus.iter().chain(&kept("findings", target)) {
            run(target, &file.display().to_string(), input);
        }
    }
}

/// Two inputs cut and joined, and some bytes changed: what an engine does without looking.
#[test]
fn v1_to_n7_hold_for_input_by_chance() {
    let mut chance = fastrand::Rng::with_seed(RandomState::new().hash_one("a seed"));
    for target in TARGETS {
        let mut inputs = (target.seeds)();
        inputs.extend(kept("corpus", target).into_iter().map(|(_, input)| input));
        let begun = Instant::now();
        while begun.elapsed() < BY_CHANCE {
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
