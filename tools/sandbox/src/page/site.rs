//! The built page as CloudFront serves it: its files, a document for every route of the page, and
//! the same security headers.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;

const INDEX: &str = "/index.html";

/// The route that invitees open, and its document: it does not load the application.
const INVITATION: (&str, &str) = ("/join", "/join.html");

/// Paths below these are never the page's.
const NOT_THE_PAGES: &[&str] = &["/v1", "/sandbox", "/.well-known"];

/// Every file below this path has its content's hash in its name.
const HASHED: &str = "/assets/";

const SECURITY: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
         font-src 'self'; manifest-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// The page's files, by their paths.
pub(crate) struct Site {
    files: HashMap<String, Bytes>,
}

impl Site {
    /// Reads the built page.
    pub(crate) fn read(dist: &Path) -> io::Result<Self> {
        let mut files = HashMap::new();
        read_into(&mut files, dist, "")?;
        match files.contains_key(INDEX) {
            true => Ok(Self { files }),
            false => Err(io::Error::new(io::ErrorKind::NotFound, "there is no index.html")),
        }
    }

    /// Returns whether a request is for the page, whose routes are not known here.
    pub(crate) fn takes(method: &Method, path: &str) -> bool {
        let within = |root: &&str| {
            path.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        matches!(*method, Method::GET | Method::HEAD) && !NOT_THE_PAGES.iter().any(within)
    }

    /// Returns the file at the path, or the document of a route of the page.
    pub(crate) fn answer(&self, path: &str) -> Response {
        let path = document(path);
        let (status, body) = match self.files.get(path) {
            Some(content) => (StatusCode::OK, content.clone()),
            None => (StatusCode::NOT_FOUND, Bytes::new()),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        add_headers(response.headers_mut(), path, status);
        response
    }
}

/// Returns the file for the path: every route except the invitation's is the index.
fn document(path: &str) -> &str {
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match path {
        file if is_file => file,
        route if route == INVITATION.0 => INVITATION.1,
        _ => INDEX,
    }
}

fn add_headers(headers: &mut HeaderMap, path: &str, status: StatusCode) {
    for (name, value) in SECURITY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let keep = status == StatusCode::OK && path.starts_with(HASHED);
    let caching = if keep { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("ico") => "image/x-icon",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn read_into(files: &mut HashMap<String, Bytes>, dir: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_into(files, &entry.path(), &path)?;
        } else {
            files.insert(path, fs::read(entry.path())?.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../../template.yaml");

    fn site() -> Site {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("assets")).unwrap();
        fs::write(dir.path().join("index.html"), "index").unwrap();
        fs::write(dir.path().join("join.html"), "invitation").unwrap();
        fs::write(dir.path().join("assets/main-1a2b.js"), "scenario").unwrap();
        Site::read(dir.path()).unwrap()
    }

    fn header(response: &Response, name: &str) -> String {
        response.headers()[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn page_route_is_index_without_cache() {
        for path in ["/", "/join", "/dashboard/lines"] {
            let response = site().answer(path);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
            assert_eq!(header(&response, "cache-control"), "no-cache");
        }
    }

    #[tokio::test]
    async fn invitation_route_has_its_own_document() {
        let body = async |path: &str| {
            let bytes = axum::body::to_bytes(site().answer(path).into_body(), 100).await.unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        assert_eq!(body("/join").await, "invitation");
        assert_eq!(body("/join.html").await, "invitation");
        assert_eq!(body("/join/more").await, "index");
        assert_eq!(body("/joins").await, "index");
        assert!(TEMPLATE.contains("request.uri === '/join') request.uri = '/join.html'"));
    }

    #[test]
    fn hashed_file_is_cached() {
        let response = site().answer("/assets/main-1a2b.js");
        assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
        let missing = site().answer("/assets/main-3c4d.js");
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        assert_eq!(header(&missing, "cache-control"), "no-cache");
        assert_eq!(site().answer("/../Cargo.toml").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn api_paths_are_not_the_page() {
        for path in ["/v1", "/v1/link", "/sandbox/clock", "/.well-known/jwks.json"] {
            assert!(!Site::takes(&Method::GET, path), "{path}");
        }
        for path in ["/", "/v10", "/join", "/assets/main-1a2b.js"] {
            assert!(Site::takes(&Method::GET, path), "{path}");
            assert!(!Site::takes(&Method::POST, path), "{path}");
        }
    }

    #[test]
    fn security_headers_match_template() {
        let template = TEMPLATE.split_whitespace().collect::<Vec<_>>().join(" ");
        for directive in SECURITY[0].1.split("; ") {
            // The deployed page also connects to the issuer.
            let directive = directive.replace("connect-src 'self'", "connect-src 'self' https://");
            assert!(template.contains(&directive), "{directive}");
        }
        for value in ["no-referrer", "DENY", SECURITY[4].1, SECURITY[5].1] {
            assert!(template.contains(value), "{value}");
        }
    }
}
