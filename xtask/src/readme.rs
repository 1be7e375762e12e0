//! The parts of README.md that are made from the code: the table of providers.

use std::{fmt::Write as _, fs};

use wahook_providers::{PROVIDERS, ProviderRow};

use crate::{
    cargo, markers,
    step::{Done, Failure, Outcome},
};

/// What stands in the markers.
const NAME: &str = "providers";

/// Whether to change a file, or only to say that it should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Check,
    Write,
}

pub(crate) fn run(mode: Mode) -> Outcome {
    let path = cargo::root().join("README.md");
    let Ok(readme) = fs::read_to_string(&path) else {
        return Ok(Done::NotRun("there is no README.md".to_owned()));
    };
    let Some(wanted) = markers::renewed(&readme, NAME, &table(PROVIDERS))? else {
        let begin = markers::begin(NAME);
        return Ok(Done::NotRun(format!("README.md has no `{begin}`")));
    };
    match mode {
        _ if wanted == readme => Ok(Done::Ok),
        Mode::Check => Err(Failure::new(
            "README.md is out of date: `cargo xtask readme` renews it",
        )),
        Mode::Write => {
            fs::write(&path, wanted)?;
            Ok(Done::Said("README.md renewed".to_owned()))
        }
    }
}

fn table(rows: &[ProviderRow]) -> String {
    let mut text =
        String::from("| provider | what is verified | what makes two deliveries the same |\n|---|---|---|\n");
    for row in rows {
        let _ = writeln!(
            text,
            "| {} (`{}`) | {} | {} |",
            cell(row.title),
            row.id,
            cell(row.verified),
            cell(row.key)
        );
    }
    if rows.iter().any(|row| !row.contradictions.is_empty()) {
        text.push_str("\nWhere the providers' own pages contradict each other, and what wahook does:\n\n");
    }
    for row in rows {
        for contradiction in row.contradictions {
            let _ = writeln!(text, "- **{}**: {}", row.title, contradiction.trim());
        }
    }
    text
}

/// A text that breaks no table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_line() {
        let table = table(PROVIDERS);
        for row in PROVIDERS {
            assert!(table.contains(&format!("(`{}`)", row.id)), "{}", row.id);
        }
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
