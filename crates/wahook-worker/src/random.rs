//! What must be random, and what had better be.

use std::time::Duration;

use wahook_core::guard::Token;

/// A token that nobody else has: one for each taking, so that a late settlement is told from the next taker's.
pub(crate) fn token() -> Token {
    let mut bytes = [0; 16];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no taker can be told from another"
    )]
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    Token::new(bytes)
}

/// At least half of this time, at most all of it: what failed together does not come back together.
pub(crate) fn jittered(time: Duration) -> Duration {
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    time / 2 + (time / 2).mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}
