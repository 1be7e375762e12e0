//! Deliveries: what was sent, and what became of it.

use jiff::Timestamp;
use serde_json::Value;
use wahook_core::open_enum;

use crate::read::{Members, Rest, Unread};

open_enum! {
    /// What became of a delivery. Inferred from Svix, whose numbers 0 to 4 are read as well.
    pub enum DeliveryStatus {
        /// It was answered 2xx.
        Success = "success" | "succeeded" | "delivered" | "ok",
        /// It waits for its next attempt.
        Pending = "pending" | "queued" | "retrying",
        /// It failed.
        Failed = "failed" | "fail" | "failure" | "error",
        /// It is being sent.
        Sending = "sending",
        /// It will not be sent any more.
        Canceled = "canceled" | "cancelled",
    }
}

/// Which deliveries to ask for.
///
/// ```
/// use wahook_manage::wazapin::DeliveryQuery;
///
/// let query = DeliveryQuery::new().limit(50).pages(2).parameter("status", "2");
/// # let _ = query;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DeliveryQuery {
    pub(super) parameters: Vec<(String, String)>,
    pub(super) pages: u32,
    pub(super) since: Option<Timestamp>,
}

/// The deliveries that were found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Deliveries {
    /// As many as were told, in the provider's order.
    pub deliveries: Vec<Delivery>,
    /// Whether these are all, or all [since](DeliveryQuery::since) then: no page was left out, as far as the answers say,
    /// and none came twice.
    pub is_complete: bool,
    /// Items of the list that are no deliveries, as they came.
    pub unread: Unread,
    /// What the last page said beside its list.
    pub rest: Rest,
}

/// One delivery, or one attempt at it. The form is inferred.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// Its own id; of an attempt where there are such.
    pub id: Option<String>,
    /// The id that [`retry_delivery`](super::Wazapin::retry_delivery) wants, and that receivers see as `svix-id`.
    pub message_id: Option<String>,
    /// Which endpoint it went to.
    pub endpoint_id: Option<String>,
    /// Which event it tells.
    pub event_type: Option<String>,
    /// What became of it.
    pub status: Option<DeliveryStatus>,
    /// What the receiver answered.
    pub response_status: Option<u16>,
    /// When it was sent.
    pub at: Option<Timestamp>,
    /// All else.
    pub rest: Rest,
}

impl DeliveryQuery {
    /// Of whatever the provider tells first, at most ten pages.
    pub const fn new() -> Self {
        Self {
            parameters: Vec::new(),
            pages: 10,
            since: None,
        }
    }

    /// So many on a page. Inferred from Svix.
    pub fn limit(self, limit: u32) -> Self {
        self.parameter("limit", limit.to_string())
    }

    /// At most so many pages.
    pub const fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    /// No further than to a page that is wholly older, where the provider tells the newest first. It bounds the reading
    /// alone and is no parameter: what is older on the pages that were read is told as well.
    pub const fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// With a parameter; none is documented.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }
}

impl Default for DeliveryQuery {
    fn default() -> Self {
        Self::new()
    }
}

impl Deliveries {
    /// Those that failed, whatever of it the answer says.
    pub fn failed(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.is_failed())
    }

    pub(super) fn add(&mut self, items: Vec<Value>, rest: Rest) {
        for item in items {
            match Members::of(item) {
                Ok(members) => self.deliveries.push(Delivery::read(members)),
                Err(item) => self.unread.push(item),
            }
        }
        self.rest = rest;
    }

    /// Whether all from this one on are older, and the newest stand first: further pages are older still.
    pub(super) fn is_past(&self, from: usize, since: Timestamp) -> bool {
        let page = self.deliveries.get(from..).unwrap_or_default();
        let at = |one: Option<&Delivery>| one.and_then(|one| one.at);
        let (first, last) = (at(self.deliveries.first()), at(page.last()));
        first > last && page.iter().all(|one| one.at.is_some_and(|at| at < since))
    }
}

impl Delivery {
    /// Whether the receiver took it: by its status, else, where that is not told or unknown, by what it answered. `None`
    /// while that is open, and where nothing tells.
    #[must_use]
    pub fn arrived(&self) -> Option<bool> {
        let answered = self.response_status.map(|status| (200..300).contains(&status));
        match &self.status {
            Some(DeliveryStatus::Success) => Some(true),
            Some(DeliveryStatus::Failed | DeliveryStatus::Canceled) => Some(false),
            // There is a further attempt; the one before was in vain.
            Some(DeliveryStatus::Pending | DeliveryStatus::Sending) => answered.filter(|arrived| !arrived),
            _ => answered,
        }
    }

    /// Whether it is on its way: the provider goes on by itself.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(
            self.status,
            Some(DeliveryStatus::Pending | DeliveryStatus::Sending)
        )
    }

    /// Whether it failed, or was given up.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.arrived() == Some(false)
    }

    fn read(mut members: Members) -> Self {
        let message_id = svix_id(
            &mut members,
            &["msgId", "msg_id", "messageId", "message_id", "svix_id"],
        );
        let id = members.text(&["id", "attempt_id", "attemptId"]);
        // A list of messages instead of attempts.
        let of_list = id.clone().filter(|id| is_svix_id(id));
        let message_id = message_id
            .filter(|id| is_svix_id(id) || of_list.is_none())
            .or(of_list);
        let code = &[
            "responseStatusCode",
            "response_status_code",
            "response_status",
            "status_code",
            "http_status",
        ];
        let status = members.take(
            &["status", "statusText", "status_text", "state"],
            |value| match value {
                Value::String(word) => Some(DeliveryStatus::from(&*word.to_ascii_lowercase())),
                Value::Number(number) => Some(
                    numbered(number.as_u64())
                        .unwrap_or_else(|| DeliveryStatus::from(number.to_string().as_str())),
                ),
                _ => None,
            },
        );
        Self {
            id,
            message_id,
            endpoint_id: members.text(&["endpointId", "endpoint_id"]),
            event_type: members.text(&["eventType", "event_type", "event"]),
            status,
            response_status: members
                .take(code, |value| u16::try_from(value.as_u64()?).ok())
                // Svix writes 0 where there was no answer.
                .filter(|status| *status != 0),
            at: members.time(&["timestamp", "created_at", "createdAt", "sent_at", "attempted_at"]),
            rest: members.rest(),
        }
    }
}

/// The id of a message as Svix makes them, if there is one under these names; else whatever is. In bodies, `message_id` is that
/// of the WhatsApp message.
pub(super) fn svix_id(members: &mut Members, names: &[&str]) -> Option<String> {
    let of_svix = members.take(names, |value| {
        value.as_str().filter(|id| is_svix_id(id)).map(str::to_owned)
    });
    of_svix.or_else(|| members.text(names))
}

pub(super) fn is_svix_id(id: &str) -> bool {
    id.starts_with("msg_")
}

/// Svix' numbers; 200 and the like in the same place are what the receiver answered.
fn numbered(number: Option<u64>) -> Option<DeliveryStatus> {
    Some(match number? {
        0 | 200..=299 => DeliveryStatus::Success,
        1 => DeliveryStatus::Pending,
        2 | 300..=599 => DeliveryStatus::Failed,
        3 => DeliveryStatus::Sending,
        4 => DeliveryStatus::Canceled,
        _ => return None,
    })
}
