//! `[links]`: the number and the form of links.

use types::LinkCode;

use crate::section::Section;
use crate::value::Value;

/// The rules of referral links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRules {
    /// The most links that one affiliate may have.
    pub max_links: u32,
    recall_page: String,
    original_page: String,
    parameter: String,
}

impl LinkRules {
    /// The link that invites new users and existing users.
    #[must_use]
    pub fn recall_url(&self, code: &LinkCode) -> String {
        format!("{}?{}={code}", self.recall_page, self.parameter)
    }

    /// The site that recall links lead to, as `https://www.binance.com`.
    #[must_use]
    pub fn recall_site(&self) -> &str {
        let host = self.recall_page.find("://").map_or(0, |scheme| scheme + 3);
        let rest = self.recall_page.get(host..).unwrap_or_default();
        let end = rest.find('/').map_or(self.recall_page.len(), |path| host + path);
        self.recall_page.get(..end).unwrap_or(&self.recall_page)
    }

    /// Lets the links lead to another site, as `http://127.0.0.1:8080`: to the sandbox's own page.
    pub fn lead_to(&mut self, site: &str) {
        self.recall_page = format!("{site}/join");
        self.original_page = format!("{site}/register");
    }

    /// The link that invites new users only.
    #[must_use]
    pub fn original_url(&self, code: &LinkCode) -> String {
        format!("{}?{}={code}", self.original_page, self.parameter)
    }
}

/// The greatest `max_links`. All links of an affiliate are one item, of which DynamoDB takes 400
/// KB: a link has at most 460 bytes.
const MAX_LINKS: i64 = 500;

pub(crate) fn read(root: &Section<'_>) -> Option<LinkRules> {
    let known = ["max_links", "recall_url", "original_url", "parameter", "source", "as_of"];
    let section = root.section("links", &known)?;
    section.sourced();
    let max_links = section.number("max_links", 1..=MAX_LINKS);
    let recall_page = section.required("recall_url", PAGE).and_then(|value| page(&value));
    let original_page = section.required("original_url", PAGE).and_then(|value| page(&value));
    let parameter = section.required("parameter", PARAMETER).and_then(|value| parameter(&value));
    Some(LinkRules {
        max_links: max_links?,
        recall_page: recall_page?,
        original_page: original_page?,
        parameter: parameter?,
    })
}

const PAGE: &str = "an https address without a query, as https://www.binance.com/join";

fn page(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    let address = text.strip_prefix("https://").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:%".contains(&byte);
    if address.starts_with(|first: char| first.is_ascii_alphanumeric())
        && address.bytes().all(plain)
    {
        return Some(text.to_owned());
    }
    value.wrong(&format!("is \"{text}\""), PAGE);
    None
}

const PARAMETER: &str = "the query parameter that carries the code, as ref";

fn parameter(value: &Value<'_>) -> Option<String> {
    let text = value.text()?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Some(text.to_owned());
    }
    value.wrong(&format!("is \"{text}\""), PARAMETER);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(page: &str) -> LinkRules {
        LinkRules {
            max_links: 20,
            recall_page: page.to_owned(),
            original_page: "https://accounts.exchange.example/register".to_owned(),
            parameter: "ref".to_owned(),
        }
    }

    #[test]
    fn recall_site_has_no_path() {
        for page in ["https://www.exchange.example/join", "https://www.exchange.example"] {
            assert_eq!(links(page).recall_site(), "https://www.exchange.example");
        }
        let deep = links("https://www.exchange.example:8443/en/join");
        assert_eq!(deep.recall_site(), "https://www.exchange.example:8443");
        assert_eq!(links("https://x.io/en/join").recall_site(), "https://x.io");
    }

    #[test]
    fn links_lead_to_another_site() {
        let mut links = links("https://www.exchange.example/join");
        links.lead_to("http://127.0.0.1:8080");
        let code = "ABCD2345".parse().unwrap();
        assert_eq!(links.recall_url(&code), "http://127.0.0.1:8080/join?ref=ABCD2345");
        assert_eq!(links.original_url(&code), "http://127.0.0.1:8080/register?ref=ABCD2345");
        assert_eq!(links.recall_site(), "http://127.0.0.1:8080");
    }
}
