//! Reading other people's JSON: one pass, nothing lost, errors that quote nothing (N1, N2, N3).
//!
//! The types here are what a provider's typed events are made of. They are lenient where senders differ (a number where
//! a text is expected, a lone surrogate, `null` for missing) and exact where a wrong guess would be a lie (an object is
//! never a text).

mod error;
mod fill;
mod place;
mod raw;
mod scan;
mod surrogate;
mod text;

pub use self::{
    error::{ReadError, ReadErrorCategory, read, read_seed, read_text},
    fill::{Fill, read_borrowed},
    place::TextPlace,
    raw::Raw,
    scan::{Scanned, scan},
    text::{Flag, Number, Text, list},
};
