//! What librdkafka says, in words of ours: its own name brokers and topics.

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode as Code};
use wahook_core::sink::{SinkError, SinkErrorKind};

/// Why an event was not confirmed. `cause` is what was last wrong with the connection.
pub(crate) fn failed(error: &KafkaError, cause: Option<Code>) -> SinkError {
    let Some(code) = error.rdkafka_error_code() else {
        return away("the message cannot be handed to the client");
    };
    let text = match code {
        Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::InvalidMessage => {
            let text = "the event is larger than the topic takes (message.max.bytes), or than 1 MB: leave the provider's JSON \
                        out with raw = false";
            return SinkError::new(SinkErrorKind::Refused, text);
        }
        Code::MessageTimedOut => match cause.and_then(connection) {
            Some(cause) => return away(format!("the brokers did not confirm in time: {cause}")),
            None => "the brokers did not confirm in time",
        },
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => {
            "there is no such topic; make it, as the sink makes none"
        }
        Code::InvalidTopic => "the topic has a name that Kafka does not take",
        Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => {
            "the brokers refuse it: the user may not write to the topic"
        }
        Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend => {
            "too few replicas are in sync (min.insync.replicas)"
        }
        Code::QueueFull => "too much waits for the brokers already",
        code => return away(format!("the brokers did not take it: {code:?}")),
    };
    away(text)
}

/// Whether another producer may fare better: brokers may have lost what they knew of this one, and say so in many ways.
pub(crate) fn needs_another(error: &KafkaError) -> bool {
    error.rdkafka_error_code().is_some_and(|code| {
        !matches!(
            code,
            Code::MessageSizeTooLarge
                | Code::InvalidMessageSize
                | Code::InvalidMessage
                | Code::MessageTimedOut
                | Code::UnknownTopic
                | Code::UnknownTopicOrPartition
                | Code::UnknownPartition
                | Code::InvalidTopic
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::NotEnoughReplicas
                | Code::NotEnoughReplicasAfterAppend
                | Code::QueueFull
        )
    })
}

/// What is wrong with the connection, if that is worth a word.
fn connection(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Authentication | Code::SaslAuthenticationFailed => {
            "they refuse user and password, or the mechanism"
        }
        Code::SSL => {
            "there is no TLS with them: the file `ca` names the authority of their certificates, and the address the names that \
             stand in these"
        }
        Code::Resolve => "their names cannot be resolved",
        Code::BrokerTransportFailure | Code::AllBrokersDown => "there is no connection to them",
        _ => return None,
    })
}

/// Whatever the event: all lanes had better wait.
pub(crate) fn away(text: impl Into<String>) -> SinkError {
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}
