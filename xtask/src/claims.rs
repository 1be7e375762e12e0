//! What a page says that a test keeps: the test is there.

use std::fs;

use crate::{
    cargo, house,
    step::{Done, Failure, Outcome},
};

const PAGE: &str = "SECURITY.md";

/// Each test that SECURITY.md names exists.
pub(crate) fn run() -> Outcome {
    let page = fs::read_to_string(cargo::root().join(PAGE))?;
    let mut sources = String::new();
    for folder in ["crates", "tests"] {
        for file in house::sources(&cargo::root().join(folder))? {
            sources += &fs::read_to_string(file)?;
        }
    }
    let named = named(&page);
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !sources.contains(&format!("fn {name}(")))
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

/// Words in code style that begin like a promise: a letter, perhaps a number, and what is promised.
fn named(page: &str) -> Vec<&str> {
    let mut named: Vec<_> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            let (promise, rest) = word.split_once('_').unwrap_or_default();
            let (letter, number) = promise.split_at_checked(1).unwrap_or_default();
            "vgniap".contains(letter)
                && !letter.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && rest.contains('_')
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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
        let page = "`v1_a_test` and `p_another_one`, not `bytes_in_flight`, `v1_`, `wahook doctor`, `[tls]` or `v9_x: y_z`; `v1_a_test`";
        assert_eq!(named(page), ["p_another_one", "v1_a_test"]);
    }
}
