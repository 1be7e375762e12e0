//! Comparisons that end at the first difference, looked for in the source. No type can forbid them: whoever computes with
//! a secret has to be shown it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What shows a secret.
const SHOWN: &[&str] = &["expose", "expose_secret"];
/// Where proofs and tokens are judged, and the names that a secret, or what is made of one, has there.
const JUDGES: &[&str] = &[
    "wahook-core/src/proof/",
    "wahook-core/src/challenge.rs",
    "wahook-gateway/src/admin/access.rs",
];
const JUDGED: &[&str] = &[
    "claimed", "digest", "expected", "finalize", "finish", "mac", "secret", "tag",
];
/// Not looked at: what sends and judges nobody, and what compares the words of an operator.
const NO_JUDGES: &[&str] = &[
    "wahook-testkit/",
    "wahook-gateway/src/cli/",
    "wahook-gateway/src/doctor/",
    "wahook-gateway/src/stores/",
];
/// Methods that end at the first difference, or go on from where there is none.
const STOP_EARLY: &[&str] = &[
    "cmp",
    "contains",
    "ends_with",
    "eq",
    "eq_ignore_ascii_case",
    "find",
    "ne",
    "partial_cmp",
    "starts_with",
    "strip_prefix",
    "strip_suffix",
];

/// Comparisons with what no sender chose: the file, what stands there, and what it is.
const HARMLESS: &[(&str, &str, &str)] = &[
    (
        "wahook-core/src/secret.rs",
        "known.eq_ignore_ascii_case(secret.expose())",
        "a secret that is set, and a public list",
    ),
    (
        "wahook-core/src/proof/keyring.rs",
        "other.expose() == secret.expose()",
        "two secrets of ours, when they are changed",
    ),
    (
        "wahook-core/src/proof/layout.rs",
        "value.eq_ignore_ascii_case(expected)",
        "the name of an algorithm",
    ),
];

/// All of them in the crates: where, and what.
pub(crate) fn that_stop_early() -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates");
    let mut found = Vec::new();
    let mut harmless = vec![0; HARMLESS.len()];
    for path in entries(&crates)
        .iter()
        .flat_map(|folder| sources(&folder.join("src")))
    {
        let file = path.strip_prefix(&crates).unwrap().display().to_string();
        if NO_JUDGES.iter().any(|place| file.starts_with(place)) {
            continue;
        }
        let judges = JUDGES.iter().any(|place| file.starts_with(place));
        for comparison in of(&fs::read_to_string(path).unwrap(), judges) {
            match HARMLESS
                .iter()
                .position(|(known, what, _)| *known == file && *what == comparison)
            {
                Some(entry) => harmless[entry] += 1,
                None => found.push(format!("{file}: {comparison}")),
            }
        }
    }
    assert!(
        harmless.iter().all(|times| *times == 1),
        "{harmless:?} of {HARMLESS:?}"
    );
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    let rust = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| sources(folder)))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

/// Those of one file. What is made of a secret is secret as well, until its function ends.
fn of(source: &str, judges: bool) -> Vec<String> {
    let source = source.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
    let words = words(source);
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for statement in words.split(|word| ["{", "}", ";"].contains(word)) {
        if statement.contains(&"fn") {
            made.clear();
        }
        let is_secret =
            |word: &&str| SHOWN.contains(word) || (judges && JUDGED.contains(word)) || made.contains(word);
        found.extend(comparisons(statement, is_secret));
        let binding = statement
            .iter()
            .position(|word| *word == "let")
            .map_or(&[][..], |at| &statement[at..]);
        let pattern = binding.iter().take_while(|word| **word != "=");
        if binding[pattern.clone().count()..].iter().any(is_secret) {
            made.extend(pattern.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase())));
        }
    }
    found
}

/// What is compared in a statement, one side a secret and the other no literal. Lengths are no secrets.
fn comparisons(statement: &[&str], is_secret: impl Fn(&&str) -> bool) -> Vec<String> {
    let is_secret = |side: &[&str]| {
        let is_length = side.ends_with(&[".", "len", "(", ")"]);
        !is_length && side.iter().any(&is_secret)
    };
    let mut found = Vec::new();
    for (at, word) in statement.iter().enumerate() {
        let is_call = STOP_EARLY.contains(word) && statement.get(at + 1) == Some(&"(");
        let (left, right, end) = match (*word, &statement[..at]) {
            ("==" | "!=", left) => (before(left), after(&statement[at + 1..]), ""),
            (_, [left @ .., "."]) if is_call => (before(left), after(&statement[at + 2..]), ")"),
            _ => continue,
        };
        if (is_secret(left) || is_secret(right)) && !is_literal(left) && !is_literal(right) {
            let between = if is_call {
                format!(".{word}(")
            } else {
                format!(" {word} ")
            };
            found.push(format!("{}{between}{}{end}", left.concat(), right.concat()));
        }
    }
    found
}

