//! The business account, its numbers, and what users decide about it.

use wahook_core::{
    json::{Number, Text},
    open_enum,
};

use crate::object::object;

object! {
    /// The business account changed (webhooks/reference/account_update, 2026-04). Which members are there follows from
    /// the event; those of partners and prices are in `raw`.
    pub struct AccountUpdate {
        /// What happened.
        event: Option<AccountEvent> = "event",
        /// The number that it is about; older payloads.
        phone_number: Option<Text> = "phone_number",
        /// What is not allowed any more.
        restriction_info: Vec<Restriction> = "restriction_info",
        /// Which rule was broken.
        violation_info: Option<Violation> = "violation_info",
        /// Whether it is shut.
        ban_info: Option<Ban> = "ban_info",
        /// Which account a partner has.
        waba_info: Option<WabaInfo> = "waba_info",
        /// Why a number is not connected any more.
        disconnection_info: Option<Disconnection> = "disconnection_info",
    }
}

object! {
    /// What is not allowed any more.
    pub struct Restriction {
        /// What.
        restriction_type: Option<Text> = "restriction_type",
        /// Until when.
        expiration: Option<Text> = "expiration",
    }
}

object! {
    /// Which rule was broken.
    pub struct Violation {
        /// Which.
        violation_type: Option<Text> = "violation_type",
    }
}

object! {
    /// Whether an account is shut.
    pub struct Ban {
        /// Whether it is.
        waba_ban_state: Option<Text> = "waba_ban_state",
        /// Since when.
        waba_ban_date: Option<Text> = "waba_ban_date",
    }
}

object! {
    /// Which account a partner has.
    pub struct WabaInfo {
        /// The account.
        waba_id: Option<Text> = "waba_id",
        /// Whose it is.
        owner_business_id: Option<Text> = "owner_business_id",
        /// The partner's app.
        partner_app_id: Option<Text> = "partner_app_id",
    }
}

object! {
    /// Why a number is not connected any more.
    pub struct Disconnection {
        /// Why.
        reason: Option<Text> = "reason",
        /// By whom.
        initiated_by: Option<Text> = "initiated_by",
    }
}

object! {
    /// The account was looked at (webhooks/reference/account_review_update, 2026-04).
    pub struct AccountReview {
        /// With this result.
        decision: Option<Decision> = "decision",
    }
}

object! {
    /// Something to know about the account (webhooks/reference/account_alerts, 2026-04).
    pub struct AccountAlert {
        /// What it is about: `BUSINESS`, `PHONE_NUMBER`, ….
        entity_type: Option<Text> = "entity_type",
        /// Its id.
        entity_id: Option<Text> = "entity_id",
        /// What there is to know.
        alert_info: Option<Alert> = "alert_info",
    }
}

object! {
    /// What there is to know.
    pub struct Alert {
        /// How bad.
        alert_severity: Option<Severity> = "alert_severity",
        /// Whether it still is.
        alert_status: Option<Text> = "alert_status",
        /// What sort.
        alert_type: Option<Text> = "alert_type",
        /// In a sentence.
        alert_description: Option<Text> = "alert_description",
    }
}

object! {
    /// How much the business may do (webhooks/reference/business_capability_update, 2026-04). Limits are numbers in the
    /// page's sample and words such as `TIER_1K` in its table.
    pub struct BusinessCapability {
        /// Conversations a day.
        max_daily_conversations_per_business: Option<Text> = "max_daily_conversations_per_business",
        /// The same for a number.
        max_daily_conversation_per_phone: Option<Text> = "max_daily_conversation_per_phone",
        /// Numbers.
        max_phone_numbers_per_business: Option<Text> = "max_phone_numbers_per_business",
        /// Numbers in this account.
        max_phone_numbers_per_waba: Option<Text> = "max_phone_numbers_per_waba",
    }
}

object! {
    /// A number's limits (webhooks/reference/phone_number_quality_update, 2026-04).
    pub struct PhoneQuality {
        /// The number.
        display_phone_number: Option<Text> = "display_phone_number",
        /// What happened.
        event: Option<PhoneEvent> = "event",
        /// Now.
        current_limit: Option<Text> = "current_limit",
        /// Before.
        old_limit: Option<Text> = "old_limit",
        /// Conversations a day.
        max_daily_conversations_per_business: Option<Text> = "max_daily_conversations_per_business",
    }
}

object! {
    /// A number's name was looked at (webhooks/reference/phone_number_name_update, 2026-04).
    pub struct PhoneName {
        /// The number.
        display_phone_number: Option<Text> = "display_phone_number",
        /// With this result.
        decision: Option<Decision> = "decision",
        /// The name.
        requested_verified_name: Option<Text> = "requested_verified_name",
        /// Why it was refused.
        rejection_reason: Option<Text> = "rejection_reason",
    }
}

object! {
    /// A number's PIN (webhooks/reference/security, 2026-04).
    pub struct Security {
        /// The number.
        display_phone_number: Option<Text> = "display_phone_number",
        /// What happened.
        event: Option<SecurityEvent> = "event",
        /// By whom.
        requester: Option<Text> = "requester",
    }
}

