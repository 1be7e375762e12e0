//! A value in one form, however it was written: what tells two updates apart that have no id of their own.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use wahook_core::{
    guard::Digest,
    json::{self, Raw, Text},
};

use super::envelope::Name;

/// 128 bits, in hex, of the SHA-256 of all that the value says: members in the order of their names at every level, no white
/// space, `null` as missing. Of two equal members the first counts. Numbers stay as they are written: none is too large.
pub(super) fn digest(value: &Raw) -> String {
    let mut form = String::with_capacity(value.bytes().len());
    // What is no text is malformed, and never comes here.
    write(
        std::str::from_utf8(value.bytes()).unwrap_or_default().trim(),
        0,
        &mut form,
    );
    let mut digest = Digest::of(form.as_bytes()).to_string();
    digest.truncate(32);
    digest
}

/// Deeper than any value on the pages. Each level is one more look at what is in it; below, the text counts as it is.
const DEEPEST: usize = 16;

fn write(json: &str, depth: usize, form: &mut String) {
    let inner = depth + 1;
    match json.as_bytes().first() {
        Some(b'{') if depth < DEEPEST => {
            let Some(mut members) = members(json) else {
                return form.push_str(json);
            };
            // The sort is stable, so that the first of equal names stays before the others.
            members.sort_by(|one, other| one.0.0.cmp(&other.0.0));
            members.dedup_by(|later, first| later.0.0 == first.0.0);
            form.push('{');
            for (Name(name), value) in members.iter().filter(|(_, value)| value.get() != "null") {
                push_text(name, form);
                form.push(':');
                write(value.get(), inner, form);
                form.push(',');
            }
            form.push('}');
        }
        Some(b'[') if depth < DEEPEST => {
            let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(json) else {
                return form.push_str(json);
            };
            form.push('[');
            for value in list {
                write(value.get(), inner, form);
                form.push(',');
            }
            form.push(']');
        }
        Some(b'"') if json.contains('\\') => match json::read::<Text>(json.as_bytes()) {
            Ok(text) => push_text(&text, form),
            Err(_) => form.push_str(json),
        },
        _ => form.push_str(json),
    }
}

fn push_text(text: &str, form: &mut String) {
    // A text has always a form in JSON.
    form.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn members(json: &str) -> Option<Vec<(Name<'_>, &RawValue)>> {
    struct All;

    impl<'de> Visitor<'de> for All {
        type Value = Vec<(Name<'de>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(json).deserialize_map(All).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> String {
        digest(&Raw::new(json.to_owned().into()))
    }

    #[test]
    fn g10_a_value_is_the_same_however_it_is_written() {
        let plain = of(r#"{"a":[1,{"b":"é","c":null}],"d":{}}"#);
        assert_eq!(plain.len(), 32);
        for same in [
            r#" { "d" : {} , "a" : [ 1 , { "c" : null , "b" : "é" } ] } "#,
            r#"{"\u0061":[1,{"b":"\u00e9"}],"d":{},"x":null}"#,
            r#"{"a":[1,{"b":"é","b":"z"}],"d":{},"a":7}"#,
        ] {
            assert_eq!(of(same), plain, "{same}");
        }
        for other in [
            r#"{"a":[1,{"b":"e"}],"d":{}}"#,
            r#"{"a":[{"b":"é"},1],"d":{}}"#,
            r#"{"a":[1,{"b":"é"},null],"d":{}}"#,
            r#"{"a":[1,{"b":"é"}],"d":{},"e":0}"#,
            r#"{"a":[1,{"b":"é"}],"d":[]}"#,
        ] {
            assert_ne!(of(other), plain, "{other}");
        }
        // Beyond what a number of the machine can hold.
        assert_ne!(of("[18446744073709551616]"), of("[18446744073709551617]"));
        assert_ne!(of(r#"{"a":1e999}"#), of(r#"{"a":1e998}"#));
        // Never deeper than the stack.
        let deep = |end: &str| of(&format!("{}{end}{}", "[".repeat(50_000), "]".repeat(50_000)));
        assert_ne!(deep("1"), deep("2"));
    }
}
