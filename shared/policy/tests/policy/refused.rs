use policy::Programme;

use crate::VALID;

/// Returns the problems of the valid policy with `new` in place of the first `old`.
fn refused(old: &str, new: &str) -> Vec<String> {
    assert!(VALID.contains(old), "{old}");
    let errors = Programme::parse(&VALID.replacen(old, new, 1)).unwrap_err();
    errors.problems().iter().map(|problem| format!("{}: {problem}", problem.line)).collect()
}

/// Checks cases: the replaced text, its replacement, and the whole list of problems that follows.
fn check(cases: &[(&str, &str, &[&str])]) {
    for (old, new, expected) in cases {
        assert_eq!(&refused(old, new), expected, "{old} -> {new}");
    }
}

#[test]
fn missing_key_has_its_sections_line() {
    check(&[
        (
            "rule = \"half-a-year\"\n",
            "",
            &["1: eligibility[0].rule is missing; expected the rule's name, which bindings keep"],
        ),
        (
            "[confirmation]\nvalid_minutes = 10\nsource = \"a page\"\nas_of = 2026-01-02\n",
            "",
            &["1: confirmation is missing; expected a section"],
        ),
        (
            "[assets.overrides]\nJPY = 2\n",
            "",
            &["92: assets.overrides is missing; expected a section"],
        ),
        (
            "inactivity_days = 181\nsource = \"a page\"\nas_of = 2026-01-02\n",
            "inactivity_days = 181\n",
            &[
                "1: eligibility[0].as_of is missing; expected the day on which the source was \
                 read, as 2026-11-22",
                "1: eligibility[0].source is missing; expected text in quotes",
            ],
        ),
        (
            "tiers = [{ rate = \"0.1\", volume_usd = 0, new_traders = 0 }]",
            "tiers = []",
            &["80: commission.futures[0].tiers is empty; expected at least one entry"],
        ),
    ]);
}

#[test]
fn misspelt_key_is_unknown() {
    check(&[
        (
            "account_age_days = 180",
            "acount_age_days = 180",
            &[
                "1: eligibility[0].account_age_days is missing; expected a whole number",
                "4: eligibility[0].acount_age_days is not a key of the policy; expected one of \
                 rule, from, account_age_days, inactivity_days, source, as_of",
            ],
        ),
        (
            "[[regions.rules.futures]]",
            "[[regions.rules.future]]",
            &[
                "36: regions.rules.futures is missing; expected at least one entry \
                 [[regions.rules.futures]]",
                "60: regions.rules.future is not a key of the policy; expected one of inviter, \
                 invitee_signup, invitee_recall, futures",
            ],
        ),
        (
            "[events]",
            "[event]",
            &[
                "1: events is missing; expected a section",
                "119: event is not a key of the policy; expected one of eligibility, regions, \
                 commission, shared_commission, assets, links, confirmation, settlement, events, \
                 retention, presentation",
            ],
        ),
        (
            "vip_limit = 2",
            "vip_limit = 2\ntier0_window = { days = 1, anchor = \"opening\" }",
            &["69: commission.spot[0].tier0_window is not a key of the policy; expected one of \
                 from, vip_limit, tiers, source, as_of"],
        ),
    ]);
}

#[test]
fn wrong_type_has_expected_type() {
    check(&[
        (
            "account_age_days = 180",
            "account_age_days = \"180\"",
            &["4: eligibility[0].account_age_days is text; expected a whole number from 0 to 3660"],
        ),
        (
            "rate = \"0.3\"",
            "rate = 0.3",
            &["71: commission.spot[0].tiers[1].rate is a floating-point number; expected the \
               number in quotes"],
        ),
        (
            "tier0_window = { days = 365, anchor = \"opening\" }",
            "tier0_window = 365",
            &["81: commission.futures[0].tier0_window is a whole number; expected a section"],
        ),
        (
            "lists = [\"near\"]",
            "lists = \"near\"",
            &["37: regions.rules.inviter[0].lists is text; expected an array"],
        ),
        (
            "parameter = \"ref\"",
            "parameter = true",
            &["105: links.parameter is true or false; expected text in quotes"],
        ),
        (
            "from = 2026-01-01T12:00:00Z",
            "from = \"2026-01-01T12:00:00Z\"",
            &["11: eligibility[1].from is text; expected a time in UTC without quotes, as \
               2026-03-24T00:00:00Z"],
        ),
        (
            "rule = \"half-a-year\"",
            "rule = \" \"",
            &["2: eligibility[0].rule is empty; expected text"],
        ),
    ]);
}

