//! Sample bodies of every event of every provider, with values of our own.

use include_dir::{Dir, File, include_dir};

static SAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/samples");

/// One sample body.
///
/// Its file is `samples/<provider>/<event>.json`, or `<event>~<variant>.json` where an event has several shapes;
/// `samples/<provider>.json` holds what is known of the vendor's way of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// The provider's id.
    pub provider: &'static str,
    /// The provider's name of the event.
    pub event: &'static str,
    /// Which of its shapes.
    pub variant: Option<&'static str>,
    /// The body.
    pub body: &'static [u8],
}

impl Sample {
    /// A sample of your own, without a file.
    #[must_use]
    pub const fn new(provider: &'static str, event: &'static str, body: &'static [u8]) -> Self {
        Self {
            provider,
            event,
            variant: None,
            body,
        }
    }

    /// `<event>` or `<event>~<variant>`.
    #[must_use]
    pub fn name(&self) -> String {
        self.variant.map_or_else(
            || self.event.to_owned(),
            |variant| format!("{}~{variant}", self.event),
        )
    }
}

/// All samples of a provider, in the order of their names.
#[must_use]
pub fn samples(provider: &str) -> Vec<Sample> {
    let mut samples: Vec<_> = SAMPLES
        .get_dir(provider)
        .into_iter()
        .flat_map(|dir| dir.files().filter_map(|file| of_file(dir, file)))
        .collect();
    samples.sort_by_key(|sample| (sample.event, sample.variant));
    samples
}

/// The sample of that name.
#[must_use]
pub fn sample(provider: &str, name: &str) -> Option<Sample> {
    samples(provider).into_iter().find(|sample| sample.name() == name)
}

/// What is known of a vendor's way of sending.
pub(crate) fn vendor_file(provider: &str) -> Option<&'static [u8]> {
    SAMPLES.get_file(format!("{provider}.json")).map(File::contents)
}

fn of_file(dir: &'static Dir<'static>, file: &'static File<'static>) -> Option<Sample> {
    let name = file.path().file_name()?.to_str()?.strip_suffix(".json")?;
    let (event, variant) = name
        .split_once('~')
        .map_or((name, None), |(event, variant)| (event, Some(variant)));
    Some(Sample {
        provider: dir.path().to_str()?,
        event,
        variant,
        body: file.contents(),
    })
}
