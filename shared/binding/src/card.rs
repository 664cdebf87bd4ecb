//! `GET /v1/invitation/card?ref=CODE`: the invitation as a document for messengers, which show its
//! title, text and picture beside a link.
//!
//! It has the facts of `GET /v1/invitation` and no others, so that it answers an unknown code, a
//! dead and a stopped link alike. Its language is English: a messenger does not name the reader's.

use commission::{Rate, SharedCommission};
use http_api::{Anyone, Call, Problem, Response, reply};
use lambda::App;
use policy::{LinkRules, Presentation};
use types::LinkCode;

use crate::invitation::{MAX_AGE, live_link};

/// The name of a programme whose file has none.
const UNNAMED: &str = "Referral programme";

/// The picture of a link without a benefit, 1200 by 630 pixels, beside the page. A programme replaces
/// the file.
const PICTURE: &str = "/share.png";

/// The shares of spot and futures fees, in percent, that have a picture: `share-SPOT-FUTURES.png`,
/// made by `page/art/render.mjs`.
const SHARES: &[(u32, u32)] = &[(5, 0), (10, 0), (0, 5), (5, 5), (10, 5)];

/// Millionths of a rate in one percent.
const PERCENT: u32 = 10_000;

struct Content {
    title: String,
    description: String,
    /// Path of the picture at the site of the links.
    picture: String,
}

/// Cost: as `GET /v1/invitation`.
pub(crate) async fn answer<R>(app: &App, call: &Call<R, Anyone>) -> Result<Response, Problem> {
    let code: LinkCode = call.query.required("ref")?;
    let link = live_link(app, &code, call.now).await?;
    let Presentation { brand, .. } = &app.programme.presentation;
    let content = match &link {
        Some(link) => live(&link.facts.owner.masked(), link.shared, brand.as_deref()),
        None => Content {
            title: "You're invited".to_owned(),
            description:
                "Open the invitation to see who invites you and what part of your trading \
                          fees you get back."
                    .to_owned(),
            picture: PICTURE.to_owned(),
        },
    };
    let site = brand.as_deref().unwrap_or(UNNAMED);
    reply::public_page(document(&content, site, &app.programme.links, &code), MAX_AGE)
}

fn live(inviter: &str, shared: SharedCommission, brand: Option<&str>) -> Content {
    let picture = picture(shared);
    let invites = match brand {
        Some(brand) => format!("{inviter} invites you back to {brand}"),
        None => format!("{inviter} invites you back"),
    };
    match benefit(shared) {
        Some(title) => Content {
            title,
            picture,
            description: format!(
                "{invites} and shares commission with you for as long as you trade. Your fees stay \
                 the same."
            ),
        },
        None => Content {
            title: invites,
            picture,
            description: "This link doesn't include a fee rebate. Your inviter earns commission \
                          on your fees, which stay the same."
                .to_owned(),
        },
    }
}

/// Returns the invitee's benefit, or `None` if the link shares nothing.
fn benefit(SharedCommission { spot, futures }: SharedCommission) -> Option<String> {
    let (of_spot, of_futures) = (percent(spot), percent(futures));
    match (spot == Rate::ZERO, futures == Rate::ZERO) {
        (true, true) => None,
        (false, true) => Some(format!("Get {of_spot} of your spot fees back")),
        (true, false) => Some(format!("Get {of_futures} of your futures fees back")),
        _ if spot == futures => Some(format!("Get {of_spot} of your trading fees back")),
        _ => Some(format!("Get {of_spot} of your spot and {of_futures} of your futures fees back")),
    }
}

/// Returns the picture of a benefit, or the general one where that benefit has none.
fn picture(SharedCommission { spot, futures }: SharedCommission) -> String {
    let whole = |rate: Rate| {
        let millionths = rate.millionths();
        millionths.is_multiple_of(PERCENT).then_some(millionths / PERCENT)
    };
    match whole(spot).zip(whole(futures)) {
        Some((spot, futures)) if SHARES.contains(&(spot, futures)) => {
            format!("/share-{spot}-{futures}.png")
        }
        _ => PICTURE.to_owned(),
    }
}

