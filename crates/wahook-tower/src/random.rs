//! The system's randomness.

/// Random bytes, for tokens, ids and fingerprints.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no claim can be told from another"
    )]
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
