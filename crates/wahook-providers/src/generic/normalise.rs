//! From what was read to the event model (N4), and the keys of events (G10).

use wahook_core::{
    guard::Digest,
    json::{Raw, Text},
    model::{
        AccountUpdate, CalendarAnswer, CalendarResponse, Call, CallState, Chat, ChatAction, ChatUpdate,
        ContactUpdate, Data, Deleted, Direction, Draft, Edited, EventKey, GroupAction, GroupUpdate, Identity,
        Kind, LabelAction, LabelUpdate, Message, MessageState, NameSource, OrderUpdate, Origin, OtherData,
        Participants, ParticipantsAction, PollVote, Presence, PresenceState, PresenceUpdate, Reaction,
        ReplyTo, SessionState, SessionStatus, StatusError, StatusUpdate, TemplateStatus,
    },
};

use super::{
    content,
    event::Event,
    fields::Fields,
    identity::{SplitId, is_nobody, with},
    reader::{NamePlace, Reader, flag},
    said::{Said, of_id},
};

impl Reader {
    pub(super) const fn name_source(&self) -> NameSource {
        match self.event {
            Some(NamePlace::Header(_)) => NameSource::Header,
            Some(NamePlace::Body(_)) | None => NameSource::Body,
        }
    }

    pub(super) fn draft(&self, event: Event, raw: Raw) -> Draft {
        let Event {
            name,
            kind,
            account,
            tenant,
            account_identity,
            occurred_at,
            mut fields,
        } = event;
        let said = Said {
            at: occurred_at,
            state: fields.state.take(),
        };
        let (data, key) = self.data(kind, &mut fields, said);
        Draft {
            account,
            tenant,
            account_identity,
            name: Some((name, self.name_source())),
            occurred_at,
            data,
            key,
            raw,
        }
    }

    fn data(&self, kind: Kind, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        match kind {
            Kind::MessageReceived => self.message(fields, true),
            Kind::MessageSent => self.message(fields, false),
            Kind::MessageStatus => self.status(fields, said),
            Kind::MessageReaction => self.reaction(fields, &said),
            Kind::MessageEdited => self.edited(fields, &said),
            Kind::MessageDeleted => self.deleted(fields),
            Kind::PollVote => self.vote(fields, &said),
            Kind::Call => self.call(fields, said),
            Kind::Presence => self.presence(fields, said),
            Kind::GroupParticipants => self.participants(fields, said),
            Kind::SessionStatus => self.session(fields, said),
            other => self.change(other, fields, said),
        }
    }

    /// Made where it stays: it is large to move.
    fn message(&self, fields: &mut Fields, inbound: bool) -> (Data, EventKey) {
        let id = self.own_id(fields);
        let key = of_id("message", id.as_ref().map(|id| &*id.bare));
        let mut message = Box::<Message>::default();
        let Message {
            sender,
            recipient,
            chat,
            ..
        } = &mut *message;
        self.sender(sender, fields);
        self.recipient(recipient, fields);
        let person = if inbound { sender } else { recipient };
        *chat = self.chat(fields, id.as_ref(), person.as_ref());
        // In a conversation of two it can only be the other one.
        if person.as_ref().is_none_or(is_nobody) {
            let name = person.take();
            *person = self.partner(chat.as_ref()).map(|partner| with(partner, name));
        }
        message.message_id = id.map(|id| id.bare);
        message.reply_to = fields.reply_to.take().map(|id| {
            Box::new(ReplyTo {
                message_id: Some(self.split_id(id).bare),
                ..ReplyTo::default()
            })
        });
        message.forwarded = fields.forwarded.take().and_then(|text| flag(&text));
        message.content = content::of(&self.words, fields);
        if inbound {
            (message.direction, message.origin) = (Direction::Inbound, Origin::Contact);
            (Data::MessageReceived(message), key)
        } else {
            message.direction = Direction::Outbound;
            (Data::MessageSent(message), key)
        }
    }

    fn status(&self, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let id = self.own_id(fields);
        let mut update = Box::<StatusUpdate>::default();
        self.recipient(&mut update.recipient, fields);
        update.chat = self.chat(fields, id.as_ref(), update.recipient.as_ref());
        update.message_id = id.map(|id| id.bare);
        let state = said.word(self);
        let key = match &update.message_id {
            Some(id) => EventKey::new("status")
                .part(id)
                .optional(update.recipient.as_ref().and_then(Identity::key_text))
                .optional(state.as_deref()),
            None => EventKey::of_delivery("status"),
        };
        let error = StatusError {
            code: fields.error_code.take(),
            title: fields.error_title.take(),
            detail: fields.error_detail.take(),
        };
        if error != StatusError::default() {
            update.errors.push(error);
        }
        update.state = state.as_deref().map(MessageState::from).unwrap_or_default();
        update.raw_state = said.state;
        (Data::MessageStatus(update), key)
    }

