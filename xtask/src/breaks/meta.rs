//! What holds for Meta's deliveries alone, and for those they are handed on to.

use super::Break;

const SPLIT: &str = "crates/wahook-providers/src/meta/split.rs";

const fn split(
    what: &'static str,
    changes: &'static [(&'static str, &'static str)],
    test: &'static str,
) -> Break {
    Break {
        what,
        file: SPLIT,
        changes,
        package: "wahook-providers",
        test,
    }
}

pub(super) const BREAKS: &[Break] = &[
    split(
        "Meta N1 another item stays beside one",
        &[(
            "None if is_list => Stays::Never,",
            "None if is_list => Stays::Always,",
        )],
        "meta_split",
    ),
    split(
        "Meta N2 the first contact goes along",
        &[(
            "self.contact.and_then(|ids| contacts.get(ids))",
            "self.contact.and_then(|_| contacts.values().min_by_key(|place| place.start))",
        )],
        "meta_split",
    ),
    split(
        "Meta N2 a contact without a number is anybody",
        &[(
            "[contact.user_id, contact.parent_user_id, contact.wa_id]",
            "[contact.user_id, None, contact.wa_id]",
        )],
        "meta_split",
    ),
    split(
        "Meta N2 a second list of the same name goes along",
        &[(
            "_ if !names.insert(plain) => Stays::Never,",
            "_ if !names.insert(plain) => Stays::Always,",
        )],
        "meta_split",
    ),
    split(
        "Meta N2 an only item is written anew",
        &[(
            "if items.len() == 1 {",
            "if items.len() == 1 && body.is_empty() {",
        )],
        "n1_no_body_breaks_it",
    ),
    Break {
        what: "Meta N1 half a character is mended before it is looked at",
        file: "crates/wahook-providers/src/meta/envelope/mod.rs",
        changes: &[(
            "*self == Self::Careful",
            "*self != Self::Quick || *self == Self::Quick",
        )],
        package: "wahook-providers",
        test: "meta_split",
    },
    Break {
        what: "Meta I3 a replay goes around what a sink takes",
        file: "crates/wahook-worker/src/fitting.rs",
        changes: &[(
            "event.replay.is_none() || route",
            "event.replay.is_some() || event.replay.is_none() || route",
        )],
        package: "wahook-gateway",
        test: "sinks_meta",
    },
    Break {
        what: "Meta N5 a contact pairs by its place",
        file: "crates/wahook-providers/src/meta/contacts.rs",
        changes: &[(
            ".find(|contact| ids_of(contact).contains(&Some(id)))",
            ".find(|contact| !id.is_empty() || ids_of(contact).is_empty())",
        )],
        package: "wahook-providers",
        test: "meta",
    },
    Break {
        what: "Meta G10 the key of an update forgets what it says",
        file: "crates/wahook-providers/src/meta/normalise/mod.rs",
        changes: &[(
            "    about.part(digest.as_str()).time(at)\n",
            "    let _ = digest;\n    about.time(at)\n",
        )],
        package: "wahook-providers",
        test: "meta",
    },
    Break {
        what: "Meta I3 what goes on is signed without its body",
        file: "crates/wahook-gateway/src/sinks/http/content.rs",
        changes: &[(
            "let headers = signed(endpoint, &body, event, now)?;",
            "let headers = signed(endpoint, &[], event, now)?;",
        )],
        package: "wahook-gateway",
        test: "sinks_meta",
    },
    Break {
        what: "Meta I3 a program gets what is of another tenant",
        file: "crates/wahook-worker/src/plan.rs",
        changes: &[(
            "            && is_one_of(&self.tenants, event.tenant.as_ref(), Text::eq)\n",
            "",
        )],
        package: "wahook-gateway",
        test: "sinks_meta",
    },
    Break {
        what: "Meta I3 a family of names is one name",
        file: "crates/wahook-worker/src/plan.rs",
        changes: &[("rest.is_empty() || rest.starts_with('.')", "rest.is_empty()")],
        package: "wahook-gateway",
        test: "sinks_meta",
    },
];
