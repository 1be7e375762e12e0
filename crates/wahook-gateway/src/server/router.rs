//! From a path to its endpoint.

use std::{collections::HashMap, convert::Infallible, fmt, sync::Arc};

use arc_swap::ArcSwap;
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Empty};
use tower::ServiceExt;
use wahook_tower::Answer;

use super::Arriving;
use crate::{arrivals::Arrivals, stack::Mounted};

/// The body of an answer: the endpoint's, or none.
pub(super) type Body = Either<Answer, Empty<bytes::Bytes>>;

/// Exact paths and what is mounted there; everything else is 404. Its clones share the paths, which can be changed while
/// it serves.
#[derive(Clone, Default)]
pub struct Router {
    mounted: Arc<ArcSwap<HashMap<String, Mounted>>>,
    /// Who is told of requests to paths where nothing is.
    unknown: Option<Arrivals>,
}

impl Router {
    /// A router for these paths.
    pub fn new(routes: impl IntoIterator<Item = (String, Mounted)>) -> Self {
        let router = Self::default();
        router.swap(routes);
        router
    }

    /// Writes requests to paths where nothing is into this journal.
    pub(crate) fn telling(self, arrivals: &Arrivals) -> Self {
        Self {
            unknown: Some(arrivals.clone()),
            ..self
        }
    }

    /// Other paths from now on; requests in progress end where they began.
    pub fn swap(&self, routes: impl IntoIterator<Item = (String, Mounted)>) {
        self.mounted.store(Arc::new(routes.into_iter().collect()));
    }

    /// Answers a request of our own making as if it had come, on the same way; tells the status.
    pub(crate) async fn deliver(&self, request: Request<bytes::Bytes>) -> StatusCode {
        let Ok(answer) = self.answer(request.map(Arriving::here)).await;
        answer.status()
    }

    /// Answers a request. Neither path nor query is logged: a query may hold a token, and so may a path of nobody's.
    pub(super) fn answer(
        &self,
        request: Request<Arriving>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
        let routes = self.mounted.load();
        let mounted = routes.get(request.uri().path()).cloned();
        let unknown = self.unknown.clone().filter(|_| mounted.is_none());
        async move {
            let Some(mounted) = mounted else {
                tracing::debug!(target: "wahook", "no endpoint at this path");
                if let Some(arrivals) = unknown {
                    arrivals.nobody();
                }
                let mut answer = Response::new(Either::Right(Empty::new()));
                *answer.status_mut() = StatusCode::NOT_FOUND;
                return Ok(answer);
            };
            mounted
                .oneshot(request)
                .await
                .map(|answer| answer.map(Either::Left))
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.mounted.load().keys()).finish()
    }
}
