//! Whether a connection does anything, or waits for its sender.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use tokio::time::{Instant, sleep_until};

use super::places::Seat;

/// What goes on on one connection: requests in progress, and since when it waits for its sender.
#[derive(Clone)]
pub(crate) struct Activity(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    seat: Arc<Seat>,
}

struct State {
    in_progress: usize,
    /// Those of them whose bodies are here.
    whole: usize,
    /// When something began or ended last.
    since: Instant,
    /// Whether a request of it was taken, which nobody achieves who has no secret.
    known: bool,
    /// By which moment its seat knows that it waits.
    listed: Option<Instant>,
}

/// Somebody whose request was taken, and who sends the next one within this, is not closed for those of whom nothing is
/// known, however many come in a second.
const TRUST: Duration = Duration::from_secs(2);

impl Activity {
    /// Of a connection that was accepted at this moment: what went before the first head is part of its time.
    pub(crate) fn since(accepted: Instant, seat: Arc<Seat>) -> Self {
        let state = State {
            in_progress: 0,
            whole: 0,
            since: accepted,
            known: false,
            listed: None,
        };
        let activity = Self(Arc::new(Inner {
            state: Mutex::new(state),
            seat,
        }));
        activity.with(|_| {});
        activity
    }

    /// A request begins with its head; it ends when the first value is dropped, and its body is here when the second is.
    pub(crate) fn begin(&self) -> (InProgress, Receiving) {
        self.with(|state| {
            state.in_progress += 1;
            state.since = Instant::now();
        });
        let whole = Arc::new(AtomicBool::new(false));
        let receiving = Receiving {
            activity: self.clone(),
            whole: Arc::clone(&whole),
        };
        let activity = self.clone();
        (InProgress { activity, whole }, receiving)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.with(|state| state.in_progress == 0)
    }

    /// Whether it goes, now that it was asked to: it stays if there is something to do before its sender says more.
    pub(crate) fn goes(&self) -> bool {
        let waits = self.with(|state| state.whole == 0);
        if !waits {
            self.0.seat.stay();
        }
        waits
    }

    /// Until it is asked to go, and has nothing to do.
    pub(crate) async fn must_go(&self) {
        loop {
            self.0.seat.asked_to_go().await;
            if self.goes() {
                return;
            }
        }
    }

