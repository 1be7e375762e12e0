//! Answers: `poll.vote`, `event.response`, and their failures.

use wahook_core::{
    json::{Flag, Number, Text},
    model::{CalendarAnswer, CalendarResponse, Chat, Data, EventKey, Identity, PollVote},
};

use super::{
    super::{
        event::{self, EngineData, RsvpWord},
        id::MessageId,
    },
    Said, Scene,
    address::{Ends, is_shared},
    filled, time,
};

pub(super) fn vote(poll: event::PollVote, failed: bool, scene: &Scene<'_>) -> Said {
    let hints = EngineData::or_none(poll.data.as_deref());
    let poll_id =
        filled(poll.poll.as_ref().and_then(|poll| poll.id.as_ref())).or(filled(poll.poll_id.as_ref()));
    let poll_message_id = poll_id.map(|id| MessageId::parse(id).bare.into());
    let vote = poll.vote.as_deref();
    let ends = Ends::new(
        scene.me,
        hints,
        vote.and_then(|vote| vote.id.as_ref()),
        vote.and_then(|vote| vote.from_me).map(Flag::get),
        [
            vote.and_then(|vote| vote.from.as_ref()),
            vote.and_then(|vote| vote.to.as_ref()),
            vote.and_then(|vote| vote.participant.as_ref()),
        ],
    );
    let at = time(vote.and_then(|vote| vote.timestamp.as_ref()));
    let own = ends.from_me == Some(true) || ends.from == Some("me");
    let voter = match filled(poll.voter.as_ref()) {
        Some(voter) => ends.person(voter),
        None if own => ends.person("me"),
        // In a group `from` may be the group, and the participant is the voter.
        None => ends
            .participant
            .or(ends.from.filter(|from| !is_shared(from)))
            .and_then(|voter| ends.person(voter)),
    };
    // Of the two ends, the one where many read, else the one that is not the account.
    let in_id = [
        ends.id.and_then(|id| id.chat),
        poll_id.and_then(|id| MessageId::parse(id).chat),
    ];
    let mut places = [ends.from, ends.to].into_iter().chain(in_id).flatten();
    let chat = places
        .clone()
        .find(|place| is_shared(place))
        .or_else(|| places.find(|place| !ends.is_me(place)))
        .and_then(Chat::from_address);
    let options: Vec<_> = vote
        .map(|vote| vote.selected_options.iter().map(Text::clone).collect())
        .unwrap_or_default();

    let own_id = ends.id.map(|id| id.bare);
    let key = match (own_id, at.or(scene.at)) {
        (None, None) => EventKey::of_delivery("poll.vote"),
        (own_id, at) => {
            let key = EventKey::new("poll.vote")
                .optional(poll_message_id.as_deref())
                .optional(own_id.or(voter.as_ref().and_then(Identity::key_text)))
                .part(if failed { "failed" } else { "read" });
            match at {
                Some(at) => key.time(at),
                None => key,
            }
        }
    };
    Said {
        key,
        at,
        data: Data::PollVote(Box::new(PollVote {
            poll_message_id,
            options,
            voter,
            failed,
            chat,
        })),
    }
}

/// An answer to an invitation; the result of a call of the API under the same name has no neutral kind.
pub(super) fn calendar(response: &event::EventResponse, failed: bool, scene: &Scene<'_>) -> Said {
    if response.is_api_result() {
        return Said::other();
    }
    let hints = EngineData::or_none(response.engine_data.as_deref());
    let ends = Ends::new(
        scene.me,
        hints,
        response.id.as_ref(),
        response.from_me.map(Flag::get),
        [
            response.from.as_ref(),
            response.to.as_ref(),
            response.participant.as_ref(),
        ],
    );
    let rsvp = response.event_response.as_ref();
    let at = time(rsvp.and_then(|rsvp| rsvp.timestamp_ms.as_ref())).or(time(response.timestamp.as_ref()));
    let invitation = response
        .event_creation_key
        .as_ref()
        .and_then(|key| key.id.as_ref());
    let event_message_id = filled(invitation).map(|id| MessageId::parse(id).bare.into());
    let word = rsvp.and_then(|rsvp| rsvp.response.as_ref());
    let raw_response = word.map(|word| Text::from(word.as_str()));
    let responder = ends.sender();
    let key = match (ends.id, at.or(scene.at)) {
        (Some(id), _) => EventKey::new("calendar.response")
            .part(id.bare)
            .optional(raw_response.as_deref()),
        (None, Some(at)) => EventKey::new("calendar.response")
            .optional(event_message_id.as_deref())
            .optional(responder.as_ref().and_then(Identity::key_text))
            .optional(raw_response.as_deref())
            .time(at),
        (None, None) => EventKey::of_delivery("calendar.response"),
    };
    Said {
        key,
        at,
        data: Data::CalendarResponse(Box::new(CalendarResponse {
            event_message_id,
            response: match word {
                Some(RsvpWord::Going) => CalendarAnswer::Going,
                Some(RsvpWord::NotGoing) => CalendarAnswer::NotGoing,
                Some(RsvpWord::Maybe) => CalendarAnswer::Maybe,
                _ => CalendarAnswer::Unknown,
            },
            raw_response,
            extra_guests: rsvp
                .and_then(|rsvp| rsvp.extra_guest_count.as_ref())
                .and_then(Number::to_i64)
                .and_then(|count| u32::try_from(count).ok()),
            responder,
            chat: ends.chat(),
            failed: failed || rsvp.is_none(),
        })),
    }
}