#[test]
fn number_out_of_bounds_has_its_bounds() {
    check(&[
        (
            "account_age_days = 180",
            "account_age_days = 4000",
            &["4: eligibility[0].account_age_days is 4000; expected a whole number from 0 to 3660"],
        ),
        (
            "account_age_days = 180",
            "account_age_days = 99999999999999999999",
            &["4: eligibility[0].account_age_days is 99999999999999999999; expected a whole \
               number from 0 to 3660"],
        ),
        (
            "volume_usd = 300_000",
            "volume_usd = -1",
            &["72: commission.spot[0].tiers[2].volume_usd is -1; expected a whole number from 0 \
               to 1000000000000"],
        ),
        (
            "max_links = 20",
            "max_links = 0",
            &["102: links.max_links is 0; expected a whole number from 1 to 500"],
        ),
        (
            "max_links = 20",
            "max_links = 501",
            &["102: links.max_links is 501; expected a whole number from 1 to 500"],
        ),
        (
            "JPY = 2",
            "JPY = 19",
            &["99: assets.overrides.JPY is 19; expected a whole number from 0 to 18"],
        ),
        (
            "valid_minutes = 10",
            "valid_minutes = 0",
            &["110: confirmation.valid_minutes is 0; expected a whole number from 1 to 1440"],
        ),
    ]);
}

#[test]
fn dates_rise_from_entry_to_entry() {
    check(&[
        (
            "from = 2026-01-01T12:00:00Z",
            "from = 2025-01-01T00:00:00Z",
            &["11: eligibility[1].from is not later than the entry before; expected each entry \
               later than the one before"],
        ),
        (
            "from = 2025-06-01T00:00:00Z",
            "from = 2025-02-01T00:00:00Z",
            &["44: regions.rules.inviter[1].from is not later than the entry before; expected \
               each entry later than the one before"],
        ),
        (
            "until = 2026-01-01T00:00:00Z",
            "until = 2025-01-01T00:00:00Z",
            &["20: regions.lists.near[0].until is not later than from; expected a time after \
               from, or no until"],
        ),
    ]);
}

#[test]
fn day_is_no_instant_and_instant_no_day() {
    check(&[
        (
            "from = 2026-01-01T12:00:00Z",
            "from = 2026-01-01",
            &["11: eligibility[1].from is 2026-01-01; expected a time in UTC without quotes, as \
               2026-03-24T00:00:00Z"],
        ),
        (
            "as_of = 2026-01-02",
            "as_of = 2026-01-02T00:00:00Z",
            &[
                "7: eligibility[0].as_of is 2026-01-02T00:00:00Z; expected a day without quotes, as \
               2026-11-22",
            ],
        ),
    ]);
}

#[test]
fn commission_changes_at_midnight_only() {
    for from in ["2025-01-01T01:00:00Z", "2025-01-01T00:00:00.001Z", "2025-01-01T02:00:00+01:00"] {
        let new = format!("[[commission.spot]]\nfrom = {from}");
        let problems = refused("[[commission.spot]]\nfrom = 2025-01-01T00:00:00Z", &new);
        let expected = "67: commission.spot[0].from is not midnight UTC; expected the beginning of \
                        a UTC day, as 2025-01-01T00:00:00Z";
        assert_eq!(problems, [expected]);
    }
}

