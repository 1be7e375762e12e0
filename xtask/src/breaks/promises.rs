//! The promises by their numbers, but for the catalogue and privacy.

use super::Break;

/// What was looked at is not what is written to.
const CLAIMED_LATER: &[(&str, &str)] = &[(
    "            let place = |(record, _): &(Record, Held)| record.place();\n",
    "            drop(part);\n            part = self.lock(&record);\n            let place = |(record, _): &(Record, Held)| record.place();\n",
)];

pub(super) const BREAKS: &[Break] = &[
    Break {
        what: "V1 the body is not signed",
        file: "crates/wahook-core/src/proof/standard.rs",
        changes: &[
            (
                "            mac.update(frame);\n",
                "            mac.update(&frame[..0]);\n",
            ),
            (
                "                mac.update(body);\n",
                "                mac.update(&body[..0]);\n",
            ),
        ],
        package: "wahook-core",
        test: "v1_",
    },
    Break {
        what: "V2 a byte beyond the cap",
        file: "crates/wahook-tower/src/limit/layer.rs",
        changes: &[(
            "Self { cap_bytes, ..self }",
            "Self { cap_bytes: cap_bytes + 1, ..self }",
        )],
        package: "wahook-tower",
        test: "v2_",
    },
    Break {
        what: "V2 nobody makes room",
        file: "crates/wahook-gateway/src/server/places.rs",
        changes: &[(
            "while list.leaving.len() < list.newcomers.len() {",
            "while list.leaving.len() > list.newcomers.len() {",
        )],
        package: "wahook-gateway",
        test: "v2_at_the_cap_",
    },
    Break {
        what: "V2 one newcomer at a time",
        file: "crates/wahook-gateway/src/server/places.rs",
        changes: &[(
            "while list.leaving.len() < list.newcomers.len() {",
            "while list.leaving.len() < list.newcomers.len().min(1) {",
        )],
        package: "wahook-gateway",
        test: "v2_each_newcomer_",
    },
    Break {
        what: "V2 one sender has the thread",
        file: "crates/wahook-gateway/src/server/turns.rs",
        changes: &[("if self.left == 0 {", "if self.left > TURN {")],
        package: "wahook-gateway",
        test: "v2_who_sent_much_",
    },
    Break {
        what: "V2 refused ones have the thread",
        file: "crates/wahook-gateway/src/server/connection.rs",
        changes: &[(
            "                    task::yield_now().await;\n                }\n                drop",
            "                }\n                drop",
        )],
        package: "wahook-gateway",
        test: "v2_refused_requests_",
    },
    Break {
        what: "V5 one secret only",
        file: "crates/wahook-core/src/proof/standard.rs",
        changes: &[(
            "|| keys.any_other(at, feed,",
            "|| false && keys.any_other(at, feed,",
        )],
        package: "wahook-core",
        test: "v5_",
    },
    Break {
        what: "V7 the tolerance is skipped",
        file: "crates/wahook-core/src/proof/header.rs",
        changes: &[("if age > tolerance {", "if age > i128::MAX - tolerance {")],
        package: "wahook-core",
        test: "v7_",
    },
    Break {
        what: "G1 two holders at once",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "claim.until > now && claim.token != token {",
            "claim.until < now && claim.token != token {",
        )],
        package: "wahook-core",
        test: "g1_",
    },
    Break {
        what: "G1 looked up, then written in a second lock",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: CLAIMED_LATER,
        package: "wahook-interleavings",
        test: "memory::g1_",
    },
    Break {
        what: "G9 room looked at, then taken in a second lock",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: CLAIMED_LATER,
        package: "wahook-interleavings",
        test: "memory::g9_the_room_for_claims",
    },
    Break {
        what: "G9 the parts of a store are filled unevenly",
        file: "crates/wahook-core/src/guard/newest.rs",
        changes: &[(
            "(self.key[1] % parts as u64) as usize",
            "(self.key[1] % parts as u64 / 2) as usize",
        )],
        package: "wahook-core",
        test: "g9_a_large_store",
    },
    Break {
        what: "G9 who is at work is pushed out",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "        if now < self.next_end {\n            return;\n        }\n",
            "        self.in_flight.clear();\n",
        )],
        package: "wahook-interleavings",
        test: "memory::g9_whoever_is_at_work",
    },
    Break {
        what: "G9 stranded claims keep their room",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[("part.next_end = part.next_end.min(held.until);", "")],
        package: "wahook-interleavings",
        test: "memory::g9_the_room_of_a_stranded_claim",
    },
    Break {
        what: "G2 done in front before the shared store says so",
        file: "crates/wahook-core/src/guard/remembering.rs",
        changes: &[(
            "            self.memory().completing(name, digest, token, ttl, now);\n",
            "            self.memory().completing(name, digest, token, ttl, now);\n            self.memory().completed(name, digest, token, Settled::Done);\n",
        )],
        package: "wahook-interleavings",
        test: "remembering::g",
    },
    Break {
        what: "G5 the verbs of a claim overtake each other",
        file: "crates/wahook-tower/src/dedupe/verbs.rs",
        changes: &[(
            "        let left = self.say(verb, held).await;\n",
            "        let (again, copy) = (Arc::clone(self), held.clone());\n        tokio::spawn(async move { again.say(Verb::Release, copy).await });\n        let left = self.say(verb, held).await;\n",
        )],
        package: "wahook-tower",
        test: "schedules::",
    },
    Break {
        what: "G2 what is done is fresh",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "Some(done) if done.until > now => return",
            "Some(done) if done.until < now => return",
        )],
        package: "wahook-core",
        test: "g2_",
    },
    Break {
        what: "G4 a late holder settles",
        file: "crates/wahook-core/src/guard/memory.rs",
        changes: &[(
            "entry.get().1.token == token && entry.get().1.until > now => {",
            "entry.get().1.token == token => {",
        )],
        package: "wahook-core",
        test: "g4_",
    },
    Break {
        what: "G5 marked before the work",
        file: "crates/wahook-tower/src/dedupe/life.rs",
        changes: &[(
            "        let outcome = match self.call(fresh) {\n",
            "        self.settings.say(Verb::Complete, held.to_vec()).await;\n        let outcome = match self.call(fresh) {\n",
        )],
        package: "wahook-tower",
        test: "g5_status_error_panic_and_deadline",
    },
    Break {
        what: "A a copy is answered 409",
        file: "crates/wahook-tower/src/dedupe/claims.rs",
        changes: &[(
            "        self.observe(endpoint, &Signal::Duplicate);\n        Next::Settle(Verb::Complete, held, Box::new(Answer::received()))",
            "        self.observe(endpoint, &Signal::Duplicate);\n        Next::Settle(Verb::Complete, held, Box::new(Answer::status(http::StatusCode::CONFLICT)))",
        )],
        package: "wahook-tower",
        test: "dedupe::",
    },
    Break {
        what: "N2 raw is lost on the way",
        file: "crates/wahook-core/src/model/form.rs",
        changes: &[
            (
                "#[serde(default, deserialize_with = \"present\")]",
                "#[serde(default)]",
            ),
            ("fn present<", "#[allow(dead_code)] fn present<"),
        ],
        package: "wahook-providers",
        test: "contract::n1_",
    },
    Break {
        what: "I1 answered without a flush",
        file: "crates/wahook-sqlite/src/connect.rs",
        changes: &[
            ("const FULL: i64 = 2;", "const FULL: i64 = 1;"),
            ("\"PRAGMA synchronous = full;", "\"PRAGMA synchronous = normal;"),
        ],
        package: "wahook-e2e",
        test: "durable::i1_with_a_disk_that_forgets",
    },
    Break {
        what: "I3 a lane ignores order",
        file: "crates/wahook-sqlite/src/inbox/lanes.rs",
        changes: &[(
            "e.state = 0 ORDER BY e.turn LIMIT ?3",
            "e.state = 0 ORDER BY e.turn DESC LIMIT ?3",
        )],
        package: "wahook-sqlite",
        test: "i3_",
    },
    Break {
        what: "I3 done before the sink is",
        file: "crates/wahook-worker/src/lane.rs",
        changes: &[(
            "done: entries.iter().take(verdict.done).map(id).collect(),",
            "done: entries.iter().map(id).collect(),",
        )],
        package: "wahook-worker",
        test: "i3_",
    },
    Break {
        what: "P1 a secret shows itself",
        file: "crates/wahook-core/src/secret.rs",
        changes: &[("f.write_str(\"Secret(…)\")", "f.write_str(self.expose())")],
        package: "wahook-core",
        test: "v4_",
    },
    Break {
        what: "V7 a window on a time that nobody signs",
        file: "crates/wahook-providers/src/generic/scheme.rs",
        changes: &[(
            "            if set && !has(piece) {",
            "            if set && !has(piece) && piece.is_empty() {",
        )],
        package: "wahook-providers",
        test: "v7_a_window_needs_",
    },
    Break {
        what: "G6 a header that nobody signs is the key",
        file: "crates/wahook-providers/src/generic/settings.rs",
        changes: &[(
            "if !scheme.signed_ids.contains(&header) {",
            "if scheme.credentials.contains(&header) {",
        )],
        package: "wahook-providers",
        test: "g6_a_header_is_a_key_only_",
    },
    Break {
        what: "P a credential is kept for its name",
        file: "crates/wahook-providers/src/generic/settings.rs",
        changes: &[("|| scheme.credentials.contains(&name)", "|| false")],
        package: "wahook-providers",
        test: "p_no_credential_",
    },
    Break {
        what: "N4 who wrote it is guessed",
        file: "crates/wahook-providers/src/generic/reader.rs",
        changes: &[(
            "declared.unwrap_or(Kind::Other)",
            "declared.unwrap_or(Kind::MessageReceived)",
        )],
        package: "wahook-providers",
        test: "n4_the_direction_",
    },
    Break {
        what: "N5 any digits are a phone number",
        file: "crates/wahook-providers/src/generic/identity.rs",
        changes: &[(
            "self.digits == Digits::Id && ",
            "self.digits == Digits::Id && text.is_empty() && ",
        )],
        package: "wahook-providers",
        test: "n5_digits_",
    },
    Break {
        what: "I2 a stream does not remember a key",
        file: "crates/wahook-nats/src/inbox/ledger/accept.rs",
        changes: &[("        self.seen.insert((print, position));\n", "")],
        package: "wahook-nats",
        test: "ledger::alone::i2_",
    },
    Break {
        what: "I3 a stream does not remember an event",
        file: "crates/wahook-nats/src/inbox/ledger/reading.rs",
        changes: &[(
            "                None => by.is_some(),\n",
            "                None => false,\n",
        )],
        package: "wahook-nats",
        test: "ledger::alone::i3_",
    },
    Break {
        what: "I3 a lane of a stream goes backwards",
        file: "crates/wahook-nats/src/inbox/ledger/lanes.rs",
        changes: &[(
            "lane.waiting.values().take(events)",
            "lane.waiting.values().rev().take(events)",
        )],
        package: "wahook-nats",
        test: "ledger::alone::i3_",
    },
    Break {
        what: "I5 a stream forgets what was said when it is written down",
        file: "crates/wahook-nats/src/inbox/ledger/form.rs",
        changes: &[(
            "            said: self.said.into_iter().collect(),\n",
            "            said: Vec::new(),\n",
        )],
        package: "wahook-nats",
        test: "ledger::alone::i",
    },
    Break {
        what: "I6 a lease in a stream never ends",
        file: "crates/wahook-nats/src/inbox/ledger/records.rs",
        changes: &[(
            "self.lease.as_ref().filter(|lease| lease.until > now)",
            "self.lease.as_ref().filter(|lease| lease.until > now || now > 0)",
        )],
        package: "wahook-nats",
        test: "ledger::alone::i6_",
    },
    Break {
        what: "I1 one replica is taken for three",
        file: "crates/wahook-nats/src/inbox/assure.rs",
        changes: &[("    if replicas >= 3 {\n", "    if replicas >= 1 {\n")],
        package: "wahook-nats",
        test: "i1_",
    },
    Break {
        what: "I6 a clock that went back holds up a stream",
        file: "crates/wahook-nats/src/inbox/ledger/time.rs",
        changes: &[(
            "at.saturating_add(APART) > self.now",
            "at.saturating_add(APART) > 0",
        )],
        package: "wahook-nats",
        test: "ledger::time::",
    },
];
