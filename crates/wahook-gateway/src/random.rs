//! What must be random.

use wahook_core::Secret;

use crate::Failure;

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Failure::io(format!("no random numbers: {error}")))?;
    Ok(bytes)
}

/// A token that nobody guesses.
pub(crate) fn token() -> Result<Secret, Failure> {
    let text: String = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    Secret::new(text).map_err(|error| Failure::io(error.to_string()))
}
