//! The parts of README.md that are made from the code: the table of providers.

use std::{fmt::Write as _, fs};

use wahook_providers::{PROVIDERS, ProviderRow};

use crate::{
    cargo,
    step::{Done, Failure, Outcome},
};

const BEGIN: &str = "<!-- providers:begin -->";
const END: &str = "<!-- providers:end -->";

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
    let Some(wanted) = renewed(&readme, &table(PROVIDERS))? else {
        return Ok(Done::NotRun(format!("README.md has no `{BEGIN}`")));
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

/// The text with what stands between the markers replaced; `None` without markers.
fn renewed(readme: &str, table: &str) -> Result<Option<String>, Failure> {
    let Some((before, rest)) = readme.split_once(BEGIN) else {
        return Ok(None);
    };
    let Some((_, after)) = rest.split_once(END) else {
        return Err(Failure::new(format!("README.md has `{BEGIN}` without `{END}`")));
    };
    Ok(Some(format!("{before}{BEGIN}\n{table}{END}{after}")))
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
    fn only_what_stands_between_the_markers_changes() {
        let readme = format!("# a\n{BEGIN}\nold\n{END}\nz\n");
        let once = renewed(&readme, "new\n").unwrap().unwrap();
        assert_eq!(once, format!("# a\n{BEGIN}\nnew\n{END}\nz\n"));
        assert_eq!(renewed(&once, "new\n").unwrap().unwrap(), once);
        assert!(renewed("# a\n", "new\n").unwrap().is_none());
        assert!(renewed(BEGIN, "new\n").is_err());
    }

    #[test]
    fn every_provider_has_its_line() {
        let table = table(PROVIDERS);
        for row in PROVIDERS {
            assert!(table.contains(&format!("(`{}`)", row.id)), "{}", row.id);
        }
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
