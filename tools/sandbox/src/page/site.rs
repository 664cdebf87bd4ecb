//! The built page as CloudFront serves it: its files, a document for every route of the page, and
//! the same headers for security and caching.

use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::page::file::File;

const INDEX: &str = "/index.html";

/// The route that invitees open, and its document: it does not load the application.
const INVITATION: (&str, &str) = ("/join", "/join.html");

/// Paths below these are never the page's.
const NOT_THE_PAGES: &[&str] = &["/v1", "/sandbox", "/.well-known"];

/// Every file below this path has its content's hash in its name.
const HASHED: &str = "/assets/";

/// The digest is of the style in the documents, which the page's build computes and compares.
const SECURITY: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; \
         style-src 'self' 'sha256-+aRmGk5L1dE5fGZaVPK3WxJ+voy14JrNCF+xPyr0DJI='; \
         img-src 'self' blob:; font-src 'self'; manifest-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// The page's files, by their paths.
pub(crate) struct Site {
    files: HashMap<String, File>,
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
    pub(crate) fn answer(&self, path: &str, request: &HeaderMap) -> Response {
        let path = document(path);
        let mut response = match self.files.get(path) {
            Some(file) => file.answer(request),
            None => StatusCode::NOT_FOUND.into_response(),
        };
        let keep = path.starts_with(HASHED) && response.status() != StatusCode::NOT_FOUND;
        add_headers(response.headers_mut(), keep);
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

/// Adds the distribution's headers for security to an answer that it gives in place of a document.
pub(crate) fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Adds the headers of the distribution, and the lifetime that `docs/how-to/deploy.md` uploads
/// with.
fn add_headers(headers: &mut HeaderMap, keep: bool) {
    secure(headers);
    let caching = if keep { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
}

fn read_into(files: &mut HashMap<String, File>, dir: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_into(files, &entry.path(), &path)?;
        } else {
            let file = File::new(&path, fs::read(entry.path())?);
            files.insert(path, file);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../../template.yaml");
    const UPLOADS: &str = include_str!("../../../../docs/how-to/deploy.md");

    fn site() -> Site {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("assets")).unwrap();
        fs::write(dir.path().join("index.html"), "index").unwrap();
        fs::write(dir.path().join("join.html"), "invitation").unwrap();
        fs::write(dir.path().join("assets/main-1a2b.js"), "scenario").unwrap();
        Site::read(dir.path()).unwrap()
    }

    fn answer(path: &str) -> Response {
        site().answer(path, &HeaderMap::new())
    }

    fn header(response: &Response, name: &str) -> String {
        response.headers()[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn page_route_is_index_without_cache() {
        for path in ["/", "/join", "/dashboard/lines"] {
            let response = answer(path);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
            assert_eq!(header(&response, "cache-control"), "no-cache");
        }
    }

    #[tokio::test]
    async fn invitation_route_has_its_own_document() {
        let body = async |path: &str| {
            let bytes = axum::body::to_bytes(answer(path).into_body(), 100).await.unwrap();
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
        let response = answer("/assets/main-1a2b.js");
        assert_eq!(header(&response, "content-type"), "text/javascript; charset=utf-8");
        assert_eq!(header(&response, "cache-control"), "public, max-age=31536000, immutable");
        let missing = answer("/assets/main-3c4d.js");
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
        assert_eq!(header(&missing, "cache-control"), "no-cache");
        assert_eq!(answer("/../Cargo.toml").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn lifetimes_match_the_uploads_to_s3() {
        let kept = header(&answer("/assets/main-1a2b.js"), "cache-control");
        assert!(UPLOADS.contains(&format!("s3://$PAGE_BUCKET/assets --cache-control '{kept}'")));
        let asked_again = header(&answer("/"), "cache-control");
        let upload = format!("--exclude 'assets/*' --cache-control {asked_again}\n");
        assert!(UPLOADS.contains(&upload));
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
    fn headers_match_template() {
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