object! {
    /// A way to be paid (webhooks/reference/payment_configuration_update, 2026-04).
    pub struct PaymentConfiguration {
        /// Its name.
        configuration_name: Option<Text> = "configuration_name",
        /// Who pays out.
        provider_name: Option<Text> = "provider_name",
        /// The shop there.
        provider_mid: Option<Text> = "provider_mid",
        /// Its state.
        status: Option<PaymentState> = "status",
        /// Seconds since 1970.
        created_timestamp: Option<Number> = "created_timestamp",
        /// Seconds since 1970.
        updated_timestamp: Option<Number> = "updated_timestamp",
    }
}

object! {
    /// What a user wants to be told (webhooks/reference/user_preferences, 2026-04).
    pub struct UserPreference {
        /// The user.
        wa_id: Option<Text> = "wa_id",
        /// The user, by business-scoped id.
        user_id: Option<Text> = "user_id",
        /// The same for all linked portfolios.
        parent_user_id: Option<Text> = "parent_user_id",
        /// About what: `marketing_messages`.
        category: Option<Text> = "category",
        /// What is wanted.
        value: Option<PreferenceValue> = "value",
        /// In a sentence.
        detail: Option<Text> = "detail",
        /// Where it was signed up for.
        signup_id: Option<Text> = "signup_id",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
    }
}

object! {
    /// What was noticed in a conversation (webhooks/reference/automatic_events, 2026-04).
    pub struct AutomaticEvent {
        /// Its id.
        id: Option<Text> = "id",
        /// What: `LeadSubmitted`, `Purchase`.
        event_name: Option<Text> = "event_name",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// The click that led to it.
        ctwa_clid: Option<Text> = "ctwa_clid",
        /// What was paid.
        custom_data: Option<Purchase> = "custom_data",
    }
}

object! {
    /// What was paid.
    pub struct Purchase {
        /// Currency code.
        currency: Option<Text> = "currency",
        /// How much.
        value: Option<Text> = "value",
    }
}

open_enum! {
    /// What happened to a business account.
    pub enum AccountEvent {
        /// It was deleted.
        Deleted = "ACCOUNT_DELETED",
        /// A number left the API.
        Offboarded = "ACCOUNT_OFFBOARDED",
        /// A number came back.
        Reconnected = "ACCOUNT_RECONNECTED",
        /// Something is not allowed any more.
        Restriction = "ACCOUNT_RESTRICTION",
        /// A rule was broken.
        Violation = "ACCOUNT_VIOLATION",
        /// An advertising account was linked.
        AdAccountLinked = "AD_ACCOUNT_LINKED",
        /// Codes over borders have a price.
        AuthIntlPriceEligibilityUpdate = "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        /// Another country.
        BusinessPrimaryLocationCountryUpdate = "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE",
        /// It was shut, or opened.
        DisabledUpdate = "DISABLED_UPDATE",
        /// Terms were signed.
        MmLiteTermsSigned = "MM_LITE_TERMS_SIGNED",
        /// A partner came.
        PartnerAdded = "PARTNER_ADDED",
        /// A partner's app came.
        PartnerAppInstalled = "PARTNER_APP_INSTALLED",
        /// A partner's app went.
        PartnerAppUninstalled = "PARTNER_APP_UNINSTALLED",
        /// A partner's client was looked at.
        PartnerClientCertificationStatusUpdate = "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        /// A partner went.
        PartnerRemoved = "PARTNER_REMOVED",
        /// Another price.
        VolumeBasedPricingTierUpdate = "VOLUME_BASED_PRICING_TIER_UPDATE",
    }
}

open_enum! {
    /// The result of a look.
    pub enum Decision {
        /// Good.
        Approved = "APPROVED",
        /// Later.
        Deferred = "DEFERRED",
        /// Not yet.
        Pending = "PENDING",
        /// Refused.
        Rejected = "REJECTED",
    }
}

open_enum! {
    /// How bad it is.
    pub enum Severity {
        /// Very.
        Critical = "CRITICAL",
        /// Not at all.
        Informational = "INFORMATIONAL",
        /// It may become so.
        Warning = "WARNING",
    }
}

open_enum! {
    /// What happened to a number's limits.
    pub enum PhoneEvent {
        /// It came.
        Onboarding = "ONBOARDING",
        /// It may send faster.
        ThroughputUpgrade = "THROUGHPUT_UPGRADE",
        /// Old: more.
        Upgrade = "UPGRADE",
        /// Old: less.
        Downgrade = "DOWNGRADE",
        /// Old: its quality is low.
        Flagged = "FLAGGED",
        /// Old: it is good again.
        Unflagged = "UNFLAGGED",
    }
}

open_enum! {
    /// What happened to a number's PIN.
    pub enum SecurityEvent {
        /// It is another.
        PinChanged = "PIN_CHANGED",
        /// Somebody wants to have it taken away.
        PinResetRequest = "PIN_RESET_REQUEST",
        /// It was taken away.
        PinRequestSuccess = "PIN_REQUEST_SUCCESS" | "PIN_RESET_SUCCESS",
    }
}

open_enum! {
    /// The state of a way to be paid.
    pub enum PaymentState {
        /// It works.
        Active = "Active",
        /// It is not connected.
        NeedsConnecting = "Needs Connecting",
        /// It was not tried.
        NeedsTesting = "Needs Testing",
    }
}

open_enum! {
    /// What a user wants.
    pub enum PreferenceValue {
        /// No more of it.
        Stop = "stop",
        /// More of it.
        Resume = "resume",
        /// All of it.
        Signup = "signup",
    }
}
