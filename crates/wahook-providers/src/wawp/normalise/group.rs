//! Groups: who came and went, what changed, who asks to join.

use jiff::Timestamp;
use wahook_core::{
    guard::Digest,
    json::{Flag, Text},
    model::{Data, EventKey, GroupAction, GroupUpdate, Identity, Participants, ParticipantsAction},
};

use super::{
    super::event::{Group, Participant},
    Said, Scene,
    address::beside,
    filled, timed,
};

/// `group.v2.join` and `group.join`.
///
/// Of others on Wawp's page, of the account in WAHA: the participants tell, and without any it is the account.
pub(super) fn came(group: Group, scene: &Scene<'_>) -> Said {
    moved(group, ParticipantsAction::Join, GroupAction::Joined, scene)
}

/// `group.v2.leave` and `group.leave`.
pub(super) fn went(group: Group, scene: &Scene<'_>) -> Said {
    moved(group, ParticipantsAction::Leave, GroupAction::Left, scene)
}

fn moved(group: Group, others: ParticipantsAction, own: GroupAction, scene: &Scene<'_>) -> Said {
    // The deprecated event of NOWEB is a whole group, whose participants are all its members.
    let named = !group.recipient_ids.is_empty() || (!group.participants.is_empty() && is_listed(&group));
    if named {
        people(group, others, scene)
    } else {
        update(&group, own, scene)
    }
}

fn is_listed(group: &Group) -> bool {
    group.chat_id.is_some() || group.group.is_some()
}

/// `group.v2.update`.
pub(super) fn updated(group: &Group, scene: &Scene<'_>) -> Said {
    update(group, GroupAction::Updated, scene)
}

/// `group.v2.participants`, and `group.participants.update` of Wawp's overview.
pub(super) fn participants(group: Group, scene: &Scene<'_>) -> Said {
    let word = filled(group.kind.as_ref()).or(filled(group.action.as_ref()));
    let action = match word {
        Some("join" | "add") => ParticipantsAction::Join,
        Some("leave" | "remove") => ParticipantsAction::Leave,
        Some("promote") => ParticipantsAction::Promote,
        Some("demote") => ParticipantsAction::Demote,
        _ => ParticipantsAction::Unknown,
    };
    people(group, action, scene)
}

/// `group.v2.participants.join-request`.
pub(super) fn join_request(mut group: Group, scene: &Scene<'_>) -> Said {
    let action = match filled(group.action.as_ref()) {
        Some("created") => ParticipantsAction::JoinRequested,
        Some("rejected") => ParticipantsAction::RequestRejected,
        Some("revoked") => ParticipantsAction::RequestRevoked,
        _ => ParticipantsAction::Unknown,
    };
    group.participants = vec![Participant {
        id: group.requester_id.take(),
        pn: group.requester_pn.take(),
        role: None,
    }];
    people(group, action, scene)
}

fn people(group: Group, action: ParticipantsAction, scene: &Scene<'_>) -> Said {
    let at = time(&group);
    let group_id = address(&group);
    let word = filled(group.kind.as_ref()).or(filled(group.action.as_ref()));
    let actor = filled(group.author.as_ref()).and_then(Identity::from_address);
    let recipients = group
        .recipient_ids
        .iter()
        .filter_map(|id| Identity::from_address(id.as_str()));
    let participants: Vec<_> = group
        .participants
        .iter()
        .filter_map(person)
        .chain(recipients)
        .collect();
    let who: Vec<_> = participants.iter().filter_map(Identity::key_text).collect();
    let word = match action {
        ParticipantsAction::Unknown => word,
        known => Some(known.as_str()),
    };
    let parts = [group_id.as_deref(), word, Some(&*who.join(","))];
    Said {
        key: timed("group.participants", &parts, at.or(scene.at)),
        at,
        data: Data::GroupParticipants(Participants {
            group_id,
            action,
            participants,
            actor: actor.map(Box::new),
        }),
    }
}

/// The phone number address may stand first or second.
fn person(participant: &Participant) -> Option<Identity> {
    let [id, pn] = [&participant.id, &participant.pn].map(|text| filled(text.as_ref()));
    Some(beside(Identity::from_address(id.or(pn)?)?, pn))
}

fn update(group: &Group, action: GroupAction, scene: &Scene<'_>) -> Said {
    let at = time(group);
    let group_id = address(group);
    let info = group.group.as_deref();
    let text = |of_info: Option<&Text>, of_group: Option<&Text>| of_info.or(of_group).cloned();
    let subject = text(
        info.and_then(|info| info.subject.as_ref()),
        group.subject.as_ref(),
    );
    let description = text(
        info.and_then(|info| info.description.as_ref()),
        group.description.as_ref(),
    );
    // Two changes may share one second: what changed tells them apart.
    let changed = Digest::of(
        format!(
            "{subject:?}{description:?}{:?}{:?}",
            info.and_then(|info| info.invite.as_deref()),
            info.map(|info| {
                [
                    info.members_can_add_new_member,
                    info.members_can_send_messages,
                    info.new_members_approval_required,
                ]
                .map(|flag| flag.map(Flag::get))
            }),
        )
        .as_bytes(),
    )
    .to_string();
    let key: EventKey = match action {
        GroupAction::Updated => timed(
            "group",
            &[group_id.as_deref(), Some(action.as_str()), Some(&changed)],
            at.or(scene.at),
        ),
        _ => timed(
            "group",
            &[group_id.as_deref(), Some(action.as_str())],
            at.or(scene.at),
        ),
    };
    Said {
        key,
        at,
        data: Data::GroupUpdated(GroupUpdate {
            group_id,
            action,
            subject,
            description,
        }),
    }
}

fn time(group: &Group) -> Option<Timestamp> {
    super::time(group.timestamp.as_ref())
}

/// The group's address: in the group, else in `chatId`, else in the `id` of deprecated events, which is a group's only
/// in NOWEB.
fn address(group: &Group) -> Option<Text> {
    let of_info = group.group.as_ref().and_then(|info| info.id.as_ref());
    filled(of_info)
        .or(filled(group.chat_id.as_ref()))
        .map(Text::from)
        .or_else(|| {
            let id = group.id.as_ref()?.read::<Text>().ok()?;
            id.ends_with("@g.us").then_some(id)
        })
}
