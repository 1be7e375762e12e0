//! What was refused, and why: for an operator, never for the sender (V4).
//!
//! Strangers decide how often something is refused, so it costs little: at most so many a second are looked at, and a flood
//! of one reason does not push the others out.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use wahook_core::proof::{Refusal, RefusalKind};
use wahook_tower::RefusedRequest;

/// So many are kept, and so many of one reason at one endpoint.
const MOST: usize = 500;
const MOST_OF_ONE: usize = 50;

/// So many of one reason at one endpoint are looked at in a second.
const A_SECOND: u32 = 20;

/// So much of a body is kept, and of all headers together.
const BODY_BYTES: usize = 16 << 10;
const HEADER_BYTES: usize = 8 << 10;

/// A request that was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    pub(crate) endpoint: Arc<str>,
    pub(crate) provider: &'static str,
    pub(crate) kind: RefusalKind,
    /// The same in words.
    pub(crate) why: String,
    pub(crate) hints: Vec<String>,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// Its beginning.
    pub(crate) body: Bytes,
    /// How much of it was read.
    pub(crate) body_bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct Quarantine {
    kept: VecDeque<Arc<Refused>>,
    /// The second that runs, and how many of each sort were looked at in it.
    second: u64,
    seen: HashMap<Sort, u32>,
}

/// By endpoint and reason; none for what came to no endpoint.
pub(super) type Sort = Option<(String, RefusalKind)>;

impl Quarantine {
    pub(super) fn take(
        &mut self,
        id: u64,
        at: Timestamp,
        elapsed: Duration,
        refusal: &Refusal,
        request: RefusedRequest<'_>,
    ) {
        let name = request.endpoint().name();
        if !self.has_time(elapsed, Some((name.to_owned(), refusal.kind()))) {
            return;
        }
        // What tells the secret is not kept, wherever it stands.
        let body = match request.body() {
            body if request.endpoint().verifier().is_told_by(body) => &Bytes::new(),
            body => body,
        };
        let head = request.head();
        self.keep(Refused {
            id,
            at,
            endpoint: Arc::from(name),
            provider: request.endpoint().provider().id(),
            kind: refusal.kind(),
            why: refusal.to_string(),
            hints: Vec::new(),
            method: head.method,
            uri: head.uri,
            headers: cut(&head.headers),
            // A slice would hold on to all of it.
            body: Bytes::copy_from_slice(body.get(..BODY_BYTES).unwrap_or(body)),
            body_bytes: request.body().len(),
        });
    }

    /// Whether another one of this sort is looked at in this second. There are as many sorts as endpoints and reasons.
    pub(super) fn has_time(&mut self, elapsed: Duration, sort: Sort) -> bool {
        if self.second != elapsed.as_secs() {
            self.second = elapsed.as_secs();
            self.seen.clear();
        }
        let count = self.seen.entry(sort).or_default();
        *count = count.saturating_add(1);
        *count <= A_SECOND
    }

    fn keep(&mut self, refused: Refused) {
        let alike = |other: &Arc<Refused>| other.kind == refused.kind && other.endpoint == refused.endpoint;
        if self.kept.iter().filter(|other| alike(other)).count() >= MOST_OF_ONE
            && let Some(oldest) = self.kept.iter().position(alike)
        {
            self.kept.remove(oldest);
        } else if self.kept.len() >= MOST {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::new(refused));
    }

    /// Says of one of them what would have helped.
    pub(super) fn hint(&mut self, id: u64, hint: String) {
        if let Some(refused) = self.kept.iter_mut().rev().find(|refused| refused.id == id) {
            Arc::make_mut(refused).hints.push(hint);
        }
    }

    pub(super) fn newest(&self, before: Option<u64>, limit: usize) -> Vec<Arc<Refused>> {
        let mut older: Vec<_> = self.kept.iter().collect();
        older.retain(|refused| before.is_none_or(|before| refused.id < before));
        // One that came earlier may have been refused later.
        older.sort_unstable_by_key(|refused| Reverse(refused.id));
        older.into_iter().take(limit).cloned().collect()
    }

    pub(super) fn one(&self, id: u64) -> Option<Arc<Refused>> {
        self.kept.iter().find(|refused| refused.id == id).cloned()
    }
}

/// As many headers as have room.
fn cut(headers: &HeaderMap) -> HeaderMap {
    let mut left = HEADER_BYTES;
    let mut kept = HeaderMap::new();
    for (name, value) in headers {
        let Some(rest) = left.checked_sub(name.as_str().len() + value.len()) else {
            break;
        };
        left = rest;
        kept.append(name, value.clone());
    }
    kept
}

#[cfg(test)]
mod tests {
    use http::header::{HeaderName, HeaderValue};

    use super::*;

    fn refused(id: u64, kind: RefusalKind) -> Refused {
        Refused {
            id,
            at: Timestamp::UNIX_EPOCH,
            endpoint: Arc::from("shop"),
            provider: "wawp",
            kind,
            why: String::new(),
            hints: Vec::new(),
            method: Method::POST,
            uri: Uri::default(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            body_bytes: 0,
        }
    }

    #[test]
    fn a_flood_of_one_reason_leaves_the_others_in_place() {
        let mut quarantine = Quarantine::default();
        quarantine.keep(refused(0, RefusalKind::SignatureMismatch));
        for id in 1..1_000 {
            quarantine.keep(refused(id, RefusalKind::BodyTooLarge));
        }
        assert_eq!(quarantine.kept.len(), MOST_OF_ONE + 1);
        assert!(quarantine.one(0).is_some());
        let ids: Vec<u64> = quarantine.newest(Some(999), 2).iter().map(|one| one.id).collect();
        assert_eq!(ids, [998, 997]);
        for second in 0..3 {
            let all = (0..100).filter(|_| quarantine.has_time(Duration::from_secs(second), None));
            assert_eq!(all.count(), A_SECOND as usize);
            let other = Some(("shop".to_owned(), RefusalKind::BodyTooLarge));
            assert!(
                quarantine.has_time(Duration::from_secs(second), other),
                "each has a share"
            );
        }
        quarantine.hint(999, "a hint".to_owned());
        quarantine.hint(1, "of one that is gone".to_owned());
        assert_eq!(quarantine.one(999).unwrap().hints, ["a hint"]);
    }

    #[test]
    fn p_headers_without_end_are_cut() {
        let mut headers = HeaderMap::new();
        for number in 0..100 {
            let name: HeaderName = format!("x-{number}").parse().unwrap();
            headers.insert(name, HeaderValue::from_str(&"a".repeat(1_000)).unwrap());
        }
        assert_eq!(cut(&headers).len(), 8);
    }
}
