//! Development mode: an endpoint for each provider, with secrets that outlive a restart.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde_json::Map;
use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, PROVIDERS, ProviderRow};

use super::{Built, Config, Problem, Route, inbox, sinks};
use crate::{Failure, failure::chain, random::random};

/// One endpoint of development mode.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Development {
    /// Its provider.
    pub provider: &'static ProviderRow,
    /// The endpoint at its path.
    pub route: Route,
    /// The file that holds its secret.
    pub secret_file: PathBuf,
    /// The secret.
    pub secret: Secret,
}

/// Makes one endpoint for each provider; secrets are generated once and kept under `folder`.
///
/// # Errors
///
/// I/O if a secret can neither be read nor kept.
pub fn development(folder: &Path) -> Result<Vec<Development>, Failure> {
    let secrets = folder.join("secrets");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&secrets)
        .map_err(|error| cannot("keep secrets in", &secrets, &error))?;
    PROVIDERS.iter().map(|row| of_provider(row, &secrets)).collect()
}

/// All of development mode: an inbox in `folder`, and events on standard output.
///
/// # Errors
///
/// If the defaults make no sense, which they do.
pub fn build_development(
    config: &Config,
    development: &[Development],
    folder: &Path,
) -> Result<Built, Failure> {
    let wrong = |problem: &Problem| Failure::wrong_use(problem.message.clone());
    Ok(Built {
        routes: development.iter().map(|one| one.route.clone()).collect(),
        inbox: inbox::of(config, folder).map_err(|problem| wrong(&problem))?,
        sinks: sinks::build(config, folder).map_err(|problems| {
            problems
                .first()
                .map_or_else(|| Failure::wrong_use("no sink"), wrong)
        })?,
        tls: None,
        admin: None,
        warnings: Vec::new(),
    })
}

fn of_provider(row: &'static ProviderRow, folder: &Path) -> Result<Development, Failure> {
    let secret_file = folder.join(row.id);
    let secret = match fs::read_to_string(&secret_file) {
        Ok(text) => Secret::new(text).map_err(|error| {
            Failure::wrong_use(format!("{}: {error}; delete the file", secret_file.display()))
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => generate(row, &secret_file)?,
        Err(error) => return Err(cannot("read", &secret_file, &error)),
    };
    let endpoint =
        (row.build)(row.id, Secrets::from(secret.clone()), &Options::new(Map::new())).map_err(|error| {
            let text = format!("{}: {}; delete the file", secret_file.display(), chain(&error));
            Failure::wrong_use(text)
        })?;
    Ok(Development {
        provider: row,
        route: Route::new(format!("/hooks/{}", row.id), endpoint),
        secret_file,
        secret,
    })
}

fn generate(row: &ProviderRow, file: &Path) -> Result<Secret, Failure> {
    let text = (row.make_secret)(random()?);
    // Written beside and renamed: a crash leaves no half secret, and of two starts at once both use the same.
    let beside = file.with_extension(format!("new-{}", std::process::id()));
    let write = || {
        let mut new = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        new.write_all(text.as_bytes())?;
        new.write_all(b"\n")?;
        new.sync_all()?;
        let kept = fs::hard_link(&beside, file);
        fs::remove_file(&beside)?;
        match kept {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => fs::read_to_string(file),
            Err(error) => Err(error),
            Ok(()) => Ok(text),
        }
    };
    let kept = write().map_err(|error| cannot("keep a secret in", file, &error))?;
    Secret::new(kept)
        .map_err(|error| Failure::wrong_use(format!("{}: {error}; delete the file", file.display())))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    let path = path.display();
    Failure::io(format!(
        "cannot {what} {path}: {error}; choose another folder with --data-dir"
    ))
}
