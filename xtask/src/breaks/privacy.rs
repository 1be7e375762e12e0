//! Leaks, planted one by one: what shows them is the search for canaries.

use super::Break;

pub(super) const BREAKS: &[Break] = &[
    Break {
        what: "P1 a token in a log",
        file: "crates/wahook-tower/src/verify/service.rs",
        changes: &[(
            "            settings.endpoint.verifier().redact(&mut head);\n",
            "            tracing::debug!(target: \"wahook\", uri = %head.uri, \"verified\");\n            settings.endpoint.verifier().redact(&mut head);\n",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 a genuine signature in a log",
        file: "crates/wahook-tower/src/verify/service.rs",
        changes: &[(
            "            if let Some(taken) = taken {\n",
            "            tracing::debug!(target: \"wahook\", mac = ?head.headers.get(\"x-wap-signature\"), \"verified\");\n            if let Some(taken) = taken {\n",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 a number in a log",
        file: "crates/wahook-worker/src/lane.rs",
        changes: &[(
            "        let outcome = self.hand_over(&events).await;\n",
            "        tracing::debug!(target: \"wahook\", chat = ?events.first().and_then(Event::chat), \"handing over\");\n        let outcome = self.hand_over(&events).await;\n",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 what a receiver says is an error text",
        file: "crates/wahook-gateway/src/sinks/http/answer.rs",
        changes: &[(
            "format!(\"the receiver answered {}{advice}\", status.as_u16()),",
            "format!(\"the receiver answered {}{advice} {headers:?}\", status.as_u16()),",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 a text is the label of a metric",
        file: "crates/wahook-gateway/src/metrics/bounds.rs",
        changes: &[(
            "name.filter(|name| is_plain(name))",
            "name.filter(|name| !is_plain(name))",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 what a panic says is logged",
        file: "crates/wahook-worker/src/lane.rs",
        changes: &[(
            "said = call => said.map_or(Outcome::Broken(Reason::Panicked), Outcome::Said),",
            "said = call => said.map_or_else(|panic| { tracing::error!(target: \"wahook\", \"{:?}\", panic.downcast_ref::<String>()); Outcome::Broken(Reason::Panicked) }, Outcome::Said),",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
    Break {
        what: "P1 a verified body shows itself",
        file: "crates/wahook-core/src/verified.rs",
        changes: &[(
            ".field(\"body_bytes\", &self.body.len())",
            ".field(\"body\", &self.body)",
        )],
        package: "wahook-gateway",
        test: "p1_no_canary_comes_out_of_any_path",
    },
];
