//! What a window and a bind are measured by.

use http_api::reply::Replayed;
use http_api::{Answered, Code};
use lambda::{Dimension, Metric, MetricSet};
use types::Reason;

/// Bindings that were made, and refusals by their first reason: of a bind its code, of a window
/// what it noted on its answer, which is no problem.
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
    fn a_binding_counts_when_it_is_made_and_not_when_it_is_repeated() {
        let made = answered(reply::created(&()).unwrap(), None);
        assert_eq!(measures(&made), MetricSet::of([(Metric::Binds, 1)]));
        let repeated = answered(reply::ok(&()).unwrap(), None);
        assert_eq!(measures(&repeated), MetricSet::of([(Metric::Binds, 0)]));
        let replayed = answered(reply::replayed(201, "{}".to_owned()).unwrap(), None);
        assert_eq!(measures(&replayed), MetricSet::of([(Metric::Binds, 0)]));
    }

    #[test]
    fn a_refused_bind_counts_by_its_code_and_a_window_by_what_it_noted() {
        let problem = Problem::new(Reason::AlreadyBound).into_response();
        let bind = answered(problem, Some(Code::Reason(Reason::AlreadyBound)));
        assert_eq!(measures(&bind), refused(Reason::AlreadyBound));
        let mut window = reply::ok(&()).unwrap();
        window.extensions_mut().insert(Reason::RecentlyActive);
        assert_eq!(measures(&answered(window, None)), refused(Reason::RecentlyActive));
    }

    #[test]
    fn what_is_wrong_with_a_request_is_no_refusal() {
        let problem = Problem::new(Code::BadRequest).into_response();
        let found = measures(&answered(problem, Some(Code::BadRequest)));
        assert_eq!(found, MetricSet::of([(Metric::Binds, 0)]));
    }
}
