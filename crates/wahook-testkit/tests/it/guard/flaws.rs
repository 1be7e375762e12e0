//! What may be wrong with a store, and which rules must say so.

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
    /// A claim looks, and takes in a second step.
    LooksThenTakes:
        g1_of_concurrent_claims_exactly_one_is_fresh
        g1_of_several_bodies_at_once_each_is_fresh_once
        g4_of_holders_that_repeat_their_claims_one_has_it;
    /// The same, where something that is over has to make room.
    LooksThenTakesOver: g1_of_claims_of_what_is_over_exactly_one_is_fresh;
    /// A claim overwrites another's.
    SeesNoFlight:
        g1_of_concurrent_claims_exactly_one_is_fresh
        g1_of_threads_exactly_one_is_fresh
        g1_of_many_keys_each_is_fresh_once
        g1_a_claim_excludes_all_others_until_it_is_settled
        g4_a_late_holder_changes_nothing;
    /// What is in flight is called a duplicate: acknowledged before it was done.
    DuplicateInFlight: g1_of_threads_exactly_one_is_fresh g4_a_lease_that_ran_out_is_fresh_for_the_next;
    /// A claim is the mark: lost if the work fails.
    MarksAtClaim: g3_released_is_fresh_again g5_a_claim_dropped_half_way_is_a_lease_at_most;
    /// `complete` leaves no mark.
    ForgetsMarks: g2_completed_is_a_duplicate_until_its_time_is_over g5_completing_at_once_is_done_each_time;
    /// A mark lives as long as the lease had left.
    MarksForTheLease: g2_completed_is_a_duplicate_until_its_time_is_over;
    /// A mark lives at least as long as the lease had left.
    MarksForTheLongerOfBoth: g2_completed_is_a_duplicate_until_its_time_is_over;
    /// Marks never end.
    IgnoresLives: g2_completed_is_a_duplicate_until_its_time_is_over g7_a_conflict_lasts_as_long_as_the_other_record;
    /// A repetition prolongs the mark.
    ProlongsMarks: g2_completed_is_a_duplicate_until_its_time_is_over;
    /// To its own holder what is done is fresh.
    ForgetsForTheHolder: g2_completed_is_a_duplicate_until_its_time_is_over;
    /// A second `complete` of one holder is lost.
    CompletesOnce:
        g2_completing_twice_is_done_twice
        g5_completing_at_once_is_done_each_time
        g5_a_complete_dropped_half_way_can_be_said_again;
    /// What was never claimed can be completed.
    CompletesUnclaimed: g2_what_was_not_claimed_cannot_be_settled g3_released_is_fresh_again;
    /// Who completed it once may do so for ever.
    RemembersOldHolders: g2_an_old_holder_revives_nothing;
    /// `release` leaves the claim.
    ForgetsReleases:
        g1_a_claim_excludes_all_others_until_it_is_settled
        g3_released_is_fresh_again
        g5_a_release_dropped_half_way_can_be_said_again;
    /// `release` says that it was done, whatever was there.
    ReleasesAnything: g2_what_was_not_claimed_cannot_be_settled g3_released_is_fresh_again;
    /// `release` takes marks away.
    ReleasesMarks: g3_released_is_fresh_again g5_of_complete_and_release_at_once_one_is_done;
    /// `complete` looks, and marks in a second step.
    LooksThenMarks: g5_of_complete_and_release_at_once_one_is_done g4_at_the_end_of_a_lease_one_of_two_has_it;
    /// Leases never end.
    IgnoresLeases:
        g4_a_lease_that_ran_out_is_fresh_for_the_next
        g4_a_late_holder_is_late_even_if_nobody_else_came
        g7_a_conflict_lasts_as_long_as_the_other_record;
    /// A copy prolongs the lease.
    ProlongsLeases: g4_a_lease_that_ran_out_is_fresh_for_the_next;
    /// Anybody settles.
    IgnoresTokens: g4_only_the_holder_settles g4_a_late_holder_changes_nothing g3_released_is_fresh_again;
    /// Who is late settles if nobody came in between.
    SettlesLate: g4_a_late_holder_is_late_even_if_nobody_else_came;
    /// Of a lease as much is left as was asked for.
    TellsWhatWasAsked: g4_what_is_left_of_a_lease_is_told;
    /// A holder that says its claim again is told to wait for itself.
    RefusesRepeats:
        g4_a_claim_said_again_by_its_holder_is_fresh
        g4_of_holders_that_repeat_their_claims_one_has_it
        g5_a_claim_dropped_half_way_can_be_said_again;
    /// The lease of a claim that is said again is the first one.
    KeepsTheFirstLease: g4_a_claim_said_again_runs_its_lease_anew;
    /// A claim that is dropped half-way leaves a mark.
    HalfClaimsMark: g5_a_claim_dropped_half_way_is_a_lease_at_most;
    /// A claim that is dropped half-way is nobody's.
    HalfClaimsAreLost: g5_a_claim_dropped_half_way_can_be_said_again;
    /// A `complete` that is dropped half-way loses the claim.
    HalfCompletesAreLost: g5_a_complete_dropped_half_way_can_be_said_again;
    /// A `release` that is dropped half-way leaves a claim that is nobody's.
    HalfReleasesAreLost: g5_a_release_dropped_half_way_can_be_said_again;
    /// Times are counted in 32 bits.
    CountsInThirtyTwoBits: g2_what_is_endless_does_not_end;
    /// Times that it cannot count are an error.
    RefusesLongTimes: g2_what_is_endless_does_not_end;
    /// No time is taken for no end.
    EndlessWithoutTime: g2_what_has_no_time_is_over_at_once;
    /// All endpoints share their keys.
    IgnoresScopes: g6_keys_do_not_touch_each_other g10_an_event_is_one_in_its_scope;
    /// A delivery's key may be an event's.
    IgnoresSpaces: g6_keys_do_not_touch_each_other g10_an_event_is_one_in_its_scope;
    /// Keys are taken for patterns by `release`.
    ReleasesByPattern: g6_a_key_is_its_bytes;
    /// Upper and lower case are one.
    FoldsCase: g6_a_key_is_its_bytes;
    /// Spaces at the end do not count.
    Trims: g6_a_key_is_its_bytes;
    /// A zero byte is the end.
    EndsAtZero: g6_a_key_is_its_bytes;
    /// Long keys are cut.
    CutsKeys: g6_a_key_is_its_bytes;
    /// One record for a key.
    IgnoresDigests: g7_each_digest_has_a_life_of_its_own g7_of_many_bodies_none_is_lost g4_only_the_holder_settles;
    /// Digests are cut.
    CutsDigests: g7_of_many_bodies_none_is_lost;
    /// Only some bodies of a key are known.
    KeepsFewBodies: g7_of_many_bodies_none_is_lost;
    /// A conflict is never told.
    TellsNoConflict: g7_each_digest_has_a_life_of_its_own g1_of_several_bodies_at_once_each_is_fresh_once;
    /// Only what is done makes a conflict.
    ConflictsWithMarks: g7_each_digest_has_a_life_of_its_own;
    /// Only what is in flight makes a conflict.
    ConflictsWithFlights: g7_each_digest_has_a_life_of_its_own;
    /// A record is in conflict with itself.
    ConflictsWithItself: g1_of_concurrent_claims_exactly_one_is_fresh g2_completing_twice_is_done_twice;
    /// What is over makes a conflict until it is cleared away.
    ConflictsWithWhatIsOver: g7_a_conflict_lasts_as_long_as_the_other_record;
    /// Clearing away takes too much.
    ClearsTooMuch: g9_what_is_done_outlives_what_is_over;
    /// There is room for a few.
    KeepsFewRecords: g9_what_is_done_outlives_what_is_over;
    /// Out of reach, it never answers.
    Hangs: g8_a_store_out_of_reach_says_so_in_time;
    /// Out of reach, everything is fresh.
    GuessesFresh: g8_a_store_out_of_reach_says_so_in_time g8_after_an_outage_all_is_as_it_was;
    /// Out of reach, everything is a duplicate.
    GuessesDuplicate: g8_a_store_out_of_reach_says_so_in_time;
    /// Out of reach, everything can be settled.
    GuessesDone: g8_a_store_out_of_reach_says_so_in_time g8_after_an_outage_all_is_as_it_was;
    /// Out of reach is called something else.
    SaysFull: g8_a_store_out_of_reach_says_so_in_time;
    /// Comes back empty.
    ForgetsInOutages: g8_after_an_outage_all_is_as_it_was g8_an_outage_in_the_middle_of_work_forges_no_mark;
    /// The newest marks are not yet written when it goes away.
    WritesBehind: g8_an_outage_in_the_middle_of_work_forges_no_mark;
    /// A claim that failed leaves a mark.
    FailedClaimsMark: g8_after_an_outage_all_is_as_it_was g8_an_outage_in_the_middle_of_work_forges_no_mark;
    /// A `complete` that failed cannot be said again.
    FailedCompletesAreLost: g8_after_an_outage_all_is_as_it_was;
    /// No time passes while it is away.
    StandsStillInOutages: g8_a_lease_runs_on_while_the_store_is_away;
}