/// Returns a rate in percent, exactly.
fn percent(rate: Rate) -> String {
    let (whole, rest) = (rate.millionths() / PERCENT, rate.millionths() % PERCENT);
    let digits = format!("{rest:04}");
    match digits.trim_end_matches('0') {
        "" => format!("{whole}%"),
        decimals => format!("{whole}.{decimals}%"),
    }
}

fn document(content: &Content, site: &str, links: &LinkRules, code: &LinkCode) -> String {
    let Content { title, description, picture } = content;
    let picture = &format!("{}{picture}", links.recall_site());
    let url = &links.recall_url(code);
    let [title, description, site, url, picture] =
        [title, description, site, url, picture].map(escape);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="description" content="{description}">
<meta name="robots" content="noindex">
<meta property="og:type" content="website">
<meta property="og:site_name" content="{site}">
<meta property="og:title" content="{title}">
<meta property="og:description" content="{description}">
<meta property="og:url" content="{url}">
<meta property="og:image" content="{picture}">
<meta property="og:image:type" content="image/png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="{title}">
<meta name="twitter:card" content="summary_large_image">
<meta name="twitter:title" content="{title}">
<meta name="twitter:description" content="{description}">
<meta name="twitter:image" content="{picture}">
</head>
<body>
<h1>{title}</h1>
<p>{description}</p>
<p><a href="{url}">Open the invitation</a></p>
</body>
</html>
"#
    )
}

/// Returns the text as HTML takes it, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn headline(spot: &str, futures: &str) -> Option<String> {
        benefit(SharedCommission { spot: rate(spot), futures: rate(futures) })
    }

    #[test]
    fn headline_names_shared_markets_only() {
        assert_eq!(headline("0.1", "0").unwrap(), "Get 10% of your spot fees back");
        assert_eq!(headline("0", "0.05").unwrap(), "Get 5% of your futures fees back");
        assert_eq!(headline("0.1", "0.1").unwrap(), "Get 10% of your trading fees back");
        let both = headline("0.1", "0.05").unwrap();
        assert_eq!(both, "Get 10% of your spot and 5% of your futures fees back");
        assert_eq!(headline("0", "0"), None);
    }

    #[test]
    fn picture_shows_the_benefit() {
        let of =
            |spot, futures| picture(SharedCommission { spot: rate(spot), futures: rate(futures) });
        assert_eq!(of("0.1", "0.05"), "/share-10-5.png");
        assert_eq!(of("0", "0.05"), "/share-0-5.png");
        for (spot, futures) in [("0", "0"), ("0.15", "0"), ("0.105", "0.05")] {
            assert_eq!(of(spot, futures), "/share.png");
        }
    }

    #[test]
    fn every_choice_has_a_picture() {
        let rules = programme::programme().unwrap().commission;
        let now = "2026-11-27T00:00:00Z".parse().unwrap();
        let choices = |market| rules.shared_choices(market, now);
        for spot in choices(types::Market::Spot) {
            for futures in choices(types::Market::Futures) {
                let path = picture(SharedCommission { spot, futures });
                let shares = spot != Rate::ZERO || futures != Rate::ZERO;
                assert_eq!(path == PICTURE, !shares, "{path}");
                let file = format!("{}/../../page/public{path}", env!("CARGO_MANIFEST_DIR"));
                let png = std::fs::read(file).unwrap();
                // Width and height in the header of a PNG.
                assert_eq!(png[16..24], [0, 0, 4, 0xB0, 0, 0, 2, 0x76], "{path}");
            }
        }
    }

    #[test]
    fn percent_is_exact() {
        let texts = ["0.1", "0.125", "0.000001", "1", "0.05"].map(|text| percent(rate(text)));
        assert_eq!(texts, ["10%", "12.5%", "0.0001%", "100%", "5%"]);
    }

    #[test]
    fn brand_cannot_leave_its_attribute() {
        let content = live("a***5", SharedCommission::default(), Some(r#""><script>'&"#));
        assert_eq!(
            escape(&content.title),
            "a***5 invites you back to &quot;&gt;&lt;script&gt;&#39;&amp;"
        );
    }
}
