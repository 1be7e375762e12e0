//! The business account, its numbers and templates, and what users decide about it.

use jiff::Timestamp;
use wahook_core::{
    json::Text,
    model::{AccountUpdate, ContactUpdate, Data, EventKey, Identity, TemplateStatus},
};

use super::{
    super::event::{
        self, AccountAlert, AccountEvent, AccountReview, AutomaticEvent, Decision, PaymentConfiguration,
        PaymentState, PhoneEvent, PhoneName, PhoneQuality, Security, SecurityEvent, StateSync,
        StateSyncAction, TemplateState, UserPreference,
    },
    Said, Scene, filled, occurrence, taken, time,
};
use crate::slot::lower;

/// `state_sync`: the app's address book.
pub(super) fn book(sync: StateSync) -> Said {
    let at = sync
        .metadata
        .as_ref()
        .and_then(|metadata| time(metadata.timestamp.as_ref()));
    let contact = sync.contact.unwrap_or_default();
    let action = sync.action.as_ref().map(StateSyncAction::as_str);
    let says = [
        action,
        filled(sync.kind.as_ref()),
        filled(contact.full_name.as_ref()),
        filled(contact.first_name.as_ref()),
    ];
    let key = occurrence("contact", &[filled(contact.phone_number.as_ref())], &says, at);
    let number = taken(contact.phone_number);
    let is_contact = filled(sync.kind.as_ref()).is_none_or(|kind| kind == "contact");
    // That one was removed cannot be told in the neutral form, which would read as if it were there.
    if !is_contact || sync.action != Some(StateSyncAction::Add) || number.is_none() {
        return Said::other(key, at);
    }
    let name = taken(contact.full_name).or_else(|| taken(contact.first_name));
    let update = ContactUpdate {
        contact_id: number.clone(),
        identity: number
            .and_then(Identity::from_address)
            .map(|identity| Box::new(identity.named(name))),
    };
    Said::new(Data::ContactUpdated(update), key, at)
}

/// What a user wants to be told: no neutral kind.
pub(super) fn preference(preference: &UserPreference) -> Said {
    let at = time(preference.timestamp.as_ref());
    let user = filled(preference.user_id.as_ref()).or_else(|| filled(preference.wa_id.as_ref()));
    let value = preference.value.as_ref().map(event::PreferenceValue::as_str);
    let about = [user, filled(preference.category.as_ref()), value];
    let says = [filled(preference.signup_id.as_ref())];
    Said::other(occurrence("preference", &about, &says, at), at)
}

/// What was noticed in a conversation: no neutral kind.
pub(super) fn automatic(event: &AutomaticEvent) -> Said {
    let at = time(event.timestamp.as_ref());
    let name = filled(event.event_name.as_ref());
    let key = match (filled(event.id.as_ref()), at) {
        (Some(id), Some(at)) => EventKey::new("automatic").part(id).optional(name).time(at),
        (Some(id), None) => EventKey::new("automatic").part(id).optional(name),
        (None, _) => EventKey::of_delivery("automatic"),
    };
    Said::other(key, at)
}

pub(super) fn template_status(template: event::TemplateStatus, scene: &Scene<'_>) -> Said {
    let data = TemplateStatus {
        template_id: taken(template.message_template_id),
        name: taken(template.message_template_name),
        state: template
            .event
            .map(|state: TemplateState| lower(state.as_str()).into()),
        // The pages print the word for nothing.
        reason: taken(template.reason).filter(|reason| reason != "NONE"),
    };
    Said::new(Data::TemplateStatus(data), scene.key("template"), None)
}

pub(super) fn update(update: &event::AccountUpdate, scene: &Scene<'_>) -> Said {
    let (ban, violation) = (update.ban_info.as_ref(), update.violation_info.as_ref());
    let disconnection = update.disconnection_info.as_ref();
    let reasons = [
        violation.and_then(|violation| filled(violation.violation_type.as_ref())),
        ban.and_then(|ban| filled(ban.waba_ban_state.as_ref())),
        disconnection.and_then(|disconnection| filled(disconnection.reason.as_ref())),
        update
            .restriction_info
            .iter()
            .find_map(|one| filled(one.restriction_type.as_ref())),
    ];
    let word = update.event.as_ref().map(AccountEvent::as_str);
    let reason = reasons.into_iter().find_map(|reason| reason).map(Text::from);
    changed(scene, word, reason, None)
}

pub(super) fn review(review: &AccountReview, scene: &Scene<'_>) -> Said {
    changed(scene, review.decision.as_ref().map(Decision::as_str), None, None)
}

pub(super) fn alert(alert: AccountAlert, scene: &Scene<'_>) -> Said {
    let info = alert.alert_info.unwrap_or_default();
    let word = filled(info.alert_type.as_ref());
    changed(scene, word, taken(info.alert_description.clone()), None)
}

pub(super) fn capability(scene: &Scene<'_>) -> Said {
    changed(scene, None, None, None)
}

pub(super) fn phone_quality(quality: &PhoneQuality, scene: &Scene<'_>) -> Said {
    let word = quality.event.as_ref().map(PhoneEvent::as_str);
    changed(scene, word, None, quality.display_phone_number.as_ref())
}

pub(super) fn phone_name(name: PhoneName, scene: &Scene<'_>) -> Said {
    let reason = taken(name.rejection_reason).filter(|reason| reason != "NONE");
    let word = name.decision.as_ref().map(Decision::as_str);
    changed(scene, word, reason, name.display_phone_number.as_ref())
}

pub(super) fn security(security: &Security, scene: &Scene<'_>) -> Said {
    let word = security.event.as_ref().map(SecurityEvent::as_str);
    changed(scene, word, None, security.display_phone_number.as_ref())
}

pub(super) fn payment(payment: &PaymentConfiguration, scene: &Scene<'_>) -> Said {
    let at = time(payment.updated_timestamp.as_ref());
    let word = payment.status.as_ref().map(PaymentState::as_str);
    Said {
        // It has a time of its own, should the entry have none.
        at,
        ..changed_at(scene, word, None, None, scene.at.or(at))
    }
}

/// The account itself changed: what is the field, its new state is Meta's word.
fn changed(scene: &Scene<'_>, word: Option<&str>, reason: Option<Text>, number: Option<&Text>) -> Said {
    changed_at(scene, word, reason, number, scene.at)
}

fn changed_at(
    scene: &Scene<'_>,
    word: Option<&str>,
    reason: Option<Text>,
    number: Option<&Text>,
    at: Option<Timestamp>,
) -> Said {
    let data = AccountUpdate {
        subject: Some(scene.name.clone()),
        status: word.map(Text::from),
        reason,
    };
    Said {
        data: Data::AccountUpdated(data),
        key: scene.key_at("account", at),
        at: None,
        account: number.cloned().and_then(Identity::boxed_address),
    }
}
