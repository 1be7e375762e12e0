//! Breaks that the failure catalogue has to notice, by its numbers.

use super::Break;

pub(super) const BREAKS: &[Break] = &[
    Break {
        what: "C01 an empty token is right",
        file: "crates/wahook-core/src/proof/token.rs",
        changes: &[(
            "        let mut found = Choice::from(0);\n        for token in &tokens {",
            "        let mut found = Choice::from(u8::from(tokens.iter().any(|token| token.is_empty())));\n        for token in &tokens {",
        )],
        package: "wahook-catalogue",
        test: "failure_01",
    },
    Break {
        what: "C02 the last signature alone",
        file: "crates/wahook-core/src/proof/standard_head.rs",
        changes: &[(
            "                    symmetric.push(Tag::new(&bytes));",
            "                    symmetric = Claimed::default();\n                    symmetric.push(Tag::new(&bytes));",
        )],
        package: "wahook-catalogue",
        test: "failure_02",
    },
    Break {
        what: "C05 a token is compared byte by byte",
        file: "crates/wahook-core/src/proof/token.rs",
        changes: &[(
            "found |= digest.as_slice().ct_eq(expected.as_slice());",
            "found |= Choice::from(u8::from(digest.as_slice() == expected.as_slice()));",
        )],
        package: "wahook-catalogue",
        test: "failure_05",
    },
    Break {
        what: "C05 a signature is compared byte by byte",
        file: "crates/wahook-core/src/proof/mac.rs",
        changes: &[(
            "found |= claimed.ct_eq(tag);",
            "found |= Choice::from(u8::from(tag.as_slice() == claimed.as_slice()));",
        )],
        package: "wahook-catalogue",
        test: "failure_05",
    },
    Break {
        what: "C05 the token of the admin listener begins right",
        file: "crates/wahook-gateway/src/admin/access.rs",
        changes: &[(
            "bool::from(given.as_bytes().ct_eq(token.as_bytes()))",
            "given.as_bytes().starts_with(token.as_bytes())",
        )],
        package: "wahook-catalogue",
        test: "failure_05",
    },
    Break {
        what: "C08 an unsigned header is the key",
        file: "crates/wahook-providers/src/wawp/key.rs",
        changes: &[(
            "    let (key, id) = match of_object(body) {",
            "    if let Some(id) = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()) {\n        return Keyed::new(DeliveryKey::header(id), None);\n    }\n    let (key, id) = match of_object(body) {",
        )],
        package: "wahook-catalogue",
        test: "failure_08",
    },
    Break {
        what: "C15 a store that is away is answered 200",
        file: "crates/wahook-tower/src/accept/service.rs",
        changes: &[(
            "                Answer::later(INBOX_DOWN)",
            "                let _ = INBOX_DOWN;\n                Answer::received()",
        )],
        package: "wahook-catalogue",
        test: "failure_15",
    },
    Break {
        what: "C17 a body that broke off has ended",
        file: "crates/wahook-tower/src/limit/body.rs",
        changes: &[(
            "return Poll::Ready(Some(Err(RefusalKind::BodyBroken))),",
            "return Poll::Ready(None),",
        )],
        package: "wahook-catalogue",
        test: "failure_17",
    },
    Break {
        what: "C18 memory for all that is claimed",
        file: "crates/wahook-tower/src/verify/service.rs",
        changes: &[(
            "            while let Some(frame) = body.next().await {\n                match frame {\n                    Ok(frame) => check",
            "            let claimed = head.headers.get(\"content-length\").and_then(|length| length.to_str().ok()?.parse().ok());\n            let _room = Vec::<u8>::with_capacity(claimed.unwrap_or(0));\n            while let Some(frame) = body.next().await {\n                match frame {\n                    Ok(frame) => check",
        )],
        package: "wahook-catalogue",
        test: "failure_18",
    },
    Break {
        what: "C18 a claim over the cap is waited for",
        file: "crates/wahook-tower/src/limit/body.rs",
        changes: &[(
            "self.declared_bytes > self.cap_bytes as u64",
            "self.declared_bytes == u64::MAX",
        )],
        package: "wahook-catalogue",
        test: "failure_18",
    },
    Break {
        what: "C21 the leftmost address",
        file: "crates/wahook-core/src/proof/address.rs",
        changes: &[(
            "for hop in line.as_bytes().rsplit(|byte| *byte == b',') {",
            "for hop in line.as_bytes().split(|byte| *byte == b',') {",
        )],
        package: "wahook-catalogue",
        test: "failure_21",
    },
    Break {
        what: "C22 the first item alone",
        file: "crates/wahook-providers/src/waping/mod.rs",
        changes: &[(
            "                .into_iter()\n                .for_each(",
            "                .into_iter()\n                .take(1)\n                .for_each(",
        )],
        package: "wahook-catalogue",
        test: "failure_22",
    },
    Break {
        what: "C25 what a dead worker had stays its own",
        file: "crates/wahook-sqlite/src/inbox/recall.rs",
        changes: &[("    if first {\n", "    if first && now < 0 {\n")],
        package: "wahook-catalogue",
        test: "failure_25",
    },
    Break {
        what: "C26 tried again at once",
        file: "crates/wahook-worker/src/retries.rs",
        changes: &[(
            "        jittered(self.longest_delay(attempt))",
            "        jittered(self.longest_delay(attempt)) / 1000",
        )],
        package: "wahook-catalogue",
        test: "failure_26",
    },
    Break {
        what: "C27 poison is never given up",
        file: "crates/wahook-worker/src/retries.rs",
        changes: &[(
            "Reason::Failed | Reason::Panicked | Reason::Unreadable => tired,",
            "Reason::Failed | Reason::Panicked | Reason::Unreadable => tired && times > 1000,",
        )],
        package: "wahook-catalogue",
        test: "failure_27",
    },
    Break {
        what: "C29 dead letters stay",
        file: "crates/wahook-sqlite/src/inbox/desk/sweep.rs",
        changes: &[(
            "Some(DEAD) => at.saturating_add(self.dead)",
            "Some(DEAD) => at.saturating_add(self.dead.saturating_mul(100))",
        )],
        package: "wahook-catalogue",
        test: "failure_29",
    },
    Break {
        what: "C30 taken while the store is away",
        file: "crates/wahook-core/src/endpoint.rs",
        changes: &[(
            "on_store_down: OnStoreDown::default(),",
            "on_store_down: OnStoreDown::AcceptWithoutDedupe,",
        )],
        package: "wahook-catalogue",
        test: "failure_30",
    },
    Break {
        what: "C31 a memory of a day",
        file: "crates/wahook-providers/src/wawp/mod.rs",
        changes: &[(
            "Duration::from_secs(48 * 60 * 60)",
            "Duration::from_secs(24 * 60 * 60)",
        )],
        package: "wahook-catalogue",
        test: "failure_31",
    },
    Break {
        what: "C32 a conflict is dropped",
        file: "crates/wahook-core/src/endpoint.rs",
        changes: &[(
            "on_conflict: OnConflict::default(),",
            "on_conflict: OnConflict::DropAndFlag,",
        )],
        package: "wahook-catalogue",
        test: "failure_32",
    },
];
