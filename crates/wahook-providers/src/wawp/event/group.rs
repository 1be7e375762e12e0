//! `group.v2.*`, the deprecated `group.join` and `group.leave`, and the alias `group.participants.update`.

use wahook_core::json::{Flag, Number, Raw, Text};

use super::object::{object, text_or_object};

object! {
    /// Something happened to a group. Which members are there depends on the event, on the engine, and on the page.
    pub struct Group {
        /// Seconds since 1970 in WEBJS and WPP, milliseconds in NOWEB and GOWS.
        timestamp: Option<Number> = "timestamp",
        /// The group; in updates only what changed.
        group: Option<Box<GroupInfo>> = "group",
        /// The group, on Wawp's pages and in deprecated events.
        chat_id: Option<Text> = "chatId",
        /// What happened to the participants.
        kind: Option<Text> = "type",
        /// What happened: to the participants on Wawp's page, to the request in a join request.
        action: Option<Text> = "action",
        /// Those to whom it happened.
        participants: Vec<Participant> = "participants",
        /// The new name, on Wawp's page.
        subject: Option<Text> = "subject",
        /// The new description, on Wawp's page.
        description: Option<Text> = "description" | "desc",
        /// Who asks to join.
        requester_id: Option<Text> = "requesterId",
        /// The phone number address of who asks to join.
        requester_pn: Option<Text> = "requesterPn",
        /// How the request was made.
        request_method: Option<RequestMethod> = "requestMethod",
        /// In deprecated events: a text, or an object of the engine.
        id: Option<Raw> = "id",
        /// In deprecated events: who did it.
        author: Option<Text> = "author",
        /// In deprecated events: a text.
        body: Option<Text> = "body",
        /// In deprecated events: to whom it happened.
        recipient_ids: Vec<Text> = "recipientIds",
        /// The engine's own event.
        data: Option<Raw> = "_data",
    }
}

object! {
    /// A group, or what changed of it.
    pub struct GroupInfo {
        /// Its address.
        id: Option<Text> = "id",
        /// Its name.
        subject: Option<Text> = "subject",
        /// Its description.
        description: Option<Text> = "description",
        /// The invitation: a URL, or in WEBJS its code alone.
        invite: Option<Text> = "invite",
        /// Whether members may add members.
        members_can_add_new_member: Option<Flag> = "membersCanAddNewMember",
        /// Whether members may write.
        members_can_send_messages: Option<Flag> = "membersCanSendMessages",
        /// Whether administrators must approve new members.
        new_members_approval_required: Option<Flag> = "newMembersApprovalRequired",
        /// Its members.
        participants: Vec<Participant> = "participants",
    }
}

text_or_object! {
    /// A member of a group; on Wawp's pages the address alone, as a text.
    pub struct Participant by id {
        /// Address.
        id: Option<Text> = "id",
        /// The phone number address beside a hidden one.
        pn: Option<Text> = "pn",
        /// Role; NOWEB says `admin` for one who is so no more, the event's `type` is the truth.
        role: Option<Role> = "role",
    }
}

wahook_core::open_enum! {
    /// A member's role.
    pub enum Role {
        /// Is no member any more.
        Left = "left",
        /// A member.
        Participant = "participant",
        /// An administrator.
        Admin = "admin",
        /// Who made the group.
        SuperAdmin = "superadmin",
    }
}

wahook_core::open_enum! {
    /// How somebody asked to join.
    pub enum RequestMethod {
        /// Added by somebody who may not.
        NonAdminAdd = "non_admin_add",
        /// By the invitation.
        InviteLink = "invite_link",
        /// From a group that is linked.
        LinkedGroupJoin = "linked_group_join",
    }
}
