//! Answers, read as tolerantly as their pages are vague.
//!
//! A member that is not of the type we know stays where the unknown ones are: nothing fails, and nothing is lost.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use wahook_core::Secret;

/// What an answer holds beyond what this release knows, as it came.
///
/// `Debug` names the members and not their values, which may be anything.
#[derive(Clone, Default, PartialEq)]
pub struct Rest(Map<String, Value>);

impl Rest {
    /// The member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them.
    #[must_use]
    pub const fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl From<Map<String, Value>> for Rest {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Items of a list that are not what the list is of, as they came.
///
/// `Debug` tells how many: they may be anything.
#[derive(Clone, Default, PartialEq)]
pub struct Unread(Vec<Value>);

impl Unread {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Value] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, item: Value) {
        self.0.push(item);
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} items", self.0.len())
    }
}

/// The values of an array, also of one that came as `{"0":…,"1":…}`; null is an empty one.
///
/// Such objects stand on Wawp's page (Wawp, API: session webhook, 2026-07), where they may be the print of a tree view.
pub(crate) fn items(value: &Value) -> Option<Vec<&Value>> {
    match value {
        Value::Array(values) => Some(values.iter().collect()),
        Value::Object(map) if is_indexed(map) => {
            // "10" stands before "2" in the order of the map.
            let mut items: Vec<_> = map
                .iter()
                .filter_map(|(index, value)| Some((index.parse::<usize>().ok()?, value)))
                .collect();
            items.sort_by_key(|(index, _)| *index);
            Some(items.into_iter().map(|(_, value)| value).collect())
        }
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// Whether its names are indices, and it has some: an empty object is no array.
fn is_indexed(map: &Map<String, Value>) -> bool {
    let is_index = |name: &String| name.len() <= 9 && name.bytes().all(|byte| byte.is_ascii_digit());
    !map.is_empty() && map.keys().all(|name| !name.is_empty() && is_index(name))
}

/// `true`, 1, "1", "true", and their opposites.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(is) => Some(*is),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A text that says something; a number as an id.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Several texts, if all of them are; one alone is a list of one.
pub(crate) fn texts(value: &Value) -> Option<Vec<String>> {
    if let Value::String(text) = value {
        return (!text.is_empty()).then(|| vec![text.clone()]);
    }
    items(value)?
        .into_iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect()
}

/// An object whose members are taken out one by one; what is left is the rest.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// An object, if it is one.
    pub(crate) fn of(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(other),
        }
    }

    /// An object, or the one in its `data`.
    pub(crate) fn unwrapped(value: Value) -> Result<Self, Value> {
        let mut members = Self::of(value)?;
        let is_wrapped = |inner: &Map<_, _>| !inner.is_empty() && !is_indexed(inner);
        if members
            .0
            .get("data")
            .and_then(Value::as_object)
            .is_some_and(is_wrapped)
            && let Some(Value::Object(inner)) = members.0.remove("data")
        {
            // What stood around it is kept, but says nothing instead of what is inside.
            let around = std::mem::replace(&mut members.0, inner);
            for (name, value) in around {
                members.0.entry(name).or_insert(value);
            }
        }
        Ok(members)
    }

    /// The first member of these names that can be read; all others stay.
    pub(crate) fn take<T>(&mut self, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let (name, found) = names
            .iter()
            .find_map(|name| Some((*name, read(self.0.get(*name)?)?)))?;
        self.0.remove(name);
        Some(found)
    }

    pub(crate) fn text(&mut self, names: &[&str]) -> Option<String> {
        self.take(names, text)
    }

    pub(crate) fn texts(&mut self, names: &[&str]) -> Option<Vec<String>> {
        self.take(names, texts)
    }

    pub(crate) fn flag(&mut self, names: &[&str]) -> Option<bool> {
        self.take(names, flag)
    }

    /// A moment as RFC 3339 text.
    pub(crate) fn time(&mut self, names: &[&str]) -> Option<Timestamp> {
        self.take(names, |value| value.as_str()?.parse().ok())
    }

    /// A secret, under whichever of these names; taken out of all of them.
    pub(crate) fn secret(&mut self, names: &[&str]) -> Option<Secret> {
        let mut found = None;
        for name in names {
            let secret = self.take(&[name], |value| Secret::dangerous_published(value.as_str()?).ok());
            found = found.or(secret);
        }
        found
    }

    /// A list, as it came. `null` and `{}` are how Go and PHP write an empty one, unless another name has one with items.
    pub(crate) fn list(&mut self, names: &[&str]) -> Option<Vec<Value>> {
        let full = self.take(names, |value| {
            let list = items(value).filter(|_| !value.is_null())?;
            Some(list.into_iter().cloned().collect())
        });
        let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
        full.or_else(|| self.take(names, |value| is_empty(value).then(Vec::new)))
    }

    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn rest(self) -> Rest {
        Rest(self.0)
    }
}

/// The host of a URL: its path and query may be a secret.
pub(crate) fn host(url: &str) -> String {
    reqwest::Url::parse(url)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "?".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_array_may_be_keyed_by_its_indices() {
        let mut keyed = Map::new();
        for index in 0..12 {
            keyed.insert(index.to_string(), json!(index));
        }
        let keyed = Value::Object(keyed);
        let read: Vec<_> = items(&keyed)
            .unwrap()
            .into_iter()
            .map(|item| item.as_u64())
            .collect();
        assert_eq!(read, (0..12).map(Some).collect::<Vec<_>>());
        for other in [
            json!({}),
            json!({"a": 1}),
            json!({"0": 1, "a": 2}),
            json!(1),
            json!("0"),
        ] {
            assert_eq!(items(&other), None, "{other}");
        }
        assert_eq!(items(&Value::Null), Some(Vec::new()));
    }

    #[test]
    fn a_flag_is_told_in_many_ways() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!(0), Some(false)),
            (json!(1), Some(true)),
            (json!("1"), Some(true)),
            (json!("0"), Some(false)),
            (json!(2), None),
            (json!("yes"), None),
            (json!(null), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }

    #[test]
    fn what_has_another_type_is_kept_and_not_shown() {
        let mut members = Members::of(json!({"id": 7, "url": {"x": "hush"}, "enabled": "maybe"})).unwrap();
        assert_eq!(members.text(&["id"]).as_deref(), Some("7"));
        assert_eq!(members.text(&["url"]), None);
        assert_eq!(members.flag(&["enabled"]), None);
        let rest = members.rest();
        assert_eq!(rest.as_map().len(), 2);
        assert!(!format!("{rest:?}").contains("hush"));
    }
}
