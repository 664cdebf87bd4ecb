//! Metrics of windows and binds.

use http_api::reply::Replayed;
use http_api::{Answered, Code};
use lambda::{Dimension, Metric, MetricSet};
use types::Reason;

/// Counts bindings that were made, and refusals by their first reason: the code of a refused bind,
/// or the extension of a window's answer, which is a success.
pub(crate) fn measures(answered: &Answered) -> MetricSet {
    let refusal = match answered.code {
        Some(Code::Reason(reason)) => Some(reason),
        _ => answered.response.extensions().get::<Reason>().copied(),
    };
    let replayed = answered.response.extensions().get::<Replayed>().is_some();
    let made = answered.status() == 201 && !replayed;
    let measures = MetricSet::of([(Metric::Binds, u64::from(made))]);
    match refusal {
        Some(reason) => measures.by(Dimension::Reason, reason.code(), [(Metric::Refusals, 1)]),
        None => measures,
    }
}

#[cfg(test)]
mod tests {
    use http_api::{Problem, Response, reply};
    use lambda_http::http::Method;

    use super::*;

    fn answered(response: Response, code: Option<Code>) -> Answered {
        Answered { response, method: Method::POST, pattern: "/v1/bind", code }
    }

    fn refused(reason: Reason) -> MetricSet {
        MetricSet::of([(Metric::Binds, 0)]).by(
            Dimension::Reason,
            reason.code(),
            [(Metric::Refusals, 1)],
        )
    }

    #[test]
    fn repeated_bind_is_not_counted() {
        let made = answered(reply::created(&()).unwrap(), None);
        assert_eq!(measures(&made), MetricSet::of([(Metric::Binds, 1)]));
        let repeated = answered(reply::ok(&()).unwrap(), None);
        assert_eq!(measures(&repeated), MetricSet::of([(Metric::Binds, 0)]));
        let replayed = answered(reply::replayed(201, "{}".to_owned()).unwrap(), None);
        assert_eq!(measures(&replayed), MetricSet::of([(Metric::Binds, 0)]));
    }

    #[test]
    fn refusal_counts_by_its_reason() {
        let problem = Problem::new(Reason::AlreadyBound).into_response();
        let bind = answered(problem, Some(Code::Reason(Reason::AlreadyBound)));
        assert_eq!(measures(&bind), refused(Reason::AlreadyBound));
        let mut window = reply::ok(&()).unwrap();
        window.extensions_mut().insert(Reason::RecentlyActive);
        assert_eq!(measures(&answered(window, None)), refused(Reason::RecentlyActive));
    }

    #[test]
    fn bad_request_is_not_counted() {
        let problem = Problem::new(Code::BadRequest).into_response();
        let found = measures(&answered(problem, Some(Code::BadRequest)));
        assert_eq!(found, MetricSet::of([(Metric::Binds, 0)]));
    }
}
