//! A page of a list: where the list is in it, and where the next one is.

use serde_json::Value;

use crate::read::{Members, Rest, flag, items};

/// What an answer says about where the next page is: parameters of the same route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Next(Vec<(String, String)>);

pub(super) struct Page {
    pub(super) items: Vec<Value>,
    pub(super) next: Option<Next>,
    /// Whether it says that there is more; where that is, is another question.
    pub(super) has_more: bool,
    pub(super) rest: Rest,
}

impl Next {
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.0
    }

    pub(super) fn says(&self, name: &str) -> bool {
        self.0.iter().any(|(said, _)| said == name)
    }
}

/// Reads a list, bare or in an object, or in the object that is its `data`.
pub(super) fn read(value: Value) -> Option<Page> {
    if let Some(list) = items(&value).filter(|_| !value.is_null()) {
        return Some(Page {
            items: list.into_iter().cloned().collect(),
            next: None,
            has_more: false,
            rest: Rest::default(),
        });
    }
    let mut members = Members::unwrapped(value).ok()?;
    let items = members.list(&["data", "deliveries", "attempts", "messages", "items", "results"])?;
    let has_more = has_more(&members);
    let next = if has_more == Some(false) {
        None
    } else {
        next(&mut members)
    };
    Some(Page {
        items,
        next,
        has_more: has_more == Some(true),
        rest: members.rest(),
    })
}

/// Whether there is more, if that is said: at the list, or in an object beside it.
fn has_more(members: &Members) -> Option<bool> {
    let said = |get: &dyn Fn(&str) -> Option<bool>| {
        let done = get("done").map(|is_done| !is_done);
        done.or_else(|| get("has_more")).or_else(|| get("hasMore"))
    };
    said(&|name| flag(members.get(name)?)).or_else(|| {
        let beside = ["pagination", "paging", "meta"].into_iter();
        beside
            .filter_map(|name| members.get(name))
            .find_map(|object| said(&|name| flag(object.get(name)?)))
    })
}

/// Svix tells an `iterator`; others a cursor, or a whole URL, of which the parameters alone are taken: the credentials of
/// the next call go nowhere else.
fn next(members: &mut Members) -> Option<Next> {
    if let Some(iterator) = members.text(&["iterator"]) {
        return Some(Next(vec![("iterator".to_owned(), iterator)]));
    }
    let (name, found) = ["next", "next_cursor", "nextCursor", "cursor"]
        .into_iter()
        .find_map(|name| Some((name, members.text(&[name])?)))?;
    if let Some((_, query)) = found.split_once('?') {
        // The host plays no part: the parser wants one.
        let url = reqwest::Url::parse(&format!("https://x/?{query}")).ok()?;
        let parameters = url
            .query_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_owned()));
        return Some(Next(parameters.collect())).filter(|next| !next.0.is_empty());
    }
    let parameter = if name == "next" { "next" } else { "cursor" };
    Some(Next(vec![(parameter.to_owned(), found)]))
}
