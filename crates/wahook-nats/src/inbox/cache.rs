//! Deliveries that came in lately: whoever reads or hands them over wants them within moments.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use bytes::Bytes;
use wahook_core::inbox::Stored;

/// A bounded number of bytes of them, the oldest go first.
#[derive(Debug)]
pub(super) struct Cache {
    most: usize,
    bytes: usize,
    stored: HashMap<i64, Arc<Stored>>,
    order: VecDeque<i64>,
}

/// What one has beside its body, about.
const HEAD: usize = 1_000;

impl Cache {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            bytes: 0,
            stored: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn get(&self, position: i64) -> Option<Arc<Stored>> {
        self.stored.get(&position).cloned()
    }

    pub(super) fn put(&mut self, mut stored: Stored) -> Arc<Stored> {
        // It is a piece of a message with many, which need not stay for it.
        stored.delivery.body = Bytes::copy_from_slice(&stored.delivery.body);
        let position = stored.position;
        let stored = Arc::new(stored);
        self.bytes += HEAD + stored.delivery.body.len();
        if let Some(old) = self.stored.insert(position, Arc::clone(&stored)) {
            self.bytes -= HEAD + old.delivery.body.len();
        } else {
            self.order.push_back(position);
        }
        while self.bytes > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(old) = self.stored.remove(&oldest) {
                self.bytes -= HEAD + old.delivery.body.len();
            }
        }
        stored
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.most);
    }
}
