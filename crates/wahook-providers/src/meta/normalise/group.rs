//! Groups.

use wahook_core::{
    json::{Flag, Text},
    model::{Data, EventKey, GroupAction, GroupUpdate, Identity, Participants, ParticipantsAction},
};

use super::{
    super::event::{Group, GroupEvent, Member, Setting},
    Said, filled, occurrence, said_of, taken, time, who,
};

/// Something happened to a group (groups/webhooks, 2026-02).
pub(super) fn group(group: Group) -> Said {
    let at = time(group.timestamp.as_ref());
    let key = key(&group);
    let people = |group: Group, action, participants: Vec<Identity>| {
        Data::GroupParticipants(Participants {
            group_id: taken(group.group_id),
            action,
            participants,
            actor: None,
        })
    };
    let data = match group.kind.clone() {
        Some(kind @ (GroupEvent::Added | GroupEvent::Removed)) => {
            let mut group = group;
            let (members, action) = if kind == GroupEvent::Added {
                (
                    std::mem::take(&mut group.added_participants),
                    ParticipantsAction::Join,
                )
            } else {
                (
                    std::mem::take(&mut group.removed_participants),
                    ParticipantsAction::Leave,
                )
            };
            let members: Vec<_> = members.into_iter().filter_map(who::member).collect();
            // With nobody it succeeded.
            if members.is_empty() {
                return Said::other(key, at);
            }
            people(group, action, members)
        }
        Some(kind @ (GroupEvent::JoinRequested | GroupEvent::JoinRevoked)) => {
            let action = if kind == GroupEvent::JoinRequested {
                ParticipantsAction::JoinRequested
            } else {
                ParticipantsAction::RequestRevoked
            };
            let mut who_asks = Member::default();
            who_asks.wa_id.clone_from(&group.wa_id);
            who_asks.user_id.clone_from(&group.user_id);
            who_asks.username.clone_from(&group.username);
            people(group, action, who::member(who_asks).into_iter().collect())
        }
        // Not even the making of it succeeded.
        Some(GroupEvent::Created | GroupEvent::Deleted) if !group.errors.is_empty() => {
            return Said::other(key, at);
        }
        Some(GroupEvent::Created | GroupEvent::Deleted) => Data::GroupUpdated(GroupUpdate {
            group_id: taken(group.group_id),
            // It was made or deleted, for which there is no neutral word.
            action: GroupAction::Unknown,
            subject: taken(group.subject),
            description: taken(group.description),
        }),
        Some(GroupEvent::Suspended | GroupEvent::SuspensionCleared) => updated(group),
        // Samples of settings have a type that the page does not list (groups/webhooks, 2026-02).
        Some(GroupEvent::Settings) | None if is_changed(&group) => updated(group),
        Some(GroupEvent::Settings | GroupEvent::Unknown(_)) | None => return Said::other(key, at),
    };
    Said::new(data, key, at)
}

fn updated(group: Group) -> Data {
    let changed =
        |setting: Option<Setting>| setting.filter(succeeded).and_then(|setting| taken(setting.text));
    Data::GroupUpdated(GroupUpdate {
        group_id: taken(group.group_id),
        action: GroupAction::Updated,
        subject: changed(group.group_subject),
        description: changed(group.group_description),
    })
}

/// Whether any of its settings was changed.
fn is_changed(group: &Group) -> bool {
    [
        &group.profile_picture,
        &group.group_subject,
        &group.group_description,
    ]
    .into_iter()
    .flatten()
    .any(succeeded)
}

fn succeeded(setting: &Setting) -> bool {
    setting.update_successful.is_none_or(Flag::get)
}

/// What a key says beside members: what ends three lists, two ids, and three of each of three settings.
const OTHERS: usize = 3 + 2 + 9;

/// The request's id where there is one, else the time; with what it says in either case: one request may be told in parts
/// (groups/webhooks, 2026-02).
fn key(group: &Group) -> EventKey {
    let request = filled(group.request_id.as_ref()).or_else(|| filled(group.join_request_id.as_ref()));
    let settings = [
        &group.profile_picture,
        &group.group_subject,
        &group.group_description,
    ];
    // Settings are what they are without a type as well.
    let untyped = settings
        .iter()
        .any(|setting| setting.is_some())
        .then_some(&GroupEvent::Settings);
    let kind = group.kind.as_ref().or(untyped).map(GroupEvent::as_str);
    let lists = [
        &group.added_participants,
        &group.removed_participants,
        &group.failed_participants,
    ];
    let mut says = Vec::with_capacity(lists.iter().map(|list| list.len()).sum::<usize>() + OTHERS);
    for list in lists {
        says.extend(list.iter().map(|member| {
            filled(member.user_id.as_ref())
                .or_else(|| filled(member.wa_id.as_ref()))
                .or_else(|| filled(member.parent_user_id.as_ref()))
                .or_else(|| filled(member.input.as_ref()))
        }));
        // Who came and who went are two things.
        says.push(Some(";"));
    }
    says.extend([filled(group.wa_id.as_ref()), filled(group.user_id.as_ref())]);
    for setting in settings {
        let setting = setting.as_ref();
        let text = |of: fn(&Setting) -> Option<&Text>| filled(setting.and_then(of));
        says.extend([
            text(|setting| setting.text.as_ref()),
            text(|setting| setting.sha256.as_ref()),
        ]);
        says.push(setting.map(|setting| if succeeded(setting) { "1" } else { "0" }));
    }
    let about = [filled(group.group_id.as_ref()), kind, request];
    if request.is_some() {
        said_of("group", &about, &says)
    } else {
        occurrence("group", &about, &says, time(group.timestamp.as_ref()))
    }
}
