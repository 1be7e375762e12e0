//! Delivery states form one lattice (N6).

use super::data;
use crate::words::words;

words! {
    /// How far a message has come.
    pub enum MessageState {
        /// Accepted by the provider.
        Queued = "queued",
        /// On its way to WhatsApp.
        Sending = "sending",
        /// Accepted by WhatsApp.
        Sent = "sent",
        /// On the recipient's device.
        Delivered = "delivered",
        /// Opened.
        Read = "read",
        /// Listened to.
        Played = "played",
        /// Could not be sent or delivered.
        Failed = "failed",
        /// Deleted.
        Deleted = "deleted",
    }
}

impl MessageState {
    /// The place in `queued < sending < sent < failed < delivered < read < played`; `None` for what stands apart.
    #[must_use]
    pub const fn rank(self) -> Option<u8> {
        Some(match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Sent => 2,
            Self::Failed => 3,
            Self::Delivered => 4,
            Self::Read => 5,
            Self::Played => 6,
            Self::Deleted | Self::Unknown => return None,
        })
    }
}

data! {
    /// The states of one (message, recipient), folded: any order of arrival gives one result, nothing moves back.
    ///
    /// ```
    /// use wahook_core::model::{Folded, MessageState::*};
    ///
    /// let folded = [Read, Sent, Delivered, Failed].into_iter().fold(Folded::default(), Folded::with);
    /// assert_eq!(folded.state, Read);
    /// ```
    #[derive(Copy, Eq)]
    pub struct Folded {
        /// The highest state seen; `unknown` if none was.
        pub state: MessageState,
        /// Whether the message was deleted.
        pub deleted: bool,
    }
}

impl Folded {
    /// Adds a state.
    #[must_use]
    pub fn with(self, state: MessageState) -> Self {
        Self {
            state: if state.rank() > self.state.rank() {
                state
            } else {
                self.state
            },
            deleted: self.deleted || state == MessageState::Deleted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n6_every_order_of_arrival_gives_one_result() {
        fn permutations(items: &mut Vec<MessageState>, k: usize, check: &mut impl FnMut(&[MessageState])) {
            if k == items.len() {
                return check(items);
            }
            for i in k..items.len() {
                items.swap(k, i);
                permutations(items, k + 1, check);
                items.swap(k, i);
            }
        }
        use MessageState::{Deleted, Delivered, Failed, Queued, Read, Sent, Unknown};
        permutations(
            &mut vec![Queued, Sent, Failed, Delivered, Read, Deleted, Unknown],
            0,
            &mut |order| {
                let folded = order
                    .iter()
                    .copied()
                    .chain(order.iter().copied())
                    .fold(Folded::default(), Folded::with);
                assert_eq!(
                    folded,
                    Folded {
                        state: Read,
                        deleted: true
                    },
                    "{order:?}"
                );
            },
        );
        assert_eq!(Folded::default().with(Failed).with(Sent).state, Failed);
        assert_eq!(Folded::default().with(Failed).with(Delivered).state, Delivered);
    }
}
