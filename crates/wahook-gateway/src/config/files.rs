//! The files that a configuration names.

use std::path::Path;

use super::Config;

/// A file that a configuration names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedFile<'a> {
    /// As it is written: relative to the folder of the configuration.
    pub(crate) path: &'a Path,
    /// Whether it holds what others must not read.
    pub(crate) is_secret: bool,
    /// Of which endpoint, if it is one's.
    pub(crate) endpoint: Option<&'a str>,
}

impl Config {
    /// Every file that is read with it.
    pub(crate) fn files(&self) -> Vec<NamedFile<'_>> {
        fn named<'a>(path: &'a Path, is_secret: bool, endpoint: Option<&'a str>) -> NamedFile<'a> {
            NamedFile {
                path,
                is_secret,
                endpoint,
            }
        }
        let of_all = [
            (&self.store_file, true),
            (&self.inbox_file, true),
            (&self.tls.cert_file, false),
            (&self.tls.key_file, true),
            (&self.admin.token_file, true),
        ];
        let of_all = of_all.into_iter().filter_map(|(file, is_secret)| {
            let file = file.as_deref()?;
            Some(named(file, is_secret, None))
        });
        let of_sinks = self.sink.iter().flat_map(|sink| {
            let one = sink.secret_file.iter().chain(&sink.address_file);
            let one = one.chain(&sink.credentials_file);
            one.chain(sink.secrets_files.iter().flatten())
        });
        let of_sinks = of_sinks.map(|file| named(file, true, None));
        let authorities = self.sink.iter().filter_map(|sink| sink.ca_file.as_deref());
        let authorities = authorities.map(|file| named(file, false, None));
        let of_endpoints = self.endpoint.iter().flat_map(|endpoint| {
            let one = endpoint.secret_file.iter().chain(&endpoint.store_file);
            let manage = endpoint.manage.iter().flat_map(|manage| &manage.api_key_file);
            let all = one.chain(endpoint.secrets_files.iter().flatten()).chain(manage);
            all.map(|file| named(file, true, Some(&*endpoint.name)))
        });
        of_all
            .chain(of_sinks)
            .chain(authorities)
            .chain(of_endpoints)
            .collect()
    }
}
