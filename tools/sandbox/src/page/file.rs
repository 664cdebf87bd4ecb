//! A file of the page, as CloudFront and S3 serve it: compressed for clients that accept it, and
//! with a tag by which a client asks whether its copy is current.

use std::io::{self, Write};
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// CloudFront's limits for the size of a file that it compresses.
const COMPRESSED_SIZES: std::ops::RangeInclusive<usize> = 1_000..=10_000_000;

/// A file, which is compressed once, when it is first requested so.
pub(super) struct File {
    media: &'static str,
    content: Bytes,
    tag: String,
    gzipped: OnceLock<Option<Bytes>>,
}

impl File {
    pub(super) fn new(path: &str, content: Vec<u8>) -> Self {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&content));
        let tag = digest.chars().take(22).collect();
        Self { media: media_type(path), content: content.into(), tag, gzipped: OnceLock::new() }
    }

    /// Returns the file, or 304 if the client has it. A tag is weak where the file is compressed,
    /// as CloudFront makes it.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let gzipped = self.gzipped().filter(|_| accepts_gzip(request));
        let tag = match gzipped {
            Some(_) => format!("W/\"{}\"", self.tag),
            None => format!("\"{}\"", self.tag),
        };
        let is_known = request
            .get(IF_NONE_MATCH)
            .and_then(|given| given.to_str().ok())
            .is_some_and(|given| given.contains(&self.tag));
        let body = match (is_known, gzipped) {
            (true, _) => Bytes::new(),
            (false, Some(gzipped)) => gzipped.clone(),
            (false, None) => self.content.clone(),
        };
        let mut response = Response::new(Body::from(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(ETAG, tag);
        }
        if self.gzipped().is_some() {
            headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        if gzipped.is_some() && !is_known {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        response
    }

    /// Returns the compressed file, if CloudFront would compress it.
    fn gzipped(&self) -> Option<&Bytes> {
        let compress = || {
            let applies = is_text(self.media) && COMPRESSED_SIZES.contains(&self.content.len());
            // An error is impossible in memory; the file would be sent as it is.
            applies.then(|| gzip(&self.content).ok()).flatten()
        };
        self.gzipped.get_or_init(compress).as_ref()
    }
}

fn gzip(content: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish().map(Bytes::from)
}

/// Returns whether a request accepts gzip (RFC 9110 section 12.5.3, without `*`).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_refused = |quality: &str| quality.trim_start_matches("q=").parse() == Ok(0.0_f32);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && !parts.any(is_refused)
    })
}

/// Returns whether CloudFront compresses the type; of those that the page has.
fn is_text(media: &str) -> bool {
    media.starts_with("text/") || matches!(media, "application/json" | "image/svg+xml")
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn request(headers: &[(&'static str, &str)]) -> HeaderMap {
        let headers = headers.iter().map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        headers.collect()
    }

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn text_is_compressed_where_accepted() {
        let content = b"const a = 1;\n".repeat(1_000);
        let file = File::new("/assets/main.js", content.clone());
        for accepted in ["gzip", "br, GZIP;q=0.5", "gzip, deflate, br, zstd"] {
            let response = file.answer(&request(&[("accept-encoding", accepted)]));
            assert_eq!(response.headers()[CONTENT_ENCODING], "gzip", "{accepted}");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
            let sent = body(response).await;
            assert!(sent.len() < 500);
            let mut text = Vec::new();
            GzDecoder::new(&sent[..]).read_to_end(&mut text).unwrap();
            assert_eq!(text, content);
        }
        for refused in ["br", "gzip;q=0", "xgzip"] {
            let response = file.answer(&request(&[("accept-encoding", refused)]));
            assert!(!response.headers().contains_key(CONTENT_ENCODING), "{refused}");
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
            assert_eq!(body(response).await, content);
        }
    }

    #[test]
    fn short_and_binary_files_are_sent_as_they_are() {
        for (path, length) in [("/a.js", 999), ("/a.png", 5_000), ("/a.woff2", 5_000)] {
            let file = File::new(path, vec![b'a'; length]);
            let response = file.answer(&request(&[("accept-encoding", "gzip")]));
            assert!(!response.headers().contains_key(CONTENT_ENCODING), "{path}");
            assert!(!response.headers().contains_key(VARY), "{path}");
        }
    }

    #[tokio::test]
    async fn known_file_is_not_sent_again() {
        let file = File::new("/index.html", vec![b'a'; 2_000]);
        for accepted in ["gzip", "identity"] {
            let first = file.answer(&request(&[("accept-encoding", accepted)]));
            let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
            assert_eq!(tag.starts_with("W/"), accepted == "gzip");
            let given = [("accept-encoding", accepted), ("if-none-match", &tag)];
            let again = file.answer(&request(&given));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            assert!(body(again).await.is_empty());
            let other = request(&[("if-none-match", "\"other\"")]);
            assert_eq!(file.answer(&other).status(), StatusCode::OK);
        }
    }
}