#[test]
fn place_is_listed_once_at_time() {
    check(&[
        (
            "[\"GR\", \"UA-43\"]",
            "[\"gr\", \"UA-\", \"Greece\"]",
            &[
                "18: regions.lists.near[0].places[0] is \"gr\"; expected a country as ISO 3166-1 \
                 alpha-2, as GR",
                "18: regions.lists.near[0].places[1] is \"UA-\"; expected a subdivision as ISO \
                 3166-2, as UA-43",
                "18: regions.lists.near[0].places[2] is \"Greece\"; expected a country as ISO \
                 3166-1 alpha-2, as GR",
            ],
        ),
        (
            "[\"GR\", \"UA-43\"]",
            "[\"EL\",\n\"UK-1\"]",
            &[
                "18: regions.lists.near[0].places[0] is EL, which does not exist; expected a \
                 country of ISO 3166-1 (the United Kingdom is GB, Greece is GR)",
                "19: regions.lists.near[0].places[1] is UK-1, which does not exist; expected a \
                 country of ISO 3166-1 (the United Kingdom is GB, Greece is GR)",
            ],
        ),
        (
            "[\"GR\", \"UA-43\"]",
            "[\"GR\", \"GR\"]",
            &[
                "18: regions.lists.near[0].places[1] is GR, which is on this list already; expected \
               each place once at a time",
            ],
        ),
        (
            "until = 2026-01-01T00:00:00Z\n",
            "",
            &[
                "24: regions.lists.near[1].places[0] is GR, which is on this list already; expected \
               each place once at a time",
            ],
        ),
    ]);
}

#[test]
fn rule_consults_lists_that_exist() {
    check(&[(
        "lists = [\"near\"]",
        "lists = [\"near\", \"eea\"]",
        &["37: regions.rules.inviter[0].lists[1] is \"eea\", which is no list; expected one of \
           far, near"],
    )]);
}

#[test]
fn rules_have_names_of_their_own() {
    check(&[(
        "rule = \"half-a-year\"",
        "rule = \"a-quarter\"",
        &["10: eligibility[1].rule is \"a-quarter\" again; expected a name of its own for each \
           rule"],
    )]);
}

#[test]
fn rate_is_between_0_and_1() {
    check(&[
        (
            "rate = \"0.3\"",
            "rate = \"1.5\"",
            &["71: commission.spot[0].tiers[1].rate is \"1.5\"; expected a rate from 0 to 1 with \
               at most 6 decimals, as 0.41"],
        ),
        (
            "step = \"0.05\"",
            "step = \"0\"",
            &["86: shared_commission.step is 0; expected a step of shared commission above 0"],
        ),
    ]);
}

#[test]
fn tiers_rise_from_one_without_conditions() {
    let falling =
        "does not fit here; expected tiers from low to high, no rate or condition falling";
    check(&[
        (
            "rate = \"0.3\"",
            "rate = \"0.1\"",
            &[&format!("71: commission.spot[0].tiers[1] {falling}")],
        ),
        (
            "volume_usd = 300_000",
            "volume_usd = 100_000",
            &[&format!("72: commission.spot[0].tiers[2] {falling}")],
        ),
        (
            "volume_usd = 0, new_traders = 0",
            "volume_usd = 1, new_traders = 0",
            &["70: commission.spot[0].tiers[0] does not fit here; expected tier 0 without \
               conditions: everybody starts there"],
        ),
    ]);
}

#[test]
fn wrong_row_does_not_hide_rows_after_it() {
    let problems = refused(
        "rate = \"0.2\", volume_usd = 0, new_traders = 0 },\n    { rate = \"0.3\"",
        "rate = \"20%\", volume_usd = 0, new_traders = 0 },\n    { rate = \"30%\"",
    );
    assert_eq!(problems.len(), 2);
    assert!(problems[0].starts_with("70: commission.spot[0].tiers[0].rate is \"20%\""));
    assert!(problems[1].starts_with("71: commission.spot[0].tiers[1].rate is \"30%\""));
}

#[test]
fn anchor_is_one_of_two() {
    check(&[(
        "anchor = \"opening\"",
        "anchor = \"binding\"",
        &["81: commission.futures[0].tier0_window.anchor is \"binding\"; expected \
           \"opening_or_binding\" (the later of both) or \"opening\""],
    )]);
}

#[test]
fn override_names_asset() {
    check(&[(
        "JPY = 2",
        "jpy = 2",
        &["99: assets.overrides.jpy is no asset's name; expected an asset: 1 to 16 upper-case \
           letters and digits"],
    )]);
}

#[test]
fn pages_are_https_addresses() {
    for page in [
        "http://exchange.example/join",
        "https://",
        "https://exchange.example/join?a=b",
        "https://exchange.example/join#top",
        "https://exchange.example/jo in",
        "https:///join",
    ] {
        let expected = format!(
            "103: links.recall_url is \"{page}\"; expected an https address without a query, as \
             https://www.binance.com/join"
        );
        assert_eq!(refused("https://exchange.example/join", page), [expected]);
    }
    check(&[(
        "parameter = \"ref\"",
        "parameter = \"r=f\"",
        &["105: links.parameter is \"r=f\"; expected the query parameter that carries the code, \
           as ref"],
    )]);
}

