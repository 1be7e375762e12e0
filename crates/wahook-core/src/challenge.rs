//! Answering a provider that wants to know whether the URL is ours.

/// How an endpoint answers challenges.
#[derive(Clone, Debug)]
pub struct Challenge {}

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChallengeAnswer {}
