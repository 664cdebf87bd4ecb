//! A route of the API, and which requests it takes.

/// The methods that API Gateway knows, without its catch-all `ANY`.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// One route of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The binary of the function that answers, as `get-link`.
    pub function: String,
    /// The method, as `GET`.
    pub method: String,
    /// The path with its parameters in braces, as `/v1/links/{code}`.
    pub path: String,
    /// Whether the API lets only callers with a good access token through.
    pub authorized: bool,
}

impl Route {
    /// Returns the route, or an error for a malformed one.
    pub(crate) fn new(
        function: &str,
        method: &str,
        path: &str,
        authorized: bool,
    ) -> Result<Self, &'static str> {
        let method = method.to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            return Err("expected one method, as GET");
        }
        if !path.starts_with('/') || path.contains('+') {
            return Err("expected a path from / on, without a greedy parameter");
        }
        Ok(Self { function: function.to_owned(), method, path: path.to_owned(), authorized })
    }

    /// The route's key as API Gateway writes it, as `GET /v1/links/{code}`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The parameters in the path of a request, still encoded, or `None` if it is not for here.
    #[must_use]
    pub fn parameters<'a>(
        &'a self,
        method: &str,
        path: &'a str,
    ) -> Option<Vec<(&'a str, &'a str)>> {
        if self.method != method || self.path.split('/').count() != path.split('/').count() {
            return None;
        }
        let mut parameters = Vec::new();
        for (expected, given) in self.path.split('/').zip(path.split('/')) {
            match name(expected) {
                Some(name) if !given.is_empty() => parameters.push((name, given)),
                None if expected == given => {}
                _ => return None,
            }
        }
        Some(parameters)
    }
}

/// The name of a segment in braces.
fn name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::new("get-link", "patch", path, true).unwrap()
    }

    #[test]
    fn path_parameters_are_returned() {
        let route = route("/v1/links/{code}");
        assert_eq!(route.parameters("PATCH", "/v1/links/A%20B"), Some(vec![("code", "A%20B")]));
        assert_eq!(route.key(), "PATCH /v1/links/{code}");
    }

    #[test]
    fn other_route_does_not_match() {
        let route = route("/v1/links/{code}");
        assert_eq!(route.parameters("GET", "/v1/links/A"), None);
        for path in ["/v1/links", "/v1/links/", "/v1/links/A/", "/v1/links/A/b", "/v1/link/A", ""] {
            assert_eq!(route.parameters("PATCH", path), None, "{path}");
        }
    }

    #[test]
    fn ambiguous_route_is_refused() {
        for (method, path) in [("ANY", "/v1"), ("", "/v1"), ("GET", "v1"), ("GET", "/{proxy+}")] {
            assert!(Route::new("f", method, path, true).is_err(), "{method} {path}");
        }
    }
}