    fn reaction(&self, fields: &mut Fields, said: &Said) -> (Data, EventKey) {
        let own_id = self.own_id(fields);
        let target = self.target(fields);
        let (sender, chat) = self.scene(fields, own_id.as_ref());
        let emoji = fields.emoji.take();
        let key = EventKey::new("reaction").optional(target.as_deref());
        let key = match (own_id, said.at) {
            // The reaction is a message of its own.
            (Some(id), _) => key.part(&id.bare).optional(emoji.as_deref()),
            (None, Some(at)) => key
                .optional(sender.as_ref().and_then(Identity::key_text))
                .optional(emoji.as_deref())
                .time(at),
            (None, None) => EventKey::of_delivery("reaction"),
        };
        let reaction = Reaction {
            target_message_id: target,
            removed: emoji.is_none(),
            emoji,
            sender,
            chat,
        };
        (Data::MessageReaction(Box::new(reaction)), key)
    }

    fn edited(&self, fields: &mut Fields, said: &Said) -> (Data, EventKey) {
        let own_id = self.own_id(fields);
        let target = self.target(fields);
        let text = fields.text.clone();
        let edited = Edited {
            chat: self.scene(fields, own_id.as_ref()).1,
            previous_text: fields.previous_text.take(),
            content: content::of(&self.words, fields),
            target_message_id: target,
        };
        let key = EventKey::new("edit").optional(edited.target_message_id.as_deref());
        let own_id = own_id.filter(|id| edited.target_message_id.as_ref() != Some(&id.bare));
        let key = match (own_id, text, said.at) {
            (Some(id), _, _) => key.part(&id.bare),
            // There and back again is three texts of which two are the same: the time tells them apart.
            (None, Some(text), Some(at)) => key.part(&Digest::of(text.as_bytes()).to_string()).time(at),
            _ => EventKey::of_delivery("edit"),
        };
        (Data::MessageEdited(Box::new(edited)), key)
    }

    fn deleted(&self, fields: &mut Fields) -> (Data, EventKey) {
        let own_id = self.own_id(fields);
        let target = self.target(fields);
        let key = of_id("delete", target.as_deref());
        let (by, chat) = self.scene(fields, own_id.as_ref());
        let deleted = Deleted {
            target_message_id: target,
            by,
            chat,
        };
        (Data::MessageDeleted(Box::new(deleted)), key)
    }

    fn vote(&self, fields: &mut Fields, said: &Said) -> (Data, EventKey) {
        let own_id = self.own_id(fields);
        let (voter, chat) = self.scene(fields, own_id.as_ref());
        let vote = PollVote {
            poll_message_id: self.target(fields),
            options: std::mem::take(&mut fields.options),
            chat,
            voter,
            failed: false,
        };
        let who = vote.voter.as_ref().and_then(Identity::key_text);
        let key = EventKey::new("poll.vote").optional(vote.poll_message_id.as_deref());
        let key = match (own_id, said.at) {
            (Some(id), _) => key.part(&id.bare),
            (None, Some(at)) => key.optional(who).time(at),
            (None, None) => EventKey::of_delivery("poll.vote"),
        };
        (Data::PollVote(Box::new(vote)), key)
    }

    fn call(&self, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let state = said.word(self);
        let call = Call {
            call_id: fields.object_id.take(),
            state: state.as_deref().map(CallState::from).unwrap_or_default(),
            from: self.actor(fields),
            video: fields.video.take().and_then(|text| flag(&text)),
            group: None,
        };
        let key = match (&call.call_id, &state) {
            (Some(id), Some(state)) => EventKey::new("call").part(id).part(state),
            _ => said.timed("call", &[call.call_id.as_deref(), state.as_deref()]),
        };
        (Data::Call(call), key)
    }

    fn presence(&self, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let (who, chat) = self.scene(fields, None);
        let state = said.word(self).as_deref().map(PresenceState::from);
        let update = PresenceUpdate {
            chat,
            presences: vec![Presence {
                who,
                state: state.unwrap_or_default(),
                last_seen: None,
            }],
        };
        (
            Data::Presence(Box::new(update)),
            EventKey::of_delivery("presence"),
        )
    }

