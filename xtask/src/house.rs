//! Rules of the house that a compiler does not know.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cargo,
    step::{Done, Failure, Outcome},
};

const LONGEST: usize = 400;
const MARKER: &str = "Longer than 400 lines:";

/// Every dependency of every crate says in a comment why it is there: behind it, or on the line above.
pub(crate) fn reasons() -> Outcome {
    let mut findings = Vec::new();
    for folder in folders(&cargo::root().join("crates"))? {
        let manifest = folder.join("Cargo.toml");
        for line in without_reason(&fs::read_to_string(&manifest)?) {
            findings.push(format!("{}: {line}", shown(&manifest)));
        }
    }
    if findings.is_empty() {
        Ok(Done::Ok)
    } else {
        Err(Failure::list(
            "a dependency without a reason: add a comment that says why",
            &findings,
        ))
    }
}

/// The dependency lines of a manifest that lack a reason. What is ours needs none: the arrows are the reason.
fn without_reason(manifest: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut in_dependencies = false;
    let mut inside_value = false;
    let mut comment_above = false;
    for line in manifest.lines() {
        let text = line.trim();
        if text.starts_with('[') && !inside_value {
            in_dependencies = text.trim_end_matches(']').ends_with("dependencies");
            comment_above = false;
        } else if text.starts_with('#') {
            comment_above = true;
        } else if text.is_empty() {
            comment_above = false;
        } else if inside_value {
            // A value over several lines ends with the bracket that closes it.
            inside_value = !(text.starts_with(']') || text.starts_with('}'));
        } else {
            let name = text.split(['.', ' ', '=']).next().unwrap_or(text);
            let ours = name == "wahook" || name.starts_with("wahook-");
            if in_dependencies && !ours && !comment_above && !text.contains(" #") {
                found.push(text);
            }
            let value = text.split(" #").next().unwrap_or(text).trim_end();
            inside_value = value.ends_with('[') || value.ends_with('{');
            comment_above = false;
        }
    }
    found
}

/// Where our source is: what is shipped, and what it is tested, measured and built with.
const FOLDERS: &[&str] = &["crates", "examples", "tests", "xtask", "fuzz", "benches"];

/// No source file is over 400 lines without a reason in its module doc.
pub(crate) fn lengths() -> Outcome {
    let mut findings = Vec::new();
    let mut count = 0_usize;
    for folder in FOLDERS {
        for file in sources(&cargo::root().join(folder))? {
            let text = fs::read_to_string(&file)?;
            if is_too_long(&text) {
                findings.push(format!("{}: {} lines", shown(&file), text.lines().count()));
            }
            count += 1;
        }
    }
    if findings.is_empty() {
        Ok(Done::Said(format!("{count} files")))
    } else {
        Err(Failure::list(
            format!(
                "a file over {LONGEST} lines: cut it, or say why in its module doc with `//! {MARKER} …`"
            ),
            &findings,
        ))
    }
}

fn is_too_long(text: &str) -> bool {
    let said = || {
        text.lines()
            .any(|line| line.starts_with("//!") && line.contains(MARKER))
    };
    text.lines().count() > LONGEST && !said()
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut folders: Vec<_> = entries(of)?.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// The Rust files under a folder, however deep; what cargo put there is not ours.
pub(crate) fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            if !path.ends_with("target") {
                found.extend(sources(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|error| Failure::new(format!("{}: {error}", shown(folder))))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(cargo::root())
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_without_a_comment_is_found() {
        let manifest = "\
[package]
name = \"x\"

[dependencies]
bytes.workspace = true # frames
# For tests of time.
jiff = { version = \"1\", features = [
    \"std\",
] }
serde = \"1\"
wahook-core.workspace = true

[target.'cfg(unix)'.dependencies]
libc = \"1\"

[dev-dependencies]
insta = \"1\"

[features]
default = []
";
        assert_eq!(
            without_reason(manifest),
            ["serde = \"1\"", "libc = \"1\"", "insta = \"1\""]
        );
    }

    #[test]
    fn a_long_file_says_why() {
        let long = "fn f() {}\n".repeat(LONGEST + 1);
        assert!(is_too_long(&long));
        assert!(!is_too_long(&format!("//! {MARKER} one table.\n{long}")));
        assert!(!is_too_long(&"fn f() {}\n".repeat(LONGEST)));
    }
}
