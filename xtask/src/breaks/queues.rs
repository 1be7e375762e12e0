//! What a sink promises whose target is a broker. Those of servers are tested against real ones.

use super::Break;

pub(super) const BREAKS: &[Break] = &[
    Break {
        what: "I3 NATS is not waited for",
        file: "crates/wahook-nats/src/sink.rs",
        changes: &[(
            "            Ok(acknowledged) => acknowledged.await,\n",
            "            Ok(acknowledged) if false => acknowledged.await,\n            Ok(_) => return Ok(()),\n",
        )],
        package: "wahook-nats",
        test: "contract::i3_",
    },
    Break {
        what: "I4 NATS is told no id",
        file: "crates/wahook-nats/src/sink.rs",
        changes: &[(
            "            .message_id(header_identity(event));\n",
            "            .message_id(event.key.to_string());\n        let _ = header_identity(event);\n",
        )],
        package: "wahook-nats",
        test: "contract::i4_",
    },
    Break {
        what: "I3 RabbitMQ may drop what no queue takes",
        file: "crates/wahook-rabbitmq/src/sink.rs",
        changes: &[("mandatory: true,", "mandatory: false,")],
        package: "wahook-rabbitmq",
        test: "contract::i3_a_target_that_",
    },
    Break {
        what: "I3 RabbitMQ says no, and that is a yes",
        file: "crates/wahook-rabbitmq/src/sink.rs",
        changes: &[("if confirmed.is_ack() =>", "if !confirmed.is_ack() || true =>")],
        package: "wahook-rabbitmq",
        test: "contract::i3_a_target_that_",
    },
    Break {
        what: "I3 RabbitMQ has several messages on their way on one channel",
        file: "crates/wahook-rabbitmq/src/pool.rs",
        changes: &[(
            "            lock(&self.pool.idle).push(self.channel.clone());\n",
            "            lock(&self.pool.idle).extend([self.channel.clone(), self.channel.clone()]);\n",
        )],
        package: "wahook-rabbitmq",
        test: "lanes::i3_",
    },
    Break {
        what: "I3 RabbitMQ keeps messages in memory",
        file: "crates/wahook-rabbitmq/src/sink.rs",
        changes: &[("const PERSISTENT: u8 = 2;", "const PERSISTENT: u8 = 1;")],
        package: "wahook-rabbitmq",
        test: "contract::i3_",
    },
    Break {
        what: "I3 Redis is not listened to",
        file: "crates/wahook-redis/src/stream.rs",
        changes: &[(
            "        self.ask(&command).await.map_err(failed)\n",
            "        let _ = self.ask(&command).await.map_err(failed);\n        Ok(())\n",
        )],
        package: "wahook-redis",
        test: "stream_contract::i3_",
    },
    Break {
        what: "P a lane of Redis is its chat",
        file: "crates/wahook-redis/src/stream.rs",
        changes: &[(
            "field(\"lane\", message.lane.as_bytes());",
            "field(\"lane\", event.key.as_bytes());",
        )],
        package: "wahook-redis",
        test: "stream_contract::p_",
    },
    Break {
        what: "I3 Kafka's report is not waited for",
        file: "crates/wahook-kafka/src/sink.rs",
        changes: &[(
            "            Ok(report) => report.await,\n",
            "            Ok(report) if false => report.await,\n            Ok(_) => return Ok(()),\n",
        )],
        package: "wahook-kafka",
        test: "i3_",
    },
    Break {
        what: "P Kafka's messages have no key",
        file: "crates/wahook-kafka/src/sink.rs",
        changes: &[(".key(&message.lane)", ".key(\"\")")],
        package: "wahook-kafka",
        test: "contract::",
    },
    Break {
        what: "I3 Kafka's producer that cannot go on stays",
        file: "crates/wahook-kafka/src/sink.rs",
        changes: &[
            (
                "known.as_ref().filter(|producer| !cannot_go_on(producer))",
                "known.as_ref().filter(|_| true)",
            ),
            (
                "if needs_another(&error) {",
                "if false && needs_another(&error) {",
            ),
        ],
        package: "wahook-kafka",
        test: "i3_",
    },
];
