//! Reading into a value that borrows from the text, and stays where it is filled.

use std::marker::PhantomData;

use serde::{Deserializer, de::DeserializeSeed};

use super::{
    error::{ReadError, path, text, whole},
    surrogate,
};

/// What is read into a value that borrows from the text.
pub trait Fill {
    /// The value, for texts of any lifetime.
    type Target<'de>: Default;

    /// Fills it.
    ///
    /// # Errors
    ///
    /// As the deserialiser has it.
    fn fill<'de, D: Deserializer<'de>>(target: &mut Self::Target<'de>, json: D) -> Result<(), D::Error>;
}

/// As [`Fill`], where it takes something to know what is wanted of the text, such as a configuration.
pub trait FillWith {
    /// The value, for texts of any lifetime.
    type Target<'de>: Default;

    /// Fills it.
    ///
    /// # Errors
    ///
    /// As the deserialiser has it.
    fn fill_with<'de, D: Deserializer<'de>>(
        &self,
        target: &mut Self::Target<'de>,
        json: D,
    ) -> Result<(), D::Error>;
}

/// As [`read`](super::read), into a value that borrows from the text; `then` decides what is kept of it.
///
/// The value stays where it is filled, and what `then` makes of it goes straight to the caller: both are large to move.
pub fn read_borrowed<F: Fill, V>(
    bytes: &[u8],
    then: impl FnOnce(Result<&mut F::Target<'_>, ReadError>) -> V,
) -> V {
    read_borrowed_with(&Always::<F>(PhantomData), bytes, then)
}

/// As [`read_borrowed`], with what it takes to fill the value.
///
/// ```
/// use serde::{Deserialize as _, Deserializer};
/// use wahook_core::json::{FillWith, read_borrowed_with};
///
/// /// Adds to every number.
/// struct Add(u64);
///
/// impl FillWith for Add {
///     type Target<'de> = Vec<u64>;
///
///     fn fill_with<'de, D: Deserializer<'de>>(&self, sums: &mut Vec<u64>, json: D) -> Result<(), D::Error> {
///         sums.extend(Vec::<u64>::deserialize(json)?.iter().map(|number| number + self.0));
///         Ok(())
///     }
/// }
///
/// let total = read_borrowed_with(&Add(10), b"[1, 2]", |sums| sums.map(|sums| sums.iter().sum::<u64>()));
/// assert_eq!(total, Ok(23));
/// ```
pub fn read_borrowed_with<F: FillWith, V>(
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
    let mut result = whole(
        text,
        Filling {
            fill,
            target: &mut target,
        },
    );
    if result.as_ref().is_err_and(serde_json::Error::is_syntax)
        && let Some(other) = surrogate::repaired(text)
    {
        repaired = other;
        text = &repaired;
        target = F::Target::default();
        result = whole(
            text,
            Filling {
                fill,
                target: &mut target,
            },
        );
    }
    then(match result {
        Ok(()) => Ok(&mut target),
        Err(error) => {
            let mut again = F::Target::default();
            Err(ReadError::of(
                &error,
                path(
                    text,
                    Filling {
                        fill,
                        target: &mut again,
                    },
                ),
            ))
        }
    })
}

/// Takes nothing to know what is wanted.
struct Always<F>(PhantomData<F>);

impl<F: Fill> FillWith for Always<F> {
    type Target<'de> = F::Target<'de>;

    fn fill_with<'de, D: Deserializer<'de>>(
        &self,
        target: &mut Self::Target<'de>,
        json: D,
    ) -> Result<(), D::Error> {
        F::fill(target, json)
    }
}

struct Filling<'a, 'de, F: FillWith> {
    fill: &'a F,
    target: &'a mut F::Target<'de>,
}

impl<'de, F: FillWith> DeserializeSeed<'de> for Filling<'_, 'de, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        self.fill.fill_with(self.target, json)
    }
}
