//! The table of a function's routes.

use lambda_http::Request;

use crate::serve::path_of;
use crate::{Code, Problem};

/// One route: method, path pattern, and the query parameters that it knows.
#[derive(Debug, Clone, Copy)]
pub struct Entry<R> {
    method: &'static str,
    pattern: &'static str,
    query: &'static [&'static str],
    route: R,
}

impl<R: Copy> Entry<R> {
    const fn new(method: &'static str, pattern: &'static str, route: R) -> Self {
        Self { method, pattern, query: &[], route }
    }

    /// The query parameters that the route knows; every other one is refused.
    #[must_use]
    pub const fn query(self, names: &'static [&'static str]) -> Self {
        Self { query: names, ..self }
    }

    /// The method, as `GET`.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The path with its parameters in braces, as `/v1/links/{code}`.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern
    }

    /// The names given by [`Entry::query`].
    #[must_use]
    pub const fn query_names(&self) -> &'static [&'static str] {
        self.query
    }

    /// The function's name for the route.
    #[must_use]
    pub const fn route(&self) -> R {
        self.route
    }
}

/// `GET pattern`.
pub const fn get<R: Copy>(pattern: &'static str, route: R) -> Entry<R> {
    Entry::new("GET", pattern, route)
}

/// `POST pattern`.
pub const fn post<R: Copy>(pattern: &'static str, route: R) -> Entry<R> {
    Entry::new("POST", pattern, route)
}

/// `PATCH pattern`.
pub const fn patch<R: Copy>(pattern: &'static str, route: R) -> Entry<R> {
    Entry::new("PATCH", pattern, route)
}

/// All routes of a function. Where two patterns fit a path, the first one takes it.
#[derive(Debug, Clone, Copy)]
pub struct Routes<R: 'static>(pub &'static [Entry<R>]);

/// The values of a path's parameters, by name.
pub(crate) type PathValues = Vec<(&'static str, String)>;

impl<R: Copy> Routes<R> {
    /// The routes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &'static Entry<R>> {
        self.0.iter()
    }

    /// Returns whether one of the routes has the path of a request, with any method.
    #[must_use]
    pub fn have_path_of(&self, request: &Request) -> bool {
        let path = path_of(request);
        self.0.iter().any(|entry| values(entry.pattern, path).is_some())
    }

    /// The route of a request, with the values of its path parameters.
    ///
    /// # Errors
    /// `not_found` for an unknown path, `method_not_allowed` for a known one.
    pub(crate) fn find(&self, method: &str, path: &str) -> Result<(Entry<R>, PathValues), Problem> {
        let mut allow: Vec<&str> = Vec::new();
        for entry in self.0 {
            match values(entry.pattern, path) {
                Some(values) if entry.method == method => return Ok((*entry, values)),
                Some(_) => allow.push(entry.method),
                None => {}
            }
        }
        if allow.is_empty() {
            Err(Code::NotFound.into())
        } else {
            Err(Problem::method_not_allowed(allow.join(", ")))
        }
    }
}

/// The values of the pattern's parameters in the path, or `None` where it does not fit.
fn values(pattern: &'static str, path: &str) -> Option<PathValues> {
    let mut values = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => values.push((name, segment.to_owned())),
            Some(_) => return None,
            None if segment == expected => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    const ROUTES: Routes<u8> = Routes(&[
        get("/v1/links", 1),
        post("/v1/links", 2),
        patch("/v1/links/{code}", 3),
        get("/v1/link/qr.svg", 4).query(&["code"]),
    ]);

    fn find(method: &str, path: &str) -> Result<(u8, PathValues), Code> {
        let found = ROUTES.find(method, path);
        found.map(|(entry, values)| (entry.route(), values)).map_err(|problem| problem.code())
    }

    #[test]
    fn method_and_path_together_choose_route() {
        assert_eq!(find("GET", "/v1/links"), Ok((1, vec![])));
        assert_eq!(find("POST", "/v1/links"), Ok((2, vec![])));
        assert_eq!(find("PATCH", "/v1/links/ABCDEFGH"), Ok((3, vec![("code", "ABCDEFGH".into())])));
        assert_eq!(find("GET", "/v1/link/qr.svg"), Ok((4, vec![])));
    }

    #[test]
    fn unknown_path_is_not_found() {
        for path in ["", "/", "/v1", "/v1/links/", "/v1/links/A/B", "/v1/link/qr.svg/", "v1/links"]
        {
            assert_eq!(find("GET", path), Err(Code::NotFound), "{path}");
        }
        assert_eq!(find("PATCH", "/v1/links/"), Err(Code::NotFound));
    }

    #[test]
    fn path_is_known_with_any_method() {
        let has = |method, target| ROUTES.have_path_of(&testing::request(method, target, &[], ""));
        assert!(has("GET", "/v1/links/ABCDEFGH?x=1") && has("DELETE", "/v1/link/qr.svg"));
        assert!(!has("GET", "/v1/link") && !has("GET", "/v1/links/"));
    }

    #[test]
    fn known_path_tells_its_methods() {
        assert_eq!(find("DELETE", "/v1/links"), Err(Code::MethodNotAllowed));
        let response = ROUTES.find("DELETE", "/v1/links").unwrap_err().into_response();
        assert_eq!(response.headers()["allow"], "GET, POST");
    }
}
