//! What may be wrong with an inbox, and which rules must say so.
//!
//! Longer than 400 lines: one table, a row for each flaw.

macro_rules! flaws {
    ($($(#[$doc:meta])* $flaw:ident: $($rule:ident)+;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Flaw {
            /// It is sound.
            None,
            $($(#[$doc])* $flaw,)+
        }

        pub(super) const CAUGHT: &[(Flaw, &[&str])] = &[
            $((Flaw::$flaw, &[$(stringify!($rule)),+]),)+
        ];
    };
}

flaws! {
    /// One body for each key is known: the first.
    MeetsTheFirst:
        i2_another_body_under_a_key_is_stored_and_flagged
        i2_of_many_bodies_at_once_each_is_stored_once;
    /// All endpoints share their keys.
    IgnoresEndpoints: i2_a_key_is_of_its_endpoint_and_exactly_its_text;
    /// Upper and lower case are one.
    FoldsCase: i2_a_key_is_of_its_endpoint_and_exactly_its_text;
    /// Keys are never forgotten.
    RemembersForEver:
        i2_when_its_memory_is_over_it_is_stored_again
        i2_the_memory_of_keys_goes_on;
    /// Another body is stored also where conflicts are dropped.
    StoresConflicts: i2_where_conflicts_are_dropped_one_body_is_stored;
    /// No key is remembered.
    ForgetsKeys:
        i2_what_comes_again_is_a_duplicate
        i2_of_copies_at_once_exactly_one_is_stored;
    /// No key is known.
    KnowsNothing:
        i2_what_was_accepted_is_known
        i2_each_key_that_is_asked_for_is_answered;
    /// Only what is whole is known.
    KnowsOnlyWhatIsWhole: i2_what_was_accepted_is_known;
    /// Only what nobody has read is known.
    KnowsOnlyTheUnread: i2_what_was_accepted_is_known;
    /// A key under which two bodies came is not known.
    KnowsNoConflicts: i2_what_was_accepted_is_known;
    /// Keys of other endpoints are known.
    KnowsOtherEndpoints: i2_each_key_that_is_asked_for_is_answered;
    /// A key that is asked for twice is answered once.
    TellsEachKeyOnce: i2_each_key_that_is_asked_for_is_answered;
    /// What is known comes first in the answer.
    TellsTheKnownFirst: i2_each_key_that_is_asked_for_is_answered;
    /// A part of a large question is answered.
    TellsAHundredKeys: i2_each_key_that_is_asked_for_is_answered;
    /// What is asked for counts as seen.
    ClaimsWhatIsAskedFor: i2_to_ask_for_a_key_changes_nothing;
    /// What is asked for is remembered for longer.
    ProlongsWhatIsAskedFor: i2_to_ask_for_a_key_changes_nothing;
    /// What was forgotten is known.
    KnowsForEver: i5_what_is_forgotten_and_removed_is_not_known;
    /// Bodies are kept as text.
    KeepsText:
        i1_what_was_accepted_is_there_as_it_came
        i1_what_was_accepted_outlives_the_process;
    /// Headers are not kept.
    KeepsNoHeaders:
        i1_what_was_accepted_is_there_as_it_came
        i3_an_entry_brings_its_delivery;
    /// A delivery that conflicts is not flagged.
    FlagsNoConflict: i2_another_body_under_a_key_is_stored_and_flagged;
    /// A conflict is not told.
    TellsNoConflict: i2_another_body_under_a_key_is_stored_and_flagged;
    /// What is acknowledged is not stored.
    StoresNothing:
        i1_what_was_accepted_is_there_as_it_came
        i1_what_many_accept_at_once_is_all_there;
    /// It answers, and stores then.
    AnswersFirst: i1_what_many_accept_at_once_is_all_there;
    /// It looks for the key, and stores in a second step.
    LooksThenStores: i2_of_copies_at_once_exactly_one_is_stored;
    /// The key is marked, and the delivery stored in a second step.
    MarksBeforeStoring: i2_an_accept_dropped_half_way_is_all_or_nothing;
    /// Out of reach, it never answers.
    Hangs: i5_an_inbox_out_of_reach_says_so_in_time;
    /// Out of reach, everything is acknowledged.
    GuessesStored:
        i5_an_inbox_out_of_reach_says_so_in_time
        i5_an_outage_in_the_middle_of_work_loses_nothing;
    /// Out of reach, nothing is unread.
    GuessesNothing: i5_an_inbox_out_of_reach_says_so_in_time;
    /// Out of reach, every settlement is done.
    GuessesDone:
        i5_an_inbox_out_of_reach_says_so_in_time
        i5_after_an_outage_all_is_as_it_was;
    /// Comes back empty.
    ForgetsInOutages:
        i5_after_an_outage_all_is_as_it_was
        i5_an_outage_in_the_middle_of_work_loses_nothing;
    /// The newest are not yet written when it goes away.
    WritesBehind: i5_an_outage_in_the_middle_of_work_loses_nothing;
    /// No time passes for leases while it is away.
    StandsStillInOutages: i6_a_lease_runs_on_while_the_inbox_is_away;
    /// No state of a session is late.
    TellsNothingLate: i3_a_state_of_a_session_that_comes_late_is_marked;
    /// What has a successor by now is late as well.
    TellsLateWhatWasInTime: i3_a_state_of_a_session_that_comes_late_is_marked;
    /// The desk knows of nothing late.
    TellsOnlySinksWhatIsLate: i3_a_state_of_a_session_that_comes_late_is_marked;
    /// It takes more than it may.
    IgnoresRoom: i5_a_full_inbox_says_so_and_stores_nothing;
    /// What it refuses, since it is full, is stored.
    StoresThenRefuses:
        i5_a_full_inbox_says_so_and_stores_nothing
        i5_of_many_at_once_each_knows_whether_it_is_stored;
    /// What is finished takes room as well; duplicates are refused.
    IsFullForEver: i5_a_full_inbox_says_so_and_stores_nothing;
    /// Several read at a time.
    ReadersShare:
        i3_one_reads_at_a_time
        i3_of_many_readers_at_once_one_reads;
    /// A reader who is gone keeps the part.
    ReaderLeasesNeverEnd:
        i6_a_reader_who_is_gone_is_followed_by_the_next
        i3_a_reader_that_asks_for_no_time_lets_go;
    /// A reader that asks again has the part no longer than at first.
    KeepsTheFirstReaderLease:
        i3_a_reader_that_asks_again_keeps_the_part
        i3_a_reader_that_asks_for_no_time_lets_go;
    /// Limits of reading are ignored.
    ReadsMoreThanWanted: i3_the_oldest_are_read_first_within_the_limits;
    /// The newest are read first.
    ReadsBackwards:
        i3_the_oldest_are_read_first_within_the_limits
        i3_readers_in_turn_keep_the_order;
    /// What is larger than the limit is never read.
    ReadsOnlyWhatFits: i3_the_oldest_are_read_first_within_the_limits;
    /// What nobody can read stops the others.
    StopsAtTheUnreadable: i5_what_nobody_can_read_stops_nobody;
    /// Who has not the part files all the same.
    AnybodyFiles:
        i3_one_reads_at_a_time
        i6_a_reader_who_is_gone_is_followed_by_the_next;
    /// What is read already is filed once more.
    FilesTwice:
        i3_filing_twice_changes_nothing
        i3_filing_at_once_files_once;
    /// All scopes share their events.
    EventsHaveNoScope: i3_in_another_scope_it_is_another_event;
    /// Of several sinks the first has the event.
    FilesForOneSink: i3_an_event_is_in_the_lane_of_each_sink_that_wants_it;
    /// A sink that does not want it has the event.
    FilesForASinkMore: i3_an_event_is_in_the_lane_of_each_sink_that_wants_it;
    /// All conversations are one lane.
    HasOneLane: i3_a_lane_is_one_takers_at_a_time;
    /// Each event is a lane.
    HasNoLanes:
        i3_a_lane_keeps_the_order_of_acceptance
        i3_what_comes_later_waits_its_turn;
    /// Not all that is known of an event is kept.
    ForgetsAccounts: i3_what_is_known_of_an_event_is_kept;
    /// Events are never forgotten.
    RemembersEventsForEver: i3_when_the_memory_of_an_event_is_over_it_is_fresh_again;
    /// No event is claimed.
    ForgetsEvents: i3_when_the_memory_of_an_event_is_over_it_is_fresh_again;
    /// Events that were said before leave no trace.
    RecordsNoDuplicates: i3_an_event_of_several_deliveries_is_in_its_lanes_once;
    /// A lane gives the last first.
    HasTheNewestFirst:
        i3_a_lane_keeps_the_order_of_acceptance
        i3_a_thousand_events_arrive_once_each_and_in_order;
    /// What is filed makes lanes due that wait.
    WakesLanes: i3_a_retry_holds_its_lane_alone;
    /// What nobody can read is removed.
    DropsTheUnreadable:
        i5_what_nobody_can_read_stops_nobody
        i5_what_nobody_could_read_comes_again;
    /// What nobody can read is shown again and again.
    ReadsTheUnreadableAgain: i5_what_nobody_can_read_stops_nobody;
    /// Duplicates are not counted.
    CountsNoDuplicates:
        i3_an_event_said_twice_in_one_delivery_is_in_its_lanes_once
        i3_what_is_filed_in_one_go_is_claimed_among_itself;
    /// What is read again meets its own claims.
    ReadsAgainThroughTheGuard: i4_a_replay_may_read_again;
    /// What is read again takes what others said first.
    ReadsAgainWithoutClaims: i4_a_duplicate_that_is_read_again_is_still_one;
    /// What is read again for one sink goes to all.
    ReadsAgainForAll: i4_a_replay_may_read_again;
    /// What is read again gets new places.
    ForgetsOldReadings: i4_a_replay_may_read_again;
    /// A sink waits for another.
    StopsForASlowSink: i3_a_sink_stops_no_other;
    /// A lane that waits holds all of its sink.
    StopsForAWaitingLane: i3_a_retry_holds_its_lane_alone;
    /// One lane of a sink at a time.
    StopsForATakenLane: i3_a_lane_is_one_takers_at_a_time;
    /// A lane is taken by several.
    SharesLanes:
        i3_a_lane_is_one_takers_at_a_time
        i3_of_takers_at_once_each_lane_has_one
        i3_a_retry_into_a_lane_that_is_taken_waits;
    /// Who has a lane gets it again.
    SharesLanesWithItself: i3_a_lane_is_one_takers_at_a_time;
    /// The oldest lane always comes first.
    TakesTheFirstLane: i3_the_longest_due_comes_first;
    /// No lane waits.
    IgnoresWaits:
        i3_a_retry_holds_its_lane_alone
        i3_a_retry_into_a_lane_that_is_taken_waits;
    /// Every attempt is the first.
    ForgetsAttempts: i3_an_attempt_that_failed_counts;
    /// Every attempt is a failure.
    CountsAttemptsAsFailures: i3_failures_are_counted_apart_from_attempts;
    /// No failure is counted.
    ForgetsFailures: i3_failures_are_counted_apart_from_attempts;
    /// More lanes are taken than are wanted.
    IgnoresLaneLimits: i3_no_more_is_taken_than_is_wanted;
    /// More events are taken than are wanted.
    IgnoresEventLimits: i3_no_more_is_taken_than_is_wanted;
    /// More bytes are taken than are wanted.
    IgnoresByteLimits: i3_no_more_is_taken_than_is_wanted;
    /// Of a lane one event is taken.
    TakesOneAtATime: i3_no_more_is_taken_than_is_wanted;
    /// What is larger than the limit is never taken.
    TakesOnlyWhatFits: i3_no_more_is_taken_than_is_wanted;
    /// Who is gone keeps what was taken.
    LeasesNeverEnd:
        i6_what_a_taker_held_who_is_gone_is_taken_over
        i6_who_is_late_is_late_even_if_nobody_else_came;
    /// Attempts are counted once they are over.
    CountsAtTheEnd: i3_an_attempt_is_counted_before_it_begins;
    /// When the next lane is due is not told.
    TellsNoNext: i3_when_the_next_lane_is_due_is_told;
    /// The next lane is always due.
    TellsNextAtOnce: i3_when_the_next_lane_is_due_is_told;
    /// Anybody settles.
    IgnoresTokens:
        i6_only_the_holder_settles
        i6_a_late_settlement_is_lost;
    /// Who is late settles if nobody came in between.
    SettlesLate: i6_who_is_late_is_late_even_if_nobody_else_came;
    /// A settlement is listened to whatever it names.
    SettlesForOthers: i3_a_settlement_is_of_its_own_entries;
    /// What was not begun counts as an attempt.
    CountsTheUntouched:
        i3_what_was_confirmed_is_not_handed_over_again
        i3_an_attempt_that_failed_counts;
    /// What was not begun is done.
    ConfirmsTheRest: i3_what_was_confirmed_is_not_handed_over_again;
    /// What was confirmed is handed over again.
    ConfirmsNothing:
        i3_what_was_confirmed_is_not_handed_over_again
        i3_a_thousand_events_arrive_once_each_and_in_order;
    /// Of what was confirmed the first is done.
    ConfirmsTheFirst: i3_what_was_confirmed_is_not_handed_over_again;
    /// No lane waits after a failure.
    RetriesAtOnce: i3_a_retry_holds_its_lane_alone;
    /// A lane that must stand still goes on.
    ParksWhatBlocks:
        i3_what_blocks_stops_its_lane_until_it_is_retried
        i3_a_lane_stands_still_for_what_comes_later;
    /// A lane that may go on stands still.
    BlocksForWhatIsParked: i3_what_is_parked_lets_its_lane_go_on;
    /// Errors are not kept.
    ForgetsWhy: i3_an_attempt_that_failed_counts;
    /// What a settlement leaves out is uncounted.
    UncountsWhatIsLeftOut: i3_what_a_settlement_leaves_out_stays_counted;
    /// What failed is tried again after the others.
    MovesWhatFails: i3_when_its_wait_is_over_a_lane_goes_on;
    /// What is lost is called done.
    AlwaysSaysDone:
        i3_a_settlement_is_done_once
        i3_of_settlements_at_once_one_is_done
        i6_at_the_end_of_a_lease_one_of_two_has_it;
    /// A lease cannot be prolonged.
    RenewsNothing: i3_a_lease_that_is_prolonged_runs_from_then_on;
    /// A lease cannot be shortened.
    OnlyProlongs: i3_a_lease_that_is_prolonged_runs_from_then_on;
    /// Who waits is never told.
    NeverStirs: i3_who_waits_is_told_that_something_came_in;
    /// Who waits is told all the time.
    AlwaysStirs: i3_who_waits_is_told_that_something_came_in;
    /// Events are not told apart by their endpoints.
    IgnoresEndpointsOfEvents:
        i3_events_are_found_by_what_is_known_of_them
        i4_only_what_is_asked_for_is_replayed;
    /// Events are not told apart by their kinds.
    IgnoresKindsOfEvents: i3_events_are_found_by_what_is_known_of_them;
    /// Events are not told apart by their time.
    IgnoresTheTimeOfEvents: i3_events_are_found_by_what_is_known_of_them;
    /// Events come in one order only.
    TellsOnlyTheNewestFirst: i3_events_are_told_piece_by_piece_without_gaps;
    /// Between two pages one is left out.
    SkipsBetweenPages: i3_events_are_told_piece_by_piece_without_gaps;
    /// The events of a delivery are told in another order.
    TellsEventsBackwards: i3_a_delivery_is_told_with_its_events;
    /// What is unread is called read.
    TellsItIsRead: i1_what_was_accepted_is_there_as_it_came;
    /// Dead letters are not told apart by their sinks.
    IgnoresSinksOfLetters: i3_dead_letters_are_found_by_what_is_known_of_them;
    /// Dead letters are not told apart by their ids.
    IgnoresIdsOfLetters: i3_what_is_retried_comes_at_the_end;
    /// More dead letters are told, retried or dropped than are wanted.
    IgnoresLimitsOfLetters: i3_what_is_dropped_is_gone_for_good;
    /// Dead letters come in another order.
    TellsTheOldestLetterFirst: i3_dead_letters_are_found_by_what_is_known_of_them;
    /// Of a dead letter it is not told that its lane stands still.
    TellsNoBlocks: i3_what_blocks_stops_its_lane_until_it_is_retried;
    /// Old attempts count for what is retried.
    RetriesWithAttempts: i3_what_is_retried_comes_at_the_end;
    /// What is retried is as old as before.
    RetriesInOldAge: i3_what_is_retried_comes_at_the_end;
    /// What was parked comes first when it is retried.
    RetriesAtTheFront:
        i3_what_is_retried_comes_at_the_end
        i3_what_is_retried_at_once_keeps_its_order;
    /// What a lane stood still for comes last when it is retried.
    RetriesBlockersAtTheEnd: i3_what_blocks_stops_its_lane_until_it_is_retried;
    /// What is retried at once comes in another order.
    RetriesBackwards: i3_what_is_retried_at_once_keeps_its_order;
    /// What is dropped is a dead letter still.
    DropsNothing: i3_what_is_dropped_is_gone_for_good;
    /// What waits for a sink cannot be dropped.
    DropsNothingThatWaits: i3_what_waits_for_a_sink_is_dropped_when_told;
    /// All that waits for a sink is dropped, however little was asked for.
    DropsWaitingWithoutLimit: i3_what_waits_for_a_sink_is_dropped_when_told;
    /// What waits for another sink is dropped as well.
    DropsWhatWaitsForAnother: i3_what_waits_for_a_sink_is_dropped_when_told;
    /// Endpoints are told only while nobody has read what they received.
    ForgetsEndpointsOnceRead: i3_the_status_counts_what_is_there;
    /// It does not tell how full it is.
    TellsNoRoom: i5_a_full_inbox_says_so_and_stores_nothing;
    /// What is dropped is called done.
    CallsDroppedDone: i3_what_is_dropped_is_gone_for_good;
    /// A lane stands still for what was dropped.
    StandsStillForTheDropped: i3_what_blocks_stops_its_lane_until_it_is_dropped;
    /// What is replayed is a duplicate.
    ReplaysThroughTheGuard: i4_a_replay_is_handed_over_once_more_and_says_so;
    /// A replay to one sink goes to all.
    ReplaysToAll: i4_a_replay_to_one_sink_goes_there_alone;
    /// A dry run is none.
    RunsDryForReal: i4_a_dry_run_changes_nothing;
    /// A replay never reads again.
    NeverReparses: i4_a_replay_may_read_again;
    /// More is replayed than is wanted.
    ReplaysWithoutLimit: i4_a_replay_goes_on_where_it_stopped;
    /// What was said before is replayed as well.
    ReplaysDuplicates: i4_only_what_is_asked_for_is_replayed;
    /// A replay does not say that it is one.
    ReplaysUnmarked: i4_a_replay_is_handed_over_once_more_and_says_so;
    /// Replays come in another order.
    ReplaysBackwards: i4_replays_keep_the_order_of_acceptance;
    /// Replays come before what waits.
    ReplaysAtTheFront: i4_a_replay_is_handed_over_once_more_and_says_so;
    /// A replay makes room for duplicates of events.
    ReplaysForgetEvents: i4_a_duplicate_during_a_replay_is_still_one;
    /// A replay makes room for duplicates of deliveries.
    ReplaysForgetKeys: i4_a_duplicate_during_a_replay_is_still_one;
    /// A replay lets lanes go on that stand still.
    ReplaysLiftBlocks: i4_what_waits_or_is_dead_can_be_replayed;
    /// What was redacted counts as replayed.
    CountsTheRedacted: i4_what_was_redacted_cannot_be_replayed;
    /// The oldest is not told.
    KnowsNoOldest: i3_the_oldest_that_is_not_finished_is_told;
    /// What nobody can read counts as unread.
    CountsTheUnreadableAsUnread: i3_the_status_counts_what_is_there;
    /// A sink without work is not told.
    ForgetsIdleSinks: i3_the_status_counts_what_is_there;
    /// Lanes that stand still are not counted.
    CountsNoBlocks: i3_the_status_counts_what_is_there;
    /// Nothing is ever removed.
    SweepsNothing:
        i5_what_is_finished_is_removed_in_its_time
        i5_what_was_dropped_is_finished;
    /// What is finished is removed before its time.
    SweepsAtOnce: i5_what_is_finished_is_removed_in_its_time;
    /// More is removed in one go than is wanted.
    SweepsWithoutLimit: i5_what_is_finished_is_removed_in_its_time;
    /// Dead letters are removed before their time.
    SweepsLettersAtOnce: i5_dead_letters_are_kept_until_their_time_is_over;
    /// Bodies are kept as long as all the rest.
    NeverRedacts: i5_redaction_removes_what_tells_persons;
    /// A lane stands still for a dead letter that was removed.
    SweepsWhatBlocks: i5_no_lane_stands_still_for_what_is_gone;
    /// Sweeping forgets keys.
    SweepsKeys: i5_a_duplicate_is_one_as_long_as_it_is_remembered;
    /// Sweeping forgets events.
    SweepsEvents: i5_an_event_is_remembered_after_its_delivery;
    /// What of events tells persons is kept.
    RedactsBodiesAlone: i5_redaction_removes_what_tells_persons;
    /// What waits is removed.
    SweepsUnfinished: i5_what_is_not_finished_is_never_removed;
    /// What one sink has is removed.
    SweepsAfterTheFirstSink: i5_what_one_sink_waits_for_is_not_finished;
    /// What is unread is removed.
    SweepsTheUnread:
        i5_what_is_not_finished_is_never_removed
        i5_sweeping_disturbs_nobody;
    /// What nobody could read is removed.
    SweepsTheUnreadable: i5_what_was_dropped_is_finished;
    /// What is remembered is removed.
    SweepsTombstones: i5_a_duplicate_is_one_as_long_as_it_is_remembered;
    /// What nobody could read stays so although somebody asks for it.
    RereadsNothing: i5_what_nobody_could_read_is_read_again_when_asked;
    /// It does not tell how much will be read again.
    TellsNoRereads: i5_what_nobody_could_read_is_read_again_when_asked;
    /// It is not durable.
    ForgetsAtReopening:
        i1_what_was_accepted_outlives_the_process
        i3_what_was_done_is_as_it_was;
    /// The newest is lost in a crash.
    LosesTheNewest: i1_what_was_accepted_outlives_the_process;
    /// Keys are forgotten in a crash.
    ForgetsKeysAtReopening:
        i1_what_was_accepted_outlives_the_process
        i2_the_memory_of_keys_goes_on;
    /// Events are forgotten in a crash.
    ForgetsEventsAtReopening: i3_what_was_done_is_as_it_was;
    /// No lane waits after a crash.
    ForgetsWaitsAtReopening: i3_what_was_done_is_as_it_was;
    /// No lane stands still after a crash.
    ForgetsBlocksAtReopening: i3_what_was_done_is_as_it_was;
    /// The dead keep what they held.
    KeepsLeasesAtReopening: i6_what_a_dead_process_held_is_free;
    /// What nobody could read is never read.
    NeverReadsAgain: i5_what_nobody_could_read_comes_again;
    /// After a crash replays are none.
    ForgetsReplaysAtReopening: i4_a_replay_goes_on_after_a_crash;
    /// Attempts are forgotten in a crash.
    UncountsAtReopening: i6_what_a_dead_process_held_is_free;
}
