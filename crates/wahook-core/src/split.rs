//! A delivery taken apart.

use std::fmt;

use bytes::Bytes;

/// The items of a delivery, each as the body of a delivery that says it and nothing else. Bodies are made when they are asked
/// for: what stands around an item may be larger than all of them.
///
/// ```
/// use wahook_core::Split;
///
/// let split = Split::new(2, |place| (place == 0).then(|| "{}".into()));
/// assert_eq!((split.len(), split.body(0), split.body(1)), (2, Some("{}".into()), None));
/// ```
pub struct Split {
    len: usize,
    body: Box<dyn Fn(usize) -> Option<Bytes> + Send + Sync>,
}

impl Split {
    /// So many items, and who makes the body of each, by its place from 0.
    pub fn new(len: usize, body: impl Fn(usize) -> Option<Bytes> + Send + Sync + 'static) -> Self {
        let body = Box::new(body);
        Self { len, body }
    }

    /// How many items there are: those of [`Provider::parse`](crate::Provider::parse), in that order.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The body of a delivery that says this item and no other. `None` where there is no such item, or it cannot be told
    /// apart from others.
    #[must_use]
    pub fn body(&self, place: usize) -> Option<Bytes> {
        if place < self.len {
            (self.body)(place)
        } else {
            None
        }
    }
}

impl fmt::Debug for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Split({} items)", self.len)
    }
}
