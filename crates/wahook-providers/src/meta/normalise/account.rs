//! The business account, its numbers and templates, and what users decide about it.

use wahook_core::{
    json::Text,
    model::{AccountUpdate, ContactUpdate, Data, EventKey, Identity, TemplateStatus},
};

use super::{
    super::event::{
        self, AccountAlert, AccountEvent, AccountReview, AutomaticEvent, BusinessCapability, Decision,
        PaymentConfiguration, PaymentState, PhoneEvent, PhoneName, PhoneQuality, Security, SecurityEvent,
        StateSync, StateSyncAction, TemplateCategory, TemplateComponents, TemplateQuality, TemplateState,
        UserPreference,
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
        filled(contact.full_name.as_ref()),
        filled(contact.first_name.as_ref()),
    ];
    let key = occurrence("contact", &[filled(contact.phone_number.as_ref())], &says, at);
    let number = taken(contact.phone_number);
    // That one was removed cannot be told in the neutral form, which would read as if it were there.
    if sync.action != Some(StateSyncAction::Add) || number.is_none() {
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
    let word = template.event.map(TemplateState::into_word);
    let reason = taken(template.reason);
    let about = [
        scene.tenant,
        filled(template.message_template_id.as_ref()),
        filled(template.message_template_language.as_ref()),
        word.as_deref(),
    ];
    let key = occurrence("template", &about, &[reason.as_deref()], scene.at);
    let data = TemplateStatus {
        template_id: taken(template.message_template_id),
        name: taken(template.message_template_name),
        state: word.map(|word| lower(&word).into()),
        // The pages print the word for nothing.
        reason: reason.filter(|reason| reason != "NONE"),
    };
    Said::new(Data::TemplateStatus(data), key, None)
}

pub(super) fn template_quality(template: &TemplateQuality, scene: &Scene<'_>) -> Said {
    let score = |score: &Option<event::Quality>| score.as_ref().map(|score| score.as_str().to_owned());
    let (before, now) = (
        score(&template.previous_quality_score),
        score(&template.new_quality_score),
    );
    of_template(
        [&template.message_template_id, &template.message_template_language],
        &[
            "quality",
            before.as_deref().unwrap_or_default(),
            now.as_deref().unwrap_or_default(),
        ],
        scene,
    )
}

pub(super) fn template_components(template: &TemplateComponents, scene: &Scene<'_>) -> Said {
    let [title, element, footer] = [
        &template.message_template_title,
        &template.message_template_element,
        &template.message_template_footer,
    ]
    .map(|text| text.as_deref().unwrap_or_default());
    of_template(
        [&template.message_template_id, &template.message_template_language],
        &["components", title, element, footer],
        scene,
    )
}

pub(super) fn template_category(template: &TemplateCategory, scene: &Scene<'_>) -> Said {
    let [before, now, right] = [
        &template.previous_category,
        &template.new_category,
        &template.correct_category,
    ]
    .map(|text| text.as_deref().unwrap_or_default());
    of_template(
        [&template.message_template_id, &template.message_template_language],
        &["category", before, now, right],
        scene,
    )
}

/// What changes of a template beside its state has no neutral kind.
fn of_template([id, language]: [&Option<Text>; 2], says: &[&str], scene: &Scene<'_>) -> Said {
    let about = [scene.tenant, id.as_deref(), language.as_deref()];
    let says: Vec<_> = says.iter().copied().map(Some).collect();
    Said::other(occurrence("template", &about, &says, scene.at), None)
}

pub(super) fn update(update: event::AccountUpdate, scene: &Scene<'_>) -> Said {
    let restrictions = update.restriction_info.iter().flat_map(|restriction| {
        [
            filled(restriction.restriction_type.as_ref()),
            filled(restriction.expiration.as_ref()),
        ]
    });
    let (ban, violation) = (update.ban_info.as_ref(), update.violation_info.as_ref());
    let disconnection = update.disconnection_info.as_ref();
    let waba = update.waba_info.as_ref();
    let mut says: Vec<_> = restrictions.collect();
    let reasons = [
        violation.and_then(|violation| filled(violation.violation_type.as_ref())),
        ban.and_then(|ban| filled(ban.waba_ban_state.as_ref())),
        disconnection.and_then(|disconnection| filled(disconnection.reason.as_ref())),
        update
            .restriction_info
            .iter()
            .find_map(|one| filled(one.restriction_type.as_ref())),
    ];
    says.extend(reasons);
    says.extend([
        ban.and_then(|ban| filled(ban.waba_ban_date.as_ref())),
        waba.and_then(|waba| filled(waba.waba_id.as_ref())),
        waba.and_then(|waba| filled(waba.owner_business_id.as_ref())),
        waba.and_then(|waba| filled(waba.partner_app_id.as_ref())),
        disconnection.and_then(|disconnection| filled(disconnection.initiated_by.as_ref())),
        filled(update.phone_number.as_ref()),
    ]);
    let word = update.event.as_ref().map(AccountEvent::as_str);
    let reason = reasons.into_iter().find_map(|reason| reason).map(Text::from);
    changed(scene, word, reason, &says, None)
}

pub(super) fn review(review: AccountReview, scene: &Scene<'_>) -> Said {
    changed(
        scene,
        review.decision.as_ref().map(Decision::as_str),
        None,
        &[],
        None,
    )
}

pub(super) fn alert(alert: AccountAlert, scene: &Scene<'_>) -> Said {
    let info = alert.alert_info.unwrap_or_default();
    let says = [
        filled(alert.entity_type.as_ref()),
        filled(alert.entity_id.as_ref()),
        info.alert_severity.as_ref().map(event::Severity::as_str),
        filled(info.alert_status.as_ref()),
        filled(info.alert_description.as_ref()),
    ];
    let word = filled(info.alert_type.as_ref());
    changed(scene, word, taken(info.alert_description.clone()), &says, None)
}

pub(super) fn capability(capability: BusinessCapability, scene: &Scene<'_>) -> Said {
    let says = [
        &capability.max_daily_conversations_per_business,
        &capability.max_daily_conversation_per_phone,
        &capability.max_phone_numbers_per_business,
        &capability.max_phone_numbers_per_waba,
    ]
    .map(|limit| filled(limit.as_ref()));
    changed(scene, None, None, &says, None)
}

pub(super) fn phone_quality(quality: PhoneQuality, scene: &Scene<'_>) -> Said {
    let says = [
        filled(quality.current_limit.as_ref()),
        filled(quality.old_limit.as_ref()),
        filled(quality.max_daily_conversations_per_business.as_ref()),
    ];
    let word = quality.event.as_ref().map(PhoneEvent::as_str);
    changed(scene, word, None, &says, quality.display_phone_number.as_ref())
}

pub(super) fn phone_name(name: PhoneName, scene: &Scene<'_>) -> Said {
    let says = [
        filled(name.requested_verified_name.as_ref()),
        filled(name.rejection_reason.as_ref()),
    ];
    let reason = taken(name.rejection_reason.clone()).filter(|reason| reason != "NONE");
    let word = name.decision.as_ref().map(Decision::as_str);
    changed(scene, word, reason, &says, name.display_phone_number.as_ref())
}

pub(super) fn security(security: Security, scene: &Scene<'_>) -> Said {
    let says = [filled(security.requester.as_ref())];
    let word = security.event.as_ref().map(SecurityEvent::as_str);
    changed(scene, word, None, &says, security.display_phone_number.as_ref())
}

pub(super) fn payment(payment: PaymentConfiguration, scene: &Scene<'_>) -> Said {
    let at = time(payment.updated_timestamp.as_ref()).or(scene.at);
    let says = [
        filled(payment.configuration_name.as_ref()),
        filled(payment.provider_name.as_ref()),
        filled(payment.provider_mid.as_ref()),
    ];
    let word = payment.status.as_ref().map(PaymentState::as_str);
    let scene = Scene { at, ..*scene };
    Said {
        at,
        ..changed(&scene, word, None, &says, None)
    }
}

/// The account itself changed: what is the field, its new state is Meta's word.
fn changed(
    scene: &Scene<'_>,
    word: Option<&str>,
    reason: Option<Text>,
    says: &[Option<&str>],
    number: Option<&Text>,
) -> Said {
    let about = [scene.tenant, Some(scene.name), filled(number), word];
    let data = AccountUpdate {
        subject: Some(scene.name.into()),
        status: word.map(Text::from),
        reason,
    };
    Said {
        data: Data::AccountUpdated(data),
        key: occurrence("account", &about, says, scene.at),
        at: None,
        account: number.cloned().and_then(Identity::from_address),
    }
}
