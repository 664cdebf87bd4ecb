//! The message of the sandbox when it is ready.

use crate::load::Highlights;
use crate::open::TABLE_NAME;
use crate::running::Running;

/// The addresses, and three commands to try next.
pub(crate) fn text(running: &Running, highlights: Option<&Highlights>) -> String {
    let api = running.api_url();
    let dynamodb = running.dynamodb_url();
    let commands = match highlights {
        Some(highlights) => with_sample(api, highlights),
        None => without_sample(api),
    };
    format!(
        "\nready\n  page      {api}/\n  API       {api}/v1\n  DynamoDB  {dynamodb}, table {TABLE_NAME}\n\n\
         Try next:\n{commands}\nCtrl-C stops it."
    )
}

fn with_sample(api: &str, highlights: &Highlights) -> String {
    let Highlights { affiliate, first_day, last_day } = highlights;
    format!(
        "{}  curl -s -H \"Authorization: Bearer $TOKEN\" {api}/v1/link\n  \
         curl -s -H \"Authorization: Bearer $TOKEN\" \
         '{api}/v1/dashboard?from={first_day}&to={last_day}'\n",
        token(api, affiliate.as_str())
    )
}

fn without_sample(api: &str) -> String {
    let event = "{\"specversion\":\"1.0\",\"source\":\"me\",\"id\":\"1\",\
                 \"type\":\"exchange.account.registered.v1\",\"data\":{\"uid\":\"u1\",\
                 \"registeredAt\":\"2024-01-01T00:00:00Z\",\"country\":\"TR\"}}";
    format!(
        "  curl -s {api}/sandbox/events -d '{event}'\n{}  \
         curl -s -H \"Authorization: Bearer $TOKEN\" {api}/v1/binding\n",
        token(api, "u1")
    )
}

fn token(api: &str, uid: &str) -> String {
    format!(
        "  TOKEN=$(curl -s {api}/sandbox/token -d '{{\"uid\":\"{uid}\"}}' | \
         sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')\n"
    )
}
