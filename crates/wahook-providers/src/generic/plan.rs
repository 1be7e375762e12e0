//! Many JSON pointers, read in one pass over an item: no tree is built, and what nobody asked for is skipped.

use serde::Deserializer;
use wahook_core::json::{Fill, ReadError, read_borrowed};

use super::{
    found::Findings,
    names::Names,
    visit::{At, Room},
};

/// Every element of a list.
pub(super) const EACH: &str = "*";

/// Where the pointers of a configuration lead, merged into one tree of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    root: Node,
    slots: usize,
}

/// What is asked of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Where the value itself goes.
    pub(super) slot: Option<usize>,
    /// The members that are looked into.
    pub(super) names: Names,
    /// Each by the place of its name.
    pub(super) children: Vec<Node>,
    /// The children that stand for elements of a list, in their order: the first that fits counts.
    pub(super) elements: Vec<(Element, usize)>,
}

/// Which elements of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Each,
    At(usize),
}

impl Element {
    /// Only digits as an index is written, without a zero in front.
    fn of(name: &str) -> Option<Self> {
        if name == EACH {
            return Some(Self::Each);
        }
        let index = name.parse::<usize>().ok()?;
        (index.to_string() == name).then_some(Self::At(index))
    }
}

impl Node {
    fn child(&mut self, name: &str) -> &mut Self {
        let at = self.names.add(name);
        if at == self.children.len() {
            self.children.push(Self::default());
            self.elements
                .extend(Element::of(name).map(|element| (element, at)));
        }
        &mut self.children[at]
    }

    /// What is asked of the element with this index, and whether of each.
    pub(super) fn element(&self, index: usize) -> Option<(Element, &Self)> {
        let fits = |(element, _): &&(Element, usize)| {
            matches!(element, Element::Each) || *element == Element::At(index)
        };
        let (element, child) = self.elements.iter().find(fits)?;
        Some((*element, self.children.get(*child)?))
    }
}

impl Plan {
    /// Asks for what stands there, and tells in which slot it will be.
    pub(super) fn add(&mut self, pointer: &[Box<str>]) -> usize {
        let node = pointer.iter().fold(&mut self.root, |node, name| node.child(name));
        *node.slot.get_or_insert_with(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    /// Whether nobody asked for anything.
    pub(super) const fn is_empty(&self) -> bool {
        self.slots == 0
    }

    /// Reads an object.
    pub(super) fn read<V>(&self, json: &[u8], then: impl FnOnce(Result<&Findings<'_>, ReadError>) -> V) -> V {
        read_borrowed(self, json, |room| then(room.map(|room| &room.found)))
    }

    /// As [`read`](Self::read), and looks no further once it has everything; `None` for what is no object (G6).
    pub(super) fn scan<V>(&self, json: &[u8], then: impl FnOnce(Option<&Findings<'_>>) -> V) -> V {
        let mut room = Room::until(self.slots);
        let mut parser = serde_json::Deserializer::from_slice(json);
        let whole = parser.deserialize_map(At::new(&self.root, &mut room));
        if room.is_full() || (whole.is_ok() && parser.end().is_ok()) {
            return then(Some(&room.found));
        }
        // Half an emoji in the name of a member: rare enough for a second pass that can read it.
        self.read(json, |found| then(found.ok()))
    }
}

impl Fill for Plan {
    type Target<'de> = Room<'de>;

    fn fill<'de, D: Deserializer<'de>>(&self, room: &mut Room<'de>, json: D) -> Result<(), D::Error> {
        json.deserialize_map(At::new(&self.root, room))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::found::{Found, Word},
        *,
    };

    fn plan(pointers: &[&str]) -> Plan {
        let mut plan = Plan::default();
        for (slot, pointer) in pointers.iter().enumerate() {
            let names: Vec<_> = pointer.split('/').skip(1).map(Box::from).collect();
            assert_eq!(plan.add(&names), slot);
        }
        plan
    }

    fn word(text: &str) -> Word<'static> {
        Word::Made(text.into())
    }

    fn text(text: &str) -> Option<Found<'static>> {
        Some(Found::Text(word(text)))
    }

    fn list(texts: &[&str]) -> Option<Found<'static>> {
        Some(Found::List(texts.iter().map(|text| word(text)).collect()))
    }

    /// Whether a text was borrowed or not is nobody's business.
    fn all(plan: &Plan, found: &Findings<'_>) -> Vec<Option<Found<'static>>> {
        let made = |word: &Word<'_>| Word::Made(word.as_str().into());
        (0..plan.slots)
            .map(|slot| {
                Some(match found.get(slot)? {
                    Found::Wrong => Found::Wrong,
                    Found::Text(word) => Found::Text(made(word)),
                    Found::List(words) => Found::List(words.iter().map(made).collect()),
                })
            })
            .collect()
    }

    fn read(plan: &Plan, json: &[u8]) -> Option<Vec<Option<Found<'static>>>> {
        plan.read(json, |found| found.ok().map(|found| all(plan, found)))
    }

    fn scan(plan: &Plan, json: &[u8]) -> Option<Vec<Option<Found<'static>>>> {
        plan.scan(json, |found| found.map(|found| all(plan, found)))
    }

    #[test]
    fn one_pass_finds_everything_that_was_asked_for() {
        let plan = plan(&[
            "/id",
            "/a/b",
            "/a",
            "/list/1/x",
            "/all/*",
            "/people/*/id",
            "/none",
        ]);
        let json = br#"{"a":{"b":true,"b":1},"id":7,"id":8,"list":[{"x":1},{"x":"two"}],"all":["p",2,{},[3],"\u0071"],
            "people":[{"id":"1@c.us"},{"name":"x"},{"id":"2@c.us","id":"3@c.us"},"4@c.us"],"none":null}"#;
        let expected = [
            text("7"),
            text("true"),
            Some(Found::Wrong),
            text("two"),
            list(&["p", "2", "q"]),
            list(&["1@c.us", "2@c.us"]),
            None,
        ];
        assert_eq!(read(&plan, json).unwrap(), expected);
        assert_eq!(scan(&plan, json).unwrap(), expected);
    }

    #[test]
    fn of_an_index_and_each_the_one_that_was_asked_for_first_counts() {
        let json = br#"{"a":[{"x":1},{"x":2}],"b":{"1":"one","01":"no index"}}"#;
        let both = plan(&["/a/1/x", "/a/*/x", "/b/1", "/b/01", "/a/01/x"]);
        let expected = [text("2"), list(&["1"]), text("one"), text("no index"), None];
        assert_eq!(read(&both, json).unwrap(), expected);
        let both = plan(&["/a/*/x", "/a/1/x"]);
        assert_eq!(read(&both, json).unwrap(), [list(&["1", "2"]), None]);
    }

    #[test]
    fn g6_a_scan_looks_no_further_than_it_needs() {
        let plan = plan(&["/id"]);
        assert_eq!(scan(&plan, br#"{"id":"x", cut"#).unwrap(), [text("x")]);
        assert_eq!(scan(&plan, br#"{"other":1, cut"#), None);
        assert_eq!(scan(&plan, b"[]"), None);
        assert_eq!(
            scan(&plan, "{\"\\ud800\":1,\"id\":\"x\"}".as_bytes()).unwrap(),
            [text("x")]
        );
    }
}
