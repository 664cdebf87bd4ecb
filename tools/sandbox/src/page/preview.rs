//! Requests of messengers for an invitation, which get its card instead of the page, as the
//! function `PageRoutes` of `template.yaml` routes them.

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, Uri};
use types::LinkCode;

/// Parts of the names by which messengers and social networks introduce themselves, in lower case.
/// `^` is the beginning of an agent: a messenger's own browser, which gets the page, names it too,
/// but behind Mozilla's name.
const PREVIEWS: &[&str] = &[
    "^viber",
    "^zalo",
    "bluesky cardyb",
    "discordbot",
    "facebookexternalhit",
    "facebot",
    "google-pagerenderer",
    "kakaotalk-scrap",
    "line-poker",
    "linkedinbot",
    "mastodon",
    "meta-externalagent",
    "meta-externalfetcher",
    "microsoftpreview",
    "odklbot",
    "pinterestbot",
    "redditbot",
    "skypeuripreview",
    "slackbot",
    "snap url preview",
    "telegrambot",
    "twitterbot",
    "vkshare",
    "whatsapp",
];

/// Returns the address of the card, if a messenger requests an invitation.
pub(crate) fn card(uri: &Uri, headers: &HeaderMap) -> Option<Uri> {
    let agent = format!("^{}", headers.get(USER_AGENT)?.to_str().ok()?.to_ascii_lowercase());
    if uri.path() != "/join" || !PREVIEWS.iter().any(|name| agent.contains(name)) {
        return None;
    }
    let code: LinkCode = code(uri.query()?)?.parse().ok()?;
    format!("/v1/invitation/card?ref={code}").parse().ok()
}

/// Returns the value of `ref`, if it is given once.
fn code(query: &str) -> Option<String> {
    let mut codes = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "ref");
    let (_, code) = codes.next()?;
    codes.next().is_none().then(|| code.into_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TEMPLATE: &str = include_str!("../../../../template.yaml");

    fn asked(agent: &str, target: &str) -> Option<String> {
        let headers = [(USER_AGENT, HeaderValue::from_str(agent).unwrap())].into_iter().collect();
        card(&target.parse().unwrap(), &headers).map(|card| card.to_string())
    }

    #[test]
    fn messenger_gets_the_card_of_the_link() {
        for agent in [
            "WhatsApp/2.23.20.0",
            "TelegramBot (like TwitterBot)",
            "facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "Viber/24.1.0",
            "OdklBot/1.0 (klass@odnoklassniki.ru)",
        ] {
            let card = asked(agent, "/join?ref=ABCD2345&utm_source=chat");
            assert_eq!(card.as_deref(), Some("/v1/invitation/card?ref=ABCD2345"), "{agent}");
        }
    }

    #[test]
    fn others_get_the_page() {
        for app in ["", " Zalo iOS/640 ZaloTheme/light", " KAKAOTALK 11.2.0", " Line/15.1.0"] {
            let browser =
                format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605.1.15{app}");
            assert_eq!(asked(&browser, "/join?ref=ABCD2345"), None, "{browser}");
        }
        for target in
            ["/join", "/join?ref=a/b", "/join?ref=ABCD2345&ref=ABCD2346", "/?ref=ABCD2345"]
        {
            assert_eq!(asked("WhatsApp/2.23", target), None, "{target}");
        }
    }

    #[test]
    fn messengers_match_template() {
        let (_, rest) = TEMPLATE.split_once("const previews = [").unwrap();
        let (listed, _) = rest.split_once("];").unwrap();
        let names = listed.split(',').map(|name| name.trim().trim_matches('\''));
        assert_eq!(names.filter(|name| !name.is_empty()).collect::<Vec<_>>(), PREVIEWS);
    }
}