    fn participants(&self, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let action = said.word(self);
        let list = std::mem::take(&mut fields.participants);
        let participants = Participants {
            group_id: fields.chat.take(),
            action: action
                .as_deref()
                .map(ParticipantsAction::from)
                .unwrap_or_default(),
            participants: list.into_iter().filter_map(|one| self.identity(one)).collect(),
            actor: self.actor(fields),
        };
        let mut parts = vec![participants.group_id.as_deref(), action.as_deref()];
        parts.extend(participants.participants.iter().map(Identity::key_text));
        let key = said.timed("group.participants", &parts);
        (Data::GroupParticipants(participants), key)
    }

    fn session(&self, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let state = said.word(self);
        let key = said.timed("session", &[state.as_deref()]);
        let status = SessionStatus {
            state: state.as_deref().map(SessionState::from).unwrap_or_default(),
            raw_state: said.state,
            reason: fields.reason.take(),
            late: None,
        };
        (Data::SessionStatus(status), key)
    }

    /// What happens around the account: an id, a state, and little else.
    fn change(&self, kind: Kind, fields: &mut Fields, said: Said) -> (Data, EventKey) {
        let state = said.word(self);
        let word = state.as_deref();
        let id = match kind {
            Kind::GroupUpdated | Kind::ChatUpdated => fields.chat.take().or_else(|| fields.object_id.take()),
            Kind::CalendarResponse => self.target(fields),
            _ => fields.object_id.take(),
        };
        let key = said.timed(kind.as_str(), &[id.as_deref(), word]);
        let data = match kind {
            Kind::GroupUpdated => Data::GroupUpdated(GroupUpdate {
                group_id: id,
                action: word.map_or(GroupAction::Updated, GroupAction::from),
                subject: fields.name.take(),
                description: fields.description.take(),
            }),
            Kind::ChatUpdated => Data::ChatUpdated(ChatUpdate {
                chat_id: id,
                action: match word.map(ChatAction::from) {
                    Some(action @ (ChatAction::Archived | ChatAction::Unarchived)) => action,
                    _ => ChatAction::Updated,
                },
                status: said.state,
            }),
            Kind::ContactUpdated => Data::ContactUpdated(ContactUpdate {
                contact_id: id,
                identity: self.actor(fields),
            }),
            Kind::LabelUpdated => Data::LabelUpdated(LabelUpdate {
                label_id: id,
                action: word.map(LabelAction::from).unwrap_or_default(),
                name: fields.name.take(),
                chat_id: fields.chat.take(),
            }),
            Kind::TemplateStatus => Data::TemplateStatus(TemplateStatus {
                template_id: id,
                name: fields.name.take(),
                state: state.clone(),
                reason: fields.reason.take(),
            }),
            Kind::OrderUpdated => Data::OrderUpdated(OrderUpdate {
                order_id: id,
                status: said.state,
            }),
            Kind::CalendarResponse => {
                let (responder, chat) = self.scene(fields, None);
                Data::CalendarResponse(Box::new(CalendarResponse {
                    event_message_id: id,
                    response: word.map(CalendarAnswer::from).unwrap_or_default(),
                    raw_response: said.state,
                    chat,
                    responder,
                    ..CalendarResponse::default()
                }))
            }
            Kind::AccountUpdated => Data::AccountUpdated(AccountUpdate {
                subject: fields.name.take(),
                status: said.state,
                reason: fields.reason.take(),
            }),
            _ => return (Data::Other(OtherData {}), EventKey::of_delivery("other")),
        };
        (data, key)
    }

    fn own_id(&self, fields: &mut Fields) -> Option<SplitId> {
        fields.message_id.take().map(|id| self.split_id(id))
    }

    fn target(&self, fields: &mut Fields) -> Option<Text> {
        fields.target_message_id.take().map(|id| self.split_id(id).bare)
    }

    /// Who did it.
    fn actor(&self, fields: &mut Fields) -> Option<Box<Identity>> {
        let mut sender = None;
        self.sender(&mut sender, fields);
        sender.map(Box::new)
    }

    /// Who, and where.
    fn scene(&self, fields: &mut Fields, id: Option<&SplitId>) -> (Option<Identity>, Option<Chat>) {
        let from_me = fields.from_me.take().and_then(|text| flag(&text));
        let from_me = from_me.or_else(|| id?.from_me);
        let mut sender = None;
        self.sender(&mut sender, fields);
        let chat = self.chat(fields, id, sender.as_ref());
        if from_me == Some(false) && sender.as_ref().is_none_or(is_nobody) {
            let name = sender.take();
            sender = self.partner(chat.as_ref()).map(|partner| with(partner, name));
        }
        (sender, chat)
    }
}
