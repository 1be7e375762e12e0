//! Randomness: unpredictable, and without a call of the system for each request.

/// Random bytes, for tokens, ids and fingerprints.
///
/// A generator of the thread's own, seeded by the system. A process that is forked would repeat its parent's numbers:
/// whoever forks does so before the first request.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}
