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
        changes: &[("call.gone_is_done && in_doubt", "call.gone_is_done")],
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
        changes: &[("line = without(&line, secret.expose());", "")],
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
        what: "M a credential that is quoted as in a URL stays",
        file: "crates/wahook-manage/src/call/told.rs",
        changes: &[(
            "if here == b'%' && encoded(",
            "if here == b'%' && false && encoded(",
        )],
        package: "wahook-manage",
        test: "credentials_are_in_no_error",
    },
    Break {
        what: "M a list is complete though there is more",
        file: "crates/wahook-manage/src/wazapin/client.rs",
        changes: &[("found.is_complete = !page.has_more;", "found.is_complete = true;")],
        package: "wahook-manage",
        test: "pages_are_followed",
    },
    Break {
        what: "M a doubt is forgotten with the last attempt",
        file: "crates/wahook-manage/src/call/mod.rs",
        changes: &[(
            "                    error.in_doubt()\n",
            "                    error\n",
        )],
        package: "wahook-manage",
        test: "what_may_have_been_done",
    },
    Break {
        what: "M no list of events means none",
        file: "crates/wahook-manage/src/wazapin/endpoint.rs",
        changes: &[(".filter(|types| !types.is_empty())", "")],
        package: "wahook-manage",
        test: "values_of_other_types",
    },
    Break {
        what: "M the one webhook there is goes because its URL is written otherwise",
        file: "crates/wahook-gateway/src/manage/wawp.rs",
        changes: &[(
            "if !place.is(of) || place.is_current(of) {",
            "if of.url.as_deref() == Some(&*place.url) {",
        )],
        package: "wahook-gateway",
        test: "manage::wawp",
    },
    Break {
        what: "P a lock follows a link",
        file: "crates/wahook-gateway/src/config/lock.rs",
        changes: &[(
            "rustix::fs::OFlags::NOFOLLOW.bits()",
            "rustix::fs::OFlags::CLOEXEC.bits()",
        )],
        package: "wahook-gateway",
        test: "one_at_a_time",
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
    Break {
        what: "V5 a mismatch during a rotation is refused",
        file: "crates/wahook-tower/src/verify/service.rs",
        changes: &[(
            "kind.may_be_rotation() && endpoint",
            "kind == RefusalKind::TooMany && endpoint",
        )],
        package: "wahook-tower",
        test: "v5_while_a_secret_is_rotated",
    },
    Break {
        what: "V5 a rotation never ends",
        file: "crates/wahook-core/src/endpoint.rs",
        changes: &[(
            "now.as_second() < self.0.rotating.load(Ordering::Relaxed)",
            "self.0.rotating.load(Ordering::Relaxed) > i64::MIN",
        )],
        package: "wahook-tower",
        test: "v5_while_a_secret_is_rotated",
    },
    Break {
        what: "V5 the provider rotates before a mismatch is excused",
        file: "crates/wahook-gateway/src/manage/rotate.rs",
        changes: &[(
            "            rotating: Some(mark),\n            ..before.clone()",
            "            rotating: None,\n            ..before.clone()",
        )],
        package: "wahook-gateway",
        test: "manage::rotate::tests::v5",
    },
    Break {
        what: "V5 the old secret is dropped at once",
        file: "crates/wahook-gateway/src/manage/rotate.rs",
        changes: &[("file.previous.insert(0, (old, until));", "drop(old);")],
        package: "wahook-gateway",
        test: "manage::rotate::tests::v5",
    },
    Break {
        what: "V5 a secret is valid for ever",
        file: "crates/wahook-gateway/src/config/secret_file.rs",
        changes: &[(
            "let previous = self.previous.iter().filter(|(_, until)| now < *until);",
            "let previous = self.previous.iter().filter(|(_, until)| now < Timestamp::MAX || now < *until);",
        )],
        package: "wahook-gateway",
        test: "v5_a_file_says",
    },
    Break {
        what: "P a fixture keeps what was said",
        file: "crates/wahook-testkit/src/redact.rs",
        changes: &[(
            "            _ => words(key, text),",
            "            _ => text.to_owned(),",
        )],
        package: "wahook-testkit",
        test: "p_a_fixture_reads",
    },
    Break {
        what: "M what came is asked for again",
        file: "crates/wahook-gateway/src/cli/missed.rs",
        changes: &[(
            "if failing.came {",
            "if again == Again::Nothing && failing.came {",
        )],
        package: "wahook-gateway",
        test: "missed_asks",
    },
    Break {
        what: "M what may be older than is remembered is asked for again",
        file: "crates/wahook-gateway/src/cli/missed.rs",
        changes: &[("== Again::Dated && one.at.is_some()", "== Again::Dated")],
        package: "wahook-gateway",
        test: "one_endpoint_that_cannot",
    },
    Break {
        what: "M a failure that names no endpoint is forgotten where another got it",
        file: "crates/wahook-gateway/src/manage/wazapin.rs",
        changes: &[(
            ".filter(|one| one.endpoint_id.is_some() && has_arrived(one))",
            ".filter(has_arrived)",
        )],
        package: "wahook-gateway",
        test: "only_what_arrived",
    },
    Break {
        what: "M a webhook with a token of before is taken for well",
        file: "crates/wahook-gateway/src/manage/place.rs",
        changes: &[(
            "!self.is(registered) || registered",
            "self.is(registered) || registered",
        )],
        package: "wahook-gateway",
        test: "manage::wawp",
    },
    Break {
        what: "V5 the secret of before is taken for a new one",
        file: "crates/wahook-gateway/src/manage/rotate.rs",
        changes: &[(
            "if secret.is_same(&before.current) {",
            "if secret.is_same(&before.current) && false {",
        )],
        package: "wahook-gateway",
        test: "manage::rotate::tests::v5",
    },
    Break {
        what: "V5 a new secret that its file does not take is lost",
        file: "crates/wahook-gateway/src/manage/rotate.rs",
        changes: &[(
            "        let text = match rescue(self.file, &file.current) {",
            "        let lost = Err::<std::path::PathBuf, ()>(());\n        let text = match lost {",
        )],
        package: "wahook-gateway",
        test: "manage::rotate::tests::v5",
    },
    Break {
        what: "V5 a gateway that does not answer is not waited for",
        file: "crates/wahook-gateway/src/cli/secrets.rs",
        changes: &[(
            "            sleep(self.pause).await;\n            match",
            "            match",
        )],
        package: "wahook-gateway",
        test: "cli::secrets::tests::v5",
    },
    Break {
        what: "M what a webhook said is written over by the record",
        file: "crates/wahook-manage/src/wazapin/enrich/fill.rs",
        changes: &[(
            "    if said.is_none() {\n        *said = told;",
            "    if told.is_some() {\n        *said = told;",
        )],
        package: "wahook-manage",
        test: "what_the_webhook_said",
    },
    Break {
        what: "M the type of the record is taken and not that of the webhook",
        file: "crates/wahook-manage/src/wazapin/enrich/fill.rs",
        changes: &[(
            "word(said).or(record.kind.as_deref())",
            "record.kind.as_deref().or(word(said))",
        )],
        package: "wahook-manage",
        test: "each_type_is_filled",
    },
    Break {
        what: "M many who ask for one record are many calls",
        file: "crates/wahook-manage/src/wazapin/enrich/memory.rs",
        changes: &[("coming.has_changed().is_ok()", "coming.has_changed().is_err()")],
        package: "wahook-manage",
        test: "many_who_ask",
    },
    Break {
        what: "M calls for records have no bound",
        file: "crates/wahook-manage/src/wazapin/enrich/memory.rs",
        changes: &[("let _room = self.calls.acquire().await;", "")],
        package: "wahook-manage",
        test: "calls_at_once",
    },
    Break {
        what: "M a record is remembered for ever",
        file: "crates/wahook-manage/src/wazapin/enrich/memory.rs",
        changes: &[("if now < *until {", "if now < *until + Duration::from_secs(1) {")],
        package: "wahook-manage",
        test: "records_are_remembered",
    },
    Break {
        what: "M a message gets the text of another",
        file: "crates/wahook-manage/src/wazapin/enrich/memory.rs",
        changes: &[(
            "if is_of(&message, id) =>",
            "if is_of(&message, id) || !id.is_empty() =>",
        )],
        package: "wahook-manage",
        test: "another_message",
    },
    Break {
        what: "M refused credentials are tried with each event",
        file: "crates/wahook-manage/src/wazapin/enrich/memory.rs",
        changes: &[(
            "const REFUSED_FOR: Duration = Duration::from_secs(60);",
            "const REFUSED_FOR: Duration = Duration::ZERO;",
        )],
        package: "wahook-manage",
        test: "refused_credentials_after_a_minute",
    },
    Break {
        what: "M an event waits for its content for ever",
        file: "crates/wahook-manage/src/wazapin/enrich/sink.rs",
        changes: &[(
            "attempt < self.attempts)",
            "attempt < u32::MAX.min(self.attempts + 100))",
        )],
        package: "wahook-manage",
        test: "nothing_is_lost_because",
    },
    Break {
        what: "M an event is handed on before its record can be there",
        file: "crates/wahook-manage/src/wazapin/enrich/sink.rs",
        changes: &[(
            "if enricher.is_young(event) =>",
            "if !enricher.is_young(event) =>",
        )],
        package: "wahook-manage",
        test: "a_record_that_is_not_there",
    },
    Break {
        what: "M who is early holds up all others",
        file: "crates/wahook-worker/src/lane.rs",
        changes: &[(
            "                return self.failed(entry, Reason::NotYet, &error.to_string(), pause);",
            "                let pause = Some(self.away(pause));\n                return self.failed(entry, Reason::NotYet, &error.to_string(), pause);",
        )],
        package: "wahook-worker",
        test: "who_is_early",
    },
    Break {
        what: "M who is early has failed",
        file: "crates/wahook-worker/src/retries.rs",
        changes: &[
            (
                "Reason::Unavailable | Reason::Deadline | Reason::NotYet => tired &&",
                "Reason::Unavailable | Reason::Deadline => tired &&",
            ),
            (
                "Reason::Failed | Reason::Panicked",
                "Reason::NotYet | Reason::Failed | Reason::Panicked",
            ),
        ],
        package: "wahook-worker",
        test: "who_is_early",
    },
    Break {
        what: "M what is remembered is forgotten by a reload",
        file: "crates/wahook-gateway/src/inbox/enrich.rs",
        changes: &[("*before == mark", "*before != mark")],
        package: "wahook-gateway",
        test: "outlives_a_reload",
    },
    Break {
        what: "M sinks get what webhooks leave out though nobody asked for it",
        file: "crates/wahook-gateway/src/inbox/enrich.rs",
        changes: &[("manage.config.enrich)", "!manage.config.enrich)")],
        package: "wahook-gateway",
        test: "the_line_in_the_file",
    },
];
