//! Choices out of bytes.

/// Bytes that decisions are taken from, in order; once they are gone, every decision is the first.
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *first
    }

    pub(crate) fn choose<T: Clone>(&mut self, of: &[T]) -> T {
        let place = usize::from(self.byte()) % of.len();
        of[place].clone()
    }

    /// What is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}
