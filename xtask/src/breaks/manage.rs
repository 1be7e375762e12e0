//! Breaks of what the clients of management APIs promise.

use super::Break;

pub(super) const BREAKS: &[Break] = &[
    Break {
        what: "M what must not be done twice is repeated",
        file: "crates/wahook-manage/src/call/mod.rs",
        changes: &[("self == Self::WhateverCame", "true")],
        package: "wahook-manage",
        test: "what_must_not_be_done_twice",
    },
    Break {
        what: "M what was not there was deleted",
        file: "crates/wahook-manage/src/call/mod.rs",
        changes: &[("call.gone_is_done && may_be_done", "call.gone_is_done")],
        package: "wahook-manage",
        test: "deleted",
    },
    Break {
        what: "M a pause goes beyond the deadline",
        file: "crates/wahook-manage/src/call/mod.rs",
        changes: &[(
            "attempts > retries || spent.saturating_add(pause) >= deadline",
            "attempts > retries",
        )],
        package: "wahook-manage",
        test: "a_pause_beyond_the_deadline",
    },
    Break {
        what: "M a credential that is quoted stays",
        file: "crates/wahook-manage/src/call/told.rs",
        changes: &[("line = line.replace(form, \"…\");", "")],
        package: "wahook-manage",
        test: "credentials_are_in_no_error",
    },
    Break {
        what: "M a message is cut before its secrets are taken out",
        file: "crates/wahook-manage/src/call/told.rs",
        changes: &[(
            "let mut line = visible.split_whitespace().collect::<Vec<_>>().join(\" \");",
            "let mut line: String = visible.split_whitespace().collect::<Vec<_>>().join(\" \").chars().take(LONGEST).collect();",
        )],
        package: "wahook-manage",
        test: "credentials_are_in_no_error",
    },
    Break {
        what: "M an error has the URL",
        file: "crates/wahook-manage/src/call/answer.rs",
        changes: &[(
            "    let error = error.without_url();\n    if error.is_builder()",
            "    if error.is_builder()",
        )],
        package: "wahook-manage",
        test: "credentials_are_in_no_error",
    },
    Break {
        what: "M redirects are followed",
        file: "crates/wahook-manage/src/call/client.rs",
        changes: &[("redirect::Policy::none()", "redirect::Policy::limited(3)")],
        package: "wahook-manage",
        test: "redirects_are_refused",
    },
    Break {
        what: "M an answer of unknown length is read to its end",
        file: "crates/wahook-manage/src/call/answer.rs",
        changes: &[("body.len() + chunk.len() > MAX_BYTES", "false")],
        package: "wahook-manage",
        test: "answers_without_end",
    },
    Break {
        what: "M an array that is keyed by indices is in the order of text",
        file: "crates/wahook-manage/src/read.rs",
        changes: &[(
            "items.sort_by_key(|(index, _)| *index);",
            "items.reverse();\n            items.reverse();",
        )],
        package: "wahook-manage",
        test: "keyed_by",
    },
    Break {
        what: "M an edit writes what it did not understand",
        file: "crates/wahook-manage/src/wawp/client.rs",
        changes: &[("!webhooks.is_whole()", "false")],
        package: "wahook-manage",
        test: "understands_too_little",
    },
    Break {
        what: "M an edit leaves out the webhook of the system",
        file: "crates/wahook-manage/src/wawp/webhook.rs",
        changes: &[(".chain(system)", ".chain(system.take(0))")],
        package: "wahook-manage",
        test: "an_edit_keeps",
    },
];
