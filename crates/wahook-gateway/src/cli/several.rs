//! Several endpoints, one after another: what goes wrong with one is told, and the others go on.

use crate::{Failure, config::Route, output};

pub(super) struct Several {
    count: usize,
    skipped: usize,
    failed: usize,
}

impl Several {
    pub(super) const fn of(routes: &[&Route]) -> Self {
        Self {
            count: routes.len(),
            skipped: 0,
            failed: 0,
        }
    }

    /// Passes an endpoint over whose provider documents no call for this; not where it is the only one, which says so
    /// itself.
    pub(super) fn passes(&mut self, route: &Route, is_documented: bool, what: &str) -> bool {
        if is_documented || self.count == 1 {
            return false;
        }
        let (name, provider) = (route.endpoint.name(), route.endpoint.provider().id());
        output::notice(&format!("{name}: {provider} documents no call for {what}"));
        self.skipped += 1;
        true
    }

    /// Tells what went wrong with one; where it is the only one, that is how the verb ends.
    pub(super) fn failed(&mut self, route: &Route, failure: Failure) -> Result<(), Failure> {
        if self.count == 1 {
            return Err(failure);
        }
        output::notice(&format!("{}: {failure}", route.endpoint.name()));
        self.failed += 1;
        Ok(())
    }

    /// How it went, after all that was found has been told.
    pub(super) fn end(self) -> Result<(), Failure> {
        if self.failed > 0 {
            return Err(Failure::io(format!(
                "of {} endpoints {} could not be asked about",
                self.count, self.failed
            )));
        }
        if self.skipped == self.count {
            return Err(Failure::wrong_use(
                "no provider of these endpoints documents a call for it; use its dashboard",
            ));
        }
        Ok(())
    }
}