    /// Waits until no request was in progress for `limit`. The first head, and with it the choice of the HTTP version,
    /// falls under this too: hyper's own header timeout begins only after that choice.
    pub(crate) async fn idle_for(&self, limit: Duration) {
        loop {
            let until = self.with(|state| match state.in_progress {
                0 => state.since + limit,
                _ => Instant::now() + limit,
            });
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// Changes the state, and tells the seat what came of it.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let Inner { state, seat } = &*self.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let trust = if state.known { TRUST } else { Duration::ZERO };
        let waits = (state.whole == 0).then(|| state.since + trust);
        if waits != state.listed {
            if let Some(before) = state.listed {
                seat.works(before);
            }
            if let Some(since) = waits {
                seat.waits(since);
            }
            state.listed = waits;
        }
        result
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = state.listed {
            self.seat.works(since);
        }
    }
}

/// A request in progress.
pub(crate) struct InProgress {
    activity: Activity,
    whole: Arc<AtomicBool>,
}

impl InProgress {
    /// It was answered with this.
    pub(crate) fn answered(&self, status: StatusCode) {
        if status.is_success() {
            self.activity.with(|state| state.known = true);
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        // From now on its body, which may still be thrown away, is nobody's concern.
        let was_whole = self.whole.swap(true, Ordering::Relaxed);
        self.activity.with(|state| {
            state.in_progress -= 1;
            state.whole -= usize::from(was_whole);
            state.since = Instant::now();
        });
    }
}

/// The body of a request that is still to come.
pub(crate) struct Receiving {
    activity: Activity,
    whole: Arc<AtomicBool>,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.activity.with(|state| {
            if !self.whole.swap(true, Ordering::Relaxed) {
                state.whole += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        task::JoinSet,
        time::{advance, sleep},
    };

    use super::{super::places::Places, *};

    #[tokio::test(start_paused = true)]
    async fn a_handshake_takes_of_the_time_for_the_first_head_and_a_request_begins_it_anew() {
        let limit = Duration::from_secs(15);
        let accepted = Instant::now();
        advance(Duration::from_secs(14)).await;
        let place = Places::of(1, "").take().await;
        let activity = Activity::since(accepted, place.seat());
        activity.idle_for(limit).await;
        let waited = accepted.elapsed();
        assert!(
            (limit..limit + Duration::from_secs(1)).contains(&waited),
            "{waited:?}"
        );

        let in_progress = activity.begin();
        sleep(Duration::from_secs(100)).await;
        drop(in_progress);
        let done = Instant::now();
        activity.idle_for(limit).await;
        assert!(done.elapsed() >= limit);
    }

    /// Three connections on three places; time goes on between them.
    async fn three(places: &Places) -> Vec<(super::super::places::Place, Activity)> {
        let mut all = Vec::new();
        for _ in 0..3 {
            let place = places.take().await;
            let activity = Activity::since(Instant::now(), place.seat());
            all.push((place, activity));
            advance(Duration::from_secs(1)).await;
        }
        all
    }

    /// Which of them is asked to go when a fourth comes.
    async fn asked(places: &Places, all: &[(super::super::places::Place, Activity)]) -> Option<usize> {
        let who = asked_by(1, places, all).await;
        assert!(who.len() <= 1, "one is enough");
        who.first().copied()
    }

    /// Which of them are asked to go when so many more come.
    async fn asked_by(
        more: usize,
        places: &Places,
        all: &[(super::super::places::Place, Activity)],
    ) -> Vec<usize> {
        let mut newcomers = JoinSet::new();
        for _ in 0..more {
            let places = places.clone();
            newcomers.spawn(async move { drop(places.take().await) });
        }
        sleep(Duration::from_millis(1)).await;
        let mut who = Vec::new();
        for (number, (place, _)) in all.iter().enumerate() {
            let asked = tokio::time::timeout(Duration::from_millis(1), place.seat().asked_to_go()).await;
            if asked.is_ok() {
                who.push(number);
            }
        }
        newcomers.shutdown().await;
        who
    }

    #[tokio::test(start_paused = true)]
    async fn v2_who_kept_us_waiting_longest_makes_room() {
        let places = Places::of(3, "");
        let all = three(&places).await;
        assert_eq!(asked(&places, &all).await, Some(0));
        all[0].0.seat().stay();

        // The first one sent a head by now: the second waits longer. The first is asked before the third, once it has not
        // sent its body for long.
        let places = Places::of(3, "");
        let all = three(&places).await;
        let _first = all[0].1.begin();
        assert_eq!(asked(&places, &all).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn v2_who_sends_a_body_byte_by_byte_makes_room_and_a_request_that_is_whole_does_not() {
        let places = Places::of(3, "");
        let all = three(&places).await;
        let slow = all[1].1.begin();
        let at_work: Vec<_> = [&all[0], &all[2]].map(|(_, activity)| activity.begin()).into();
        let at_work: Vec<_> = at_work
            .into_iter()
            .map(|(in_progress, _whole)| in_progress)
            .collect();
        assert_eq!(asked(&places, &all).await, Some(1));
        all[1].0.seat().stay();
        drop(slow.1);
        assert_eq!(asked(&places, &all).await, None, "everybody is at work");
        drop(at_work);
        assert_eq!(asked(&places, &all).await, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn v2_whose_delivery_was_taken_stays_while_strangers_come_and_go_but_not_for_ever() {
        let places = Places::of(2, "");
        let mut all = Vec::new();
        for _ in 0..2 {
            let place = places.take().await;
            let activity = Activity::since(Instant::now(), place.seat());
            all.push((place, activity));
        }
        all[0].1.begin().0.answered(StatusCode::OK);
        all[1].1.begin().0.answered(StatusCode::UNAUTHORIZED);
        advance(TRUST / 2).await;
        drop(all[1].1.begin());
        assert_eq!(asked(&places, &all).await, Some(1), "the stranger spoke last");
        all[1].0.seat().stay();
        advance(TRUST).await;
        drop(all[1].1.begin());
        assert_eq!(asked(&places, &all).await, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_takes_nothing_of_the_list_along() {
        let places = Places::of(1, "");
        let place = places.take().await;
        let activity = Activity::since(Instant::now(), place.seat());
        let (in_progress, receiving) = activity.begin();
        drop(activity);
        drop(place);
        drop(in_progress);
        drop(receiving);
        let place = places.take().await;
        let next = Activity::since(Instant::now(), place.seat());
        assert_eq!(asked(&places, &[(place, next)]).await, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn v2_what_is_left_of_a_connection_is_not_asked_to_go_in_place_of_one_that_can() {
        let places = Places::of(1, "");
        let place = places.take().await;
        let left = Activity::since(Instant::now(), place.seat());
        let (in_progress, receiving) = left.begin();
        drop(place);
        advance(Duration::from_secs(1)).await;
        let next = places.take().await;
        let activity = Activity::since(Instant::now(), next.seat());
        let next = (next, activity);
        // What is left waits for its sender before the next one does, and begins to wait again while the place is another's.
        assert_eq!(asked(&places, std::slice::from_ref(&next)).await, Some(0));
        next.0.seat().stay();
        drop(in_progress);
        drop(next.1.begin());
        assert_eq!(
            asked(&places, std::slice::from_ref(&next)).await,
            Some(0),
            "for ever"
        );
        drop((receiving, left));
    }

    #[tokio::test(start_paused = true)]
    async fn v2_each_newcomer_has_one_go_and_those_who_gave_up_have_nobody() {
        let places = Places::of(3, "");
        let all = three(&places).await;
        assert_eq!(asked_by(2, &places, &all).await, [0, 1], "at once");
        for (place, _) in &all {
            place.seat().stay();
        }
        drop(all[0].1.begin());
        assert_eq!(
            asked(&places, &all).await,
            Some(2),
            "the two that gave up count no more"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn v2_whose_delivery_was_taken_outlasts_strangers_however_many_come_at_once() {
        let places = Places::of(3, "");
        let all = three(&places).await;
        for known in [0, 2] {
            all[known].1.begin().0.answered(StatusCode::OK);
        }
        assert_eq!(asked_by(3, &places, &all).await, [1]);
        all[1].0.seat().stay();
        advance(TRUST).await;
        drop(all[1].1.begin());
        assert_eq!(asked_by(2, &places, &all).await, [0, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_goes_to_who_waits_for_longest_and_is_not_lost_with_one_that_gave_up() {
        let places = Places::of(1, "");
        let place = places.take().await;
        let newcomer = || {
            let places = places.clone();
            tokio::spawn(async move { places.take().await })
        };
        let (gives_up, next, last) = (newcomer(), newcomer(), newcomer());
        sleep(Duration::from_millis(1)).await;
        gives_up.abort();
        drop(place);
        let place = next.await.unwrap();
        assert!(!last.is_finished());
        assert_eq!(places.taken(), 1);
        drop(place);
        drop(last.await.unwrap());
        places.all_free().await;
        assert_eq!(places.taken(), 0);
    }
}
