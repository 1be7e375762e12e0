//! Reading into a value that borrows from the text, and stays where it is filled.

use serde::{Deserializer, de::DeserializeSeed};

use super::{
    error::{ReadError, path, text, whole},
    surrogate,
};

/// How a value that borrows from the text is filled.
pub trait Fill {
    /// The value, for texts of any lifetime.
    type Target<'de>: Default;

    /// Whether half a character, escaped, is mended where it is in the way: then what is read is no piece of what was sent.
    fn mends(&self) -> bool {
        true
    }

    /// Fills it.
    ///
    /// # Errors
    ///
    /// As the deserialiser has it.
    fn fill<'de, D: Deserializer<'de>>(
        &self,
        target: &mut Self::Target<'de>,
        json: D,
    ) -> Result<(), D::Error>;
}

/// As [`read`](super::read), into a value that borrows from the text; `then` decides what is kept of it.
///
/// The value stays where it is filled, and what `then` makes of it goes straight to the caller: both are large to move.
///
/// ```
/// use serde::{Deserialize as _, Deserializer};
/// use wahook_core::json::{Fill, read_borrowed};
///
/// /// All words that are longer than this.
/// struct Longer(usize);
///
/// impl Fill for Longer {
///     type Target<'de> = Vec<&'de str>;
///
///     fn fill<'de, D: Deserializer<'de>>(&self, words: &mut Vec<&'de str>, json: D) -> Result<(), D::Error> {
///         let all = Vec::<&str>::deserialize(json)?;
///         words.extend(all.into_iter().filter(|word| word.len() > self.0));
///         Ok(())
///     }
/// }
///
/// let count = read_borrowed(&Longer(3), br#"["one", "three"]"#, |words| words.map(|words| words.len()));
/// assert_eq!(count, Ok(1));
/// ```
pub fn read_borrowed<F: Fill, V>(
    fill: &F,
    bytes: &[u8],
    then: impl FnOnce(Result<&mut F::Target<'_>, ReadError>) -> V,
) -> V {
    let repaired;
    let mut text = match text(bytes) {
        Ok(text) => text,
        Err(error) => return then(Err(error)),
    };
    let mut target = F::Target::default();
    let mut result = whole(text, Filling(fill, &mut target));
    if fill.mends()
        && result.as_ref().is_err_and(serde_json::Error::is_syntax)
        && let Some(other) = surrogate::repaired(text)
    {
        repaired = other;
        text = &repaired;
        target = F::Target::default();
        result = whole(text, Filling(fill, &mut target));
    }
    then(match result {
        Ok(()) => Ok(&mut target),
        Err(error) => {
            let mut again = F::Target::default();
            Err(ReadError::of(&error, path(text, Filling(fill, &mut again))))
        }
    })
}

struct Filling<'a, 'de, F: Fill>(&'a F, &'a mut F::Target<'de>);

impl<'de, F: Fill> DeserializeSeed<'de> for Filling<'_, 'de, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self(fill, target) = self;
        fill.fill(target, json)
    }
}
