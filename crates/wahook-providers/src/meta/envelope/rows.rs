//! The elements of a list.

/// A part that must be a list.
#[derive(Debug, Default)]
pub(in crate::meta) enum Rows<T> {
    #[default]
    Absent,
    /// It is there, and is none.
    Wrong,
    /// One element, as lists have as a rule: it needs no memory of its own.
    One(T),
    List(Vec<T>),
}

impl<T> Rows<T> {
    /// A list, still without elements.
    pub(super) const fn empty() -> Self {
        Self::List(Vec::new())
    }

    /// One more, made where it stays: elements are large to move.
    #[inline]
    pub(super) fn add(&mut self, row: impl FnOnce() -> T) -> Option<&mut T> {
        match self {
            Self::One(_) => {
                if let Self::One(first) = std::mem::take(self) {
                    *self = Self::List(vec![first, row()]);
                }
            }
            Self::List(rows) if !rows.is_empty() => rows.push(row()),
            Self::Absent | Self::Wrong | Self::List(_) => *self = Self::One(row()),
        }
        self.as_mut_slice().last_mut()
    }

    pub(in crate::meta) const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }

    pub(in crate::meta) fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::Absent | Self::Wrong => &mut [],
            Self::One(row) => std::slice::from_mut(row),
            Self::List(rows) => rows,
        }
    }

    pub(in crate::meta) fn as_slice(&self) -> &[T] {
        match self {
            Self::Absent | Self::Wrong => &[],
            Self::One(row) => std::slice::from_ref(row),
            Self::List(rows) => rows,
        }
    }
}
