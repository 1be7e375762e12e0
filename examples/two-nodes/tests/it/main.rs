//! Two processes on one guard store: whatever a provider repeats, and whichever of them dies, nothing is lost and nothing
//! that was finished is done again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod killed;
mod load;
mod node;
mod provider;

use std::collections::HashMap;

use self::node::Line;

/// Which nodes handled which event, as often as they did.
fn by_key(lines: &[Line]) -> HashMap<&str, Vec<u16>> {
    let mut handled: HashMap<_, Vec<_>> = HashMap::new();
    for line in lines {
        handled.entry(line.key.as_str()).or_default().push(line.node);
    }
    handled
}
