//! What a page says that a test keeps: the test is there.

use std::{collections::BTreeSet, fs};

use crate::{
    cargo, house,
    step::{Done, Failure, Outcome},
};

const PAGE: &str = "SECURITY.md";

/// Each test that SECURITY.md names exists.
pub(crate) fn run() -> Outcome {
    let page = fs::read_to_string(cargo::root().join(PAGE))?;
    let mut tests = BTreeSet::new();
    for folder in ["crates", "tests"] {
        for file in house::sources(&cargo::root().join(folder))? {
            tests.extend(tests_in(&fs::read_to_string(file)?));
        }
    }
    let named = named(&page);
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !tests.contains(**name))
        .map(|name| (*name).to_owned())
        .collect();
    if named.is_empty() {
        Err(Failure::new(format!("{PAGE} names no test")))
    } else if missing.is_empty() {
        Ok(Done::Said(format!("{} tests in {PAGE}", named.len())))
    } else {
        Err(Failure::list(
            format!("{PAGE} names tests that do not exist"),
            &missing,
        ))
    }
}

/// The names of the tests in a source: functions with an attribute that makes one a test, and rules that a contract makes
/// tests of, which stand on a line of their own in the macro that lists them.
fn tests_in(source: &str) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    let mut in_contract = false;
    let mut is_test = false;
    for line in source.lines() {
        let code = line.split("//").next().unwrap_or_default().trim();
        if code.starts_with("macro_rules!") {
            in_contract = code.contains("_contract");
        } else if line == "}" {
            in_contract = false;
        }
        if code.starts_with("#[") {
            let attribute = code.trim_start_matches("#[");
            let path = attribute.split(['(', ']']).next().unwrap_or_default();
            is_test |= path.rsplit("::").next() == Some("test");
        } else if let Some((before, after)) = code.split_once("fn ") {
            let is_item = before
                .split_whitespace()
                .all(|word| ["pub", "async"].contains(&word));
            let name = after.split(['(', '<']).next().unwrap_or_default();
            if is_item && std::mem::take(&mut is_test) {
                tests.insert(name.to_owned());
            }
        } else if in_contract && is_name(code) {
            tests.insert(code.to_owned());
        }
    }
    tests
}

fn is_name(word: &str) -> bool {
    word.contains('_')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Words in code style that begin like a promise, a letter, perhaps a number, and what is promised; or like an entry of the
/// failure catalogue.
fn named(page: &str) -> Vec<&str> {
    let mut named: Vec<_> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            let (promise, rest) = word.split_once('_').unwrap_or_default();
            let (letter, number) = promise.split_at_checked(1).unwrap_or_default();
            let is_promise = "vgniap".contains(letter)
                && !letter.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit());
            (is_promise || promise == "failure") && rest.contains('_') && is_name(word)
        })
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_other_code() {
        let page = "`v1_a_test` and `p_another_one`, `failure_01_what_was`, not `bytes_in_flight`, `v1_`, `wahook doctor`, \
                    `[tls]` or `v9_x: y_z`; `v1_a_test`";
        assert_eq!(named(page), ["failure_01_what_was", "p_another_one", "v1_a_test"]);
    }

    #[test]
    fn only_what_runs_is_a_test() {
        let source = "\
#[test]
#[cfg(unix)]
fn v1_one() {}

/// Why.
#[tokio::test(start_paused = true)]
async fn v1_another() {}

mod inside {
    #[test]
    #[expect(
        clippy::unwrap_used,
        reason = \"a test\"
    )]
    fn v1_third() {}
}

// fn v1_said() {}
/// #[test]
fn v1_no_more() {}
#[cfg(test)]
pub async fn g2_a_rule() {}
const TEXT: &str = \"fn v1_text() {}\";

macro_rules! store_contract {
    (@all) => {
        store_contract! { g2_a_rule_of_a_contract }
            g2_a_listed_rule
    };
}

    g2_a_word
";
        let tests = tests_in(source);
        let tests: Vec<_> = tests.iter().map(String::as_str).collect();
        assert_eq!(tests, ["g2_a_listed_rule", "v1_another", "v1_one", "v1_third"]);
    }
}
