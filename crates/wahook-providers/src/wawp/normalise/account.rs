//! What happens around the account: session, presence, archive, calls, labels.

use wahook_core::{
    json::{Flag, Text},
    model::{
        Call, CallState, Chat, ChatAction, ChatUpdate, Data, EventKey, Identity, LabelAction, LabelUpdate,
        Presence, PresenceState, PresenceUpdate, SessionState, SessionStatus,
    },
};

use super::{
    super::event::{self, PresenceWord, SessionWord},
    Said, Scene, filled, taken, time, timed,
};

pub(super) fn session(session: event::SessionStatus, scene: &Scene<'_>) -> Said {
    let state = match &session.status {
        Some(SessionWord::Stopped) => SessionState::Stopped,
        Some(SessionWord::Starting) => SessionState::Connecting,
        Some(SessionWord::ScanQrCode) => SessionState::Qr,
        Some(SessionWord::PasskeyRequired | SessionWord::PasskeyConfirmationRequired) => {
            SessionState::Degraded
        }
        Some(SessionWord::Working) => SessionState::Connected,
        Some(SessionWord::Failed) => SessionState::Failed,
        _ => SessionState::Unknown,
    };
    // The last one of this state: the list may already be ahead of the event.
    let own_time = session
        .statuses
        .iter()
        .rev()
        .find(|past| past.status == session.status)
        .and_then(|past| time(past.timestamp.as_ref()));
    // `SCAN_QR_CODE` comes again with each code, so the event's time goes before the state's beginning.
    let at = scene.at.or(own_time);
    let raw_state = session.status.map(|status| status.into_word());
    Said {
        key: timed("session", &[raw_state.as_deref()], at),
        at,
        data: Data::SessionStatus(SessionStatus {
            state,
            raw_state,
            reason: None,
            late: None,
        }),
    }
}

/// Presences never have a natural key: every delivery is one of its own.
pub(super) fn presence(presence: event::Presence) -> Said {
    let chat = filled(presence.id.as_ref()).or(filled(presence.chat_id.as_ref()));
    let chat = chat.and_then(Chat::from_address);
    // Wawp's page has one person, flat.
    let flat = (presence.kind.is_some() || presence.from.is_some()).then(|| Presence {
        who: presence.from.as_deref().and_then(Identity::from_address),
        state: presence_state(presence.kind.as_ref()),
        last_seen: None,
    });
    let presences = presence.presences.iter().map(|one| Presence {
        who: one.participant.as_deref().and_then(Identity::from_address),
        state: presence_state(one.last_known_presence.as_ref()),
        last_seen: time(one.last_seen.as_ref()),
    });
    Said {
        key: EventKey::of_delivery("presence"),
        at: None,
        data: Data::Presence(Box::new(PresenceUpdate {
            chat,
            presences: presences.chain(flat).collect(),
        })),
    }
}

const fn presence_state(word: Option<&PresenceWord>) -> PresenceState {
    match word {
        Some(PresenceWord::Online) => PresenceState::Online,
        Some(PresenceWord::Offline) => PresenceState::Offline,
        Some(PresenceWord::Typing) => PresenceState::Typing,
        Some(PresenceWord::Recording) => PresenceState::Recording,
        Some(PresenceWord::Paused) => PresenceState::Paused,
        Some(PresenceWord::Unknown(_)) | None => PresenceState::Unknown,
    }
}

pub(super) fn archive(archive: event::ChatArchive, scene: &Scene<'_>) -> Said {
    let chat_id = taken(archive.id).or(taken(archive.chat_id));
    let action = match archive.archived.map(Flag::get) {
        Some(true) => ChatAction::Archived,
        Some(false) => ChatAction::Unarchived,
        None => ChatAction::Updated,
    };
    // The payload's time is the chat's last activity (WEBJS), which archiving does not change.
    let at = scene.at.or(time(archive.timestamp.as_ref()));
    Said {
        key: timed("chat", &[chat_id.as_deref(), Some(action.as_str())], at),
        at,
        data: Data::ChatUpdated(ChatUpdate {
            chat_id,
            action,
            status: None,
        }),
    }
}

pub(super) fn call(call: event::Call, state: CallState) -> Said {
    let at = time(call.timestamp.as_ref());
    let from = call.from.as_deref().and_then(Identity::from_address);
    let call_id = taken(call.id);
    let who = from.as_ref().and_then(Identity::key_text);
    Said {
        key: match &call_id {
            Some(id) => EventKey::new("call").part(id).part(state.as_str()),
            None => timed("call", &[who, Some(state.as_str())], at),
        },
        at,
        data: Data::Call(Call {
            call_id,
            state,
            from: from.map(Box::new),
            video: call.is_video.map(Flag::get),
            group: call.is_group.map(Flag::get),
        }),
    }
}

pub(super) fn label(event: event::LabelEvent, action: LabelAction, scene: &Scene<'_>) -> Said {
    let nested = event.label.map(|label| *label).unwrap_or_default();
    let label_id = taken(event.label_id).or(taken(nested.id)).or(taken(event.id));
    let name = taken(nested.name).or(taken(event.name));
    let color = [&nested.color, &event.color, &nested.color_hex, &event.color_hex]
        .into_iter()
        .find_map(|color| color.as_ref().map(Text::as_str));
    let chat_id = taken(event.chat_id);
    let parts = [
        label_id.as_deref(),
        Some(action.as_str()),
        chat_id.as_deref(),
        name.as_deref(),
        color,
    ];
    Said {
        key: timed("label", &parts, scene.at),
        at: None,
        data: Data::LabelUpdated(LabelUpdate {
            label_id,
            action,
            name,
            chat_id,
        }),
    }
}