fn is_literal(side: &[&str]) -> bool {
    let bare: Vec<_> = side.iter().filter(|word| !["&", "*"].contains(word)).collect();
    matches!(bare.as_slice(), [one] if one.starts_with(|first: char| first == '"' || first.is_ascii_digit()))
}

/// What ends an operand, where no bracket holds it together.
const ENDS: &[&str] = &[
    "!", "!=", "&&", ",", "=", "==", "=>", "if", "let", "match", "return", "while", "|", "||",
];

/// The operand that these words end with.
fn before<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let mut depth = 0;
    let from = words.iter().rposition(|word| {
        depth += i32::from([")", "]"].contains(word)) - i32::from(["(", "["].contains(word));
        depth < 0 || (depth == 0 && ENDS.contains(word))
    });
    &words[from.map_or(0, |from| from + 1)..]
}

/// The operand that these words begin with.
fn after<'a>(words: &'a [&'a str]) -> &'a [&'a str] {
    let mut depth = 0;
    let to = words.iter().position(|word| {
        depth += i32::from(["(", "["].contains(word)) - i32::from([")", "]"].contains(word));
        depth < 0 || (depth == 0 && ENDS.contains(word))
    });
    &words[..to.unwrap_or(words.len())]
}

/// The words and signs of a source: no comments, and of a literal only that it is one.
fn words(source: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let (word, length) = if rest.starts_with("//") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if let Some(length) = literal(rest) {
            (Some("\""), length)
        } else if is_name(first) {
            let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            (Some(&rest[..length]), length)
        } else if let Some(sign) = ["==", "!=", "=>", "&&", "||", "<=", ">="]
            .iter()
            .find(|sign| rest.starts_with(**sign))
        {
            (Some(*sign), 2)
        } else {
            let length = first.len_utf8();
            ((!first.is_whitespace()).then(|| &rest[..length]), length)
        };
        words.extend(word);
        rest = &rest[length..];
    }
    words
}

/// How long the literal is that this begins with: a text, bytes or a character. A lifetime is none.
fn literal(rest: &str) -> Option<usize> {
    let bare = rest.strip_prefix('b').unwrap_or(rest);
    let (begin, end) = match bare.strip_prefix("r#\"") {
        Some(_) => ("r#\"", "\"#"),
        None if bare.starts_with('"') => ("\"", "\""),
        None if bare.starts_with("'\\") => ("'\\", "'"),
        None if bare.starts_with('\'') && bare.chars().nth(2) == Some('\'') => ("'", "'"),
        None => return None,
    };
    let before = rest.len() - bare.len() + begin.len();
    let mut escaped = begin == "'\\";
    for (at, c) in rest[before..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' && end == "\"" {
            escaped = true;
        } else if rest[before + at..].starts_with(end) {
            return Some(before + at + end.len());
        }
    }
    None
}

#[test]
fn a_comparison_that_stops_early_is_found_however_it_is_written() {
    for planted in [
        "secret.expose() == token",
        "token != secret.expose().as_bytes()",
        "given.iter().any(|one| one == &secret.expose())",
        "secret\n.expose()\n.eq(token)",
        "token.starts_with(secret.expose())",
        "secret.expose().trim().eq_ignore_ascii_case(token)",
        "let text = secret.expose(); if a { f(text.as_bytes() == token) }",
        "let shown = hash(secret.expose()); let (one, two) = (shown, 2); one == token",
        "tag.as_slice() == claimed.as_slice()",
        "Sha256::digest(token).as_slice() == expected.as_slice()",
        "mac.finalize().into_bytes()[..] == given[..]",
    ] {
        assert_eq!(of(&format!("fn f() {{ {planted} }}"), true).len(), 1, "{planted}");
    }
    for harmless in [
        "secret.expose().as_bytes().ct_eq(token.as_bytes()).into()",
        "secret.expose().len() == token.len()",
        "secret.expose().strip_prefix(\"whsk_\")",
        "first == b'\"' || secret.expose().starts_with(\"a \\\" == b\")",
        "name == other // secret.expose() == token",
        "let text = secret.expose(); } fn g<'a>(text: &'a str) { text == token",
    ] {
        assert_eq!(
            of(&format!("fn f() {{ {harmless} }}"), true),
            [""; 0],
            "{harmless}"
        );
    }
}
