//! What is said when something panics, which is a bug: where, and nothing of what was in hand. The message of a panic may
//! quote it, as that of a string cut at a wrong place does (P).

use std::{
    panic::{self, Location},
    thread,
};

/// From now on panics of this process are lines of the log.
pub(crate) fn log_discreetly() {
    panic::set_hook(Box::new(|info| say(info.location())));
}

/// It is not given the message, so it cannot say it.
fn say(location: Option<&Location<'_>>) {
    let thread = thread::current();
    let place = location.map_or_else(String::new, ToString::to_string);
    tracing::error!(
        target: "wahook",
        thread = thread.name().unwrap_or_default(),
        place,
        "a bug: something panicked, and its work is tried again or refused; please report the place"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::Written;

    #[test]
    fn p_a_panic_says_where_and_not_what() {
        let written = Written::default();
        let log = tracing_subscriber::fmt().with_writer(written.clone()).finish();
        let before = panic::take_hook();
        tracing::subscriber::with_default(log, || {
            log_discreetly();
            let text = "canary é of a text".to_owned();
            let cut = panic::catch_unwind(|| text[..8].len());
            assert!(cut.is_err());
        });
        panic::set_hook(before);
        let said = written.take();
        assert!(said.contains("panics.rs:") && !said.contains("canary"), "{said}");
    }
}
