//! Verification: V1–V7, the official suites, and what they leave out.

mod address;
mod body_hmac;
mod challenge;
mod combine;
mod digest;
mod hints;
mod official;
mod properties;
mod recipe;
mod standard;
mod token;
mod tools;
