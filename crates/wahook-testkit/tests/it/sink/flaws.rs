//! What may be wrong with a sink, and which rules must say so.

macro_rules! flaws {
    ($($(#[$doc:meta])* $flaw:ident: $($rule:ident)+;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Flaw {
            /// It is sound.
            None,
            $($(#[$doc])* $flaw,)+
        }

        pub(crate) const CAUGHT: &[(Flaw, &[&str])] = &[
            $((Flaw::$flaw, &[$(stringify!($rule)),+]),)+
        ];
    };
}

flaws! {
    /// It says that one more is done than there is.
    CountsTooMuch: i3_of_no_events_none_is_done;
    /// The first of a call is written, the rest is said to be.
    WritesTheFirst: i3_what_is_confirmed_is_there_in_order i3_conversations_at_once_keep_their_orders;
    /// What is handed over at once is written from its end.
    TurnsAround: i3_what_is_confirmed_is_there_in_order i3_conversations_at_once_keep_their_orders;
    /// A call that was dropped makes the next one a success.
    BelievesDropped: i3_a_hand_over_dropped_half_way_is_done_again_in_order;
    /// What a call that was dropped left is written at the end of the next one.
    WritesDroppedLate: i3_a_hand_over_dropped_half_way_is_done_again_in_order;
    /// Each attempt has an id of its own.
    NamesAttempts: i4_a_replay_is_another_and_a_repeat_is_not;
    /// A replay has the id of the original.
    ForgetsReplays: i4_a_replay_is_another_and_a_repeat_is_not;
    /// Everything is `application/octet-stream`.
    TellsNoType: n2_a_message_looks_as_it_was_asked_to;
    /// The attributes stay at home.
    TellsNoAttributes: n2_a_message_looks_as_it_was_asked_to;
    /// The provider's JSON is in it in any case.
    AlwaysRaw: n2_a_message_looks_as_it_was_asked_to;
    /// There is one lane for all.
    OneLane: p_a_lane_is_its_conversation_and_names_nobody;
    /// Each event is its own lane.
    LaneOfEach: p_a_lane_is_its_conversation_and_names_nobody;
    /// The lane is the chat.
    LaneNames: p_a_lane_is_its_conversation_and_names_nobody;
    /// While the broker is away, all is done.
    ConfirmsWhileAway:
        i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself
        i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order;
    /// While the broker is away, it waits for it.
    HangsWhileAway: i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself;
    /// While the broker is away, the event is to blame.
    BlamesEvents: i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself;
    /// An error tells what was to be sent.
    QuotesEvents: i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself;
    /// What failed is kept, and sent when the broker is back, behind what was tried again.
    SendsLate: i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself;
    /// The broker has lost what came last.
    LosesTheLast: i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order;
    /// Where there is no room, it is dropped, and done.
    DropsWhatDoesNotFit: i3_a_target_that_takes_no_more_is_an_error;
    /// Where there is no room, the event is refused for good.
    RefusesForGood: i3_a_target_that_takes_no_more_is_an_error;
}
