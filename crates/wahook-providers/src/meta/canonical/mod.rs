//! A value in one form, however it was written: what tells two updates apart that have no id of their own.
//!
//! What comes here was read as JSON before, so that it is gone through once and without a judgement: where it is no JSON
//! all the same, the form ends, and nothing else happens.

mod cursor;
mod short;

use std::borrow::Cow;

use wahook_core::json::{self, Raw, Text};

use self::cursor::{Cursor, Written, bare};
pub(super) use self::short::Short;

/// 128 bits, in hex, of the SHA-256 of all that the value says: members in the order of their names at every level, no white
/// space, `null` as missing. Of two equal members the first counts. Numbers stay as they are written: none is too large.
pub(super) fn digest(value: &Raw) -> Short {
    let mut form = Form::of(value);
    form.value(0);
    Short::of(&form.text)
}

/// The same of the first member of that name; of all, where there is none.
pub(super) fn digest_of(name: &str, object: &Raw) -> Short {
    let mut form = Form::of(object);
    if form.enter(name) {
        form.value(0);
        if !form.json.rest().contains('\\') {
            return Short::of(&form.text);
        }
    }
    // Half a character in a name beside it makes it one that cannot be looked up, and then all counts.
    digest(object.at(&[name]).as_ref().unwrap_or(object))
}

/// Deeper than any value on the pages; below, the text counts as it is.
const DEEPEST: usize = 16;

/// More members than most values have, those in its objects counted.
const MEMBERS: usize = 16;

/// The form, as far as it is written, and how far the JSON is read for it.
struct Form<'a> {
    json: Cursor<'a>,
    text: String,
    /// Of the objects that are being written, the inner ones last.
    members: Vec<Member<'a>>,
}

/// A member of an object that is being written.
struct Member<'a> {
    name: Cow<'a, str>,
    /// Where it stands in the form; empty for `null`.
    start: usize,
    end: usize,
}

impl<'a> Form<'a> {
    fn of(json: &'a Raw) -> Self {
        // What is no text is malformed, and never comes here.
        let json = std::str::from_utf8(json.bytes()).unwrap_or_default();
        Self {
            json: Cursor::of(json),
            // Twice, for its members are put in their order behind it.
            text: String::with_capacity(2 * json.len()),
            members: Vec::with_capacity(MEMBERS),
        }
    }

    /// Goes to the value of the first member of that name, if no name with escapes stands before it.
    fn enter(&mut self, name: &str) -> bool {
        if !self.json.take(b'{') {
            return false;
        }
        while self.json.peek() == Some(b'"') {
            let Written::Plain(found) = self.json.string() else {
                return false;
            };
            self.json.take(b':');
            if bare(found) == name {
                return true;
            }
            self.json.pass();
            self.json.take(b',');
        }
        false
    }

    fn value(&mut self, depth: usize) {
        match self.json.peek() {
            Some(b'{') if depth < DEEPEST => self.object(depth),
            Some(b'[') if depth < DEEPEST => self.list(depth),
            Some(b'"') => match self.json.string() {
                Written::Plain(text) => self.text.push_str(text),
                Written::Escaped(text) => match json::read::<Text>(text.as_bytes()) {
                    Ok(text) => push_text(&text, &mut self.text),
                    Err(_) => self.text.push_str(text),
                },
            },
            _ => {
                let as_it_is = self.json.pass();
                self.text.push_str(as_it_is);
            }
        }
    }

    fn list(&mut self, depth: usize) {
        self.json.take(b'[');
        self.text.push('[');
        while self.json.peek().is_some_and(|next| next != b']') {
            let before = self.json.at();
            self.value(depth + 1);
            self.text.push(',');
            self.json.take(b',');
            if self.json.at() == before {
                break;
            }
        }
        self.json.take(b']');
        self.text.push(']');
    }

    fn object(&mut self, depth: usize) {
        self.json.take(b'{');
        self.text.push('{');
        let (start, outer) = (self.text.len(), self.members.len());
        while self.json.peek() == Some(b'"') {
            let start = self.text.len();
            let name = match self.json.string() {
                Written::Plain(name) => {
                    self.text.push_str(name);
                    Cow::Borrowed(bare(name))
                }
                Written::Escaped(name) => {
                    // Half a character in it is no mistake.
                    let name = json::read::<Text>(name.as_bytes()).unwrap_or_default();
                    push_text(&name, &mut self.text);
                    Cow::Owned(name.into_string())
                }
            };
            self.json.take(b':');
            if self.json.peek() == Some(b'n') {
                self.json.pass();
                self.text.truncate(start);
            } else {
                self.text.push(':');
                self.value(depth + 1);
                self.text.push(',');
            }
            let end = self.text.len();
            self.members.push(Member { name, start, end });
            self.json.take(b',');
        }
        self.json.take(b'}');
        self.sort(start, outer);
        self.members.truncate(outer);
        self.text.push('}');
    }

    /// Puts the members of the innermost object in their order.
    fn sort(&mut self, start: usize, outer: usize) {
        let members = self.members.get_mut(outer..).unwrap_or_default();
        if members.is_sorted_by(|one, other| one.name < other.name) {
            return;
        }
        // The sort is stable, so that the first of equal names stays before the others.
        members.sort_by(|one, other| one.name.cmp(&other.name));
        let end = self.text.len();
        let mut last = None;
        for member in members {
            if last != Some(&member.name) {
                self.text.extend_from_within(member.start..member.end);
            }
            last = Some(&member.name);
        }
        self.text.drain(start..end);
    }
}

fn push_text(text: &str, form: &mut String) {
    // A text has always a form in JSON.
    form.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> String {
        digest(&Raw::new(json.to_owned().into())).as_str().to_owned()
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

    #[test]
    fn g10_a_member_counts_as_it_would_alone() {
        let plain = of(r#"{"a":"\u00e9","b":1}"#);
        for (same, object) in [
            (true, r#"{"value":{"b":1,"a":"é"},"field":"x"}"#),
            (
                true,
                r#"{ "field":{"value":[]}, "value" :{"b":1,"a":"é"},"value":2}"#,
            ),
            (true, r#"{"f\u00e9":1,"value":{"b":1,"a":"é"}}"#),
            (true, r#"{"v\u0061lue":{"b":1,"a":"é"}}"#),
            (false, r#"{"value":{"b":1,"a":"é"},"\ud83d":1}"#),
            (false, r#"[{"value":{"b":1,"a":"é"}}]"#),
        ] {
            let raw = Raw::new(object.to_owned().into());
            let alone = if same { &plain } else { &of(object) };
            assert_eq!(digest_of("value", &raw).as_str(), alone, "{object}");
        }
    }
}
