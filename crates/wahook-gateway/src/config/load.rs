//! From file and environment to a [`Config`].

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use figment::{Figment, Profile, error::Kind, providers::Serialized, value::Dict};

use super::{Config, Problem, environment, place::Source};
use crate::{Failure, suggest::hint};

/// A configuration with what is needed to speak about it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where relative `*_file` paths start: the folder of the file.
    pub folder: PathBuf,
    /// What is worth a warning.
    pub warnings: Vec<Problem>,
    pub(crate) source: Source,
}

impl Loaded {
    /// A problem with its place in the file.
    #[must_use]
    pub fn locate(&self, problem: Problem) -> Problem {
        problem.located(&self.source)
    }

    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.source.file
    }

    /// The file as it was written, without the environment.
    pub(crate) fn written(&self) -> toml::Table {
        toml::from_str(&self.source.text).unwrap_or_default()
    }

    /// A picture of the place of a problem, secrets shown as stars.
    #[must_use]
    pub fn picture(&self, problem: &Problem) -> Option<String> {
        self.source.picture(problem)
    }

    /// A problem as the failure of a verb.
    #[must_use]
    pub fn failure(&self, problem: Problem) -> Failure {
        senseless(self.source.clone(), problem).into()
    }
}

/// A configuration that is none.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file's content makes no sense.
    Senseless {
        /// The name of the file.
        file: String,
        /// What is wrong, and where.
        problem: Problem,
        /// A picture of the place, secrets shown as stars.
        picture: Option<String>,
    },
    /// The file cannot be read; why.
    Unreadable(String),
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unreadable(why) => Self::io(why),
            LoadError::Senseless {
                file,
                problem,
                picture,
            } => {
                let failure = Self::wrong_use(problem.line(&file));
                match picture {
                    Some(picture) => failure.with_detail(picture),
                    None => failure,
                }
            }
        }
    }
}

/// The environment, without what is not text: whoever set that did not mean us.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    let text =
        |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text)
}

/// Reads a file, and the environment over it.
///
/// # Errors
///
/// If the file cannot be read, or its content makes no sense.
pub fn load(file: &Path, variables: impl IntoIterator<Item = (String, String)>) -> Result<Loaded, LoadError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| LoadError::Unreadable(format!("cannot read the configuration {name}: {error}")))?;
    let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
    load_text(name, text, folder, variables)
}

/// As [`load()`], from the text of a file, which has this name and lies in this folder.
///
/// # Errors
///
/// If it makes no sense.
pub fn load_text(
    file: String,
    text: String,
    folder: PathBuf,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, LoadError> {
    let source = Source { file, text };
    let table: toml::Table = toml::from_str(&source.text).map_err(|error| {
        // The error's own text shows the line, and a line may hold a secret; its message does not.
        let problem = Problem {
            place: error.span().map(|span| source.line_and_column(span.start)),
            ..Problem::new(&[], format!("not TOML: {}", error.message()))
        };
        senseless(source.clone(), problem)
    })?;
    let wrong = |error: figment::Error| senseless(source.clone(), explain(&error));
    let mut root: Dict = Figment::from(Serialized::from(table, Profile::Default))
        .extract()
        .map_err(wrong)?;
    let warnings = environment::apply(&mut root, variables);
    let config = Figment::from(Serialized::from(root, Profile::Default))
        .extract::<Config>()
        .map_err(wrong)?;
    Ok(Loaded {
        config,
        folder,
        warnings,
        source,
    })
}

fn senseless(source: Source, problem: Problem) -> LoadError {
    let problem = problem.located(&source);
    LoadError::Senseless {
        picture: source.picture(&problem),
        file: source.file,
        problem,
    }
}

/// The first problem, in our words: the library's quote values, and a value may be a secret.
fn explain(error: &figment::Error) -> Problem {
    let mut path = error.path.clone();
    let key = path.last().cloned().unwrap_or_default();
    let message = match &error.kind {
        Kind::UnknownField(field, known) => {
            path.push(field.clone());
            format!("unknown key `{field}`{}", hint(field, known.iter().copied()))
        }
        Kind::UnknownVariant(variant, known) => {
            format!(
                "`{key}` has no such value{}",
                hint(variant, known.iter().copied())
            )
        }
        Kind::MissingField(field) => format!("`{field}` is missing; add `{field} = …`"),
        Kind::DuplicateField(field) => format!("`{field}` stands there twice; keep one"),
        Kind::InvalidType(..) | Kind::Message(_) if key == "listen" => LISTEN.to_owned(),
        Kind::InvalidType(_, expected)
        | Kind::InvalidValue(_, expected)
        | Kind::InvalidLength(_, expected) => {
            format!("`{key}` must be {expected}")
        }
        Kind::Message(text) => format!("`{key}`: {text}"),
        _ => format!("`{key}` cannot be read"),
    };
    Problem {
        message,
        path,
        place: None,
    }
}

const LISTEN: &str = "`listen` must be an address and a port, such as 127.0.0.1:8080";