#[test]
fn invalid_toml_is_refused_with_line() {
    check(&[
        ("[links]", "[links", &["101: no TOML: unclosed table; expected `]`"]),
        (
            "step = \"0.05\"",
            "step = 0,05",
            &["86: no TOML: unexpected key or value; expected newline, `#`"],
        ),
        (
            "cap = \"0.2\"",
            "cap = \"0.2\"\ncap = \"0.3\"",
            &["88: no TOML: duplicate key; expected valid TOML"],
        ),
    ]);
}

#[test]
fn empty_text_lacks_every_section() {
    let errors = Programme::parse("").unwrap_err();
    assert_eq!(errors.problems().len(), 9);
    assert!(errors.problems().iter().all(|problem| problem.wrong == "is missing"));
}

#[test]
fn problems_are_listed_by_line() {
    let text = VALID
        .replace("clock_skew_minutes = 5", "clock_skew_minutes = \"5\"")
        .replace("decimals = 8", "decimals = 80")
        .replace("rule = \"a-quarter\"", "rule = \"\"");
    let message = Programme::parse(&text).unwrap_err().to_string();
    assert_eq!(
        message,
        "the programme's policy cannot be used\n\
         line 10: eligibility[1].rule is empty; expected text\n\
         line 93: assets.decimals is 80; expected a whole number from 0 to 18\n\
         line 120: events.clock_skew_minutes is text; expected a whole number from 0 to 1440"
    );
}

#[test]
fn only_optional_lines_may_be_left_out() {
    let (rules, _) = VALID.split_once("[presentation]").unwrap();
    let lines: Vec<_> = rules.lines().collect();
    let optional = |line: &str| {
        line.is_empty()
            || ["until", "tier0_window", "JPY", "    {", "[[regions.rules.inviter]]"]
                .iter()
                .any(|start| line.starts_with(start))
    };
    for (left_out, line) in lines.iter().enumerate().filter(|(_, line)| !optional(line)) {
        let rest = lines.iter().enumerate().filter(|(index, _)| *index != left_out);
        let text: Vec<_> = rest.map(|(_, line)| *line).collect();
        assert!(Programme::parse(&text.join("\n")).is_err(), "line {}: {line}", left_out + 1);
    }
}

#[test]
fn presentation_needs_name_colour_https() {
    let name = "a name of at most 64 characters on one line";
    let address = "an https address, as https://www.exchange.example/terms";
    let brand = format!("125: presentation.brand is no name to show; expected {name}");
    let terms = format!("126: presentation.terms is no https address; expected {address}");
    check(&[
        ("\"Come Back\"", "\" Come Back\"", &[&brand]),
        ("\"Come Back\"", "\"Come\\nBack\"", &[&brand]),
        ("\"Come Back\"", &format!("\"{}\"", "é".repeat(65)), &[&brand]),
        (
            "\"Come Back\"",
            "7",
            &["125: presentation.brand is a whole number; expected the number in quotes"],
        ),
        ("https://exchange.example/terms", "http://exchange.example/terms", &[&terms]),
        (
            "terms = ",
            "imprint = ",
            &[
                "126: presentation.imprint is not a key of the policy; expected one of brand, colour, terms, privacy, support",
            ],
        ),
    ]);
    assert!(refused("Come Back", &"é".repeat(65)).len() == 1);
    let right = "red, green and blue in six hexadecimal digits, as #2456c9";
    let colour = format!("126: presentation.colour is no colour; expected {right}");
    for wrong in ["2456c9", "#2456c", "#2456c99", "#2456cg", "blue", "#é456c"] {
        check(&[("terms = ", &format!("colour = \"{wrong}\"\nterms = "), &[&colour])]);
    }
}

#[test]
fn retention_outlasts_pending_sign_ups() {
    check(&[
        (
            "fees_days = 200",
            "fees_days = 99",
            &["130: retention.fees_days is 99; expected a whole number from 100 to 3660"],
        ),
        (
            "fees_days = 200",
            "fees_days = 200\nlines_days = 200",
            &["131: retention.lines_days is not a key of the policy; expected one of fees_days, \
                 source, as_of"],
        ),
    ]);
}
