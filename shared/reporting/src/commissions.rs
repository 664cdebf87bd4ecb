//! `GET /v1/dashboard/commissions`: the lines behind the figures, as pages or as an export.

mod export;
mod filter;
mod line_reader;
mod row;

use http_api::{Call, DEFAULT_LIMIT, MAX_LIMIT, Media, OrInternal, Problem, Response, reply};
use lambda::{ApiApp, App};
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{CONTENT_DISPOSITION, HeaderName};
use serde::{Deserialize, Serialize};

use crate::affiliate::affiliate;
use crate::view::{Covered, View};

use export::Export;
use filter::Filter;
use line_reader::{LineReader, Place};
use row::Row;
pub use row::{COLUMNS, VERSION, line_id};

/// How often lines are read for one export; what is left then follows by `Link`.
const READS_PER_EXPORT: usize = 10;
/// Lines of one read, where it is not known how many of them are wanted: some 2 MB.
const LINES_PER_READ: usize = 10_000;
/// Says up to when the data are complete: an export has nothing around it that could.
const DATA_AS_OF: HeaderName = HeaderName::from_static("data-as-of");

/// Where a list goes on, and what it lists.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    view: View,
    next: Place,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(flatten)]
    covered: Covered,
    lines: Vec<Row>,
    /// None at the end of the list.
    next_cursor: Option<String>,
}

/// Takes rows until it is full.
trait Sink {
    /// How many more rows it takes, if their number is limited.
    fn room(&self) -> Option<usize>;
    fn is_full(&self) -> bool;
    fn take(&mut self, row: Row) -> Result<(), Problem>;
}

/// The rows of a page.
struct Rows {
    rows: Vec<Row>,
    limit: usize,
}

impl Sink for Rows {
    fn room(&self) -> Option<usize> {
        Some(self.limit.saturating_sub(self.rows.len()))
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    fn take(&mut self, row: Row) -> Result<(), Problem> {
        self.rows.push(row);
        Ok(())
    }
}

pub(crate) async fn answer<R>(app: &ApiApp, call: &Call<R>) -> Result<Response, Problem> {
    let media = call.media()?;
    let asked = call.query.days()?;
    let filter = Filter::of(&call.query)?;
    // 0 stands for a limit that is not given: it is below the range.
    let limit = match call.query.number("limit", 1..=MAX_LIMIT, 0)? {
        0 => None,
        limit => Some(usize::from(limit)),
    };
    let cursor: Option<Cursor> = call.cursor(&app.signer)?;
    let affiliate = affiliate(app, call).await?;
    let (view, start) = match cursor {
        Some(cursor) => (cursor.view, Some(cursor.next)),
        None => (View::new(asked, &affiliate.head, call.now), None),
    };
    let walk = LineReader::begin(app, call, &view, start, &filter).await?;
    match media {
        Media::Json => page(app, call, view, walk, &filter, limit).await,
        Media::Csv | Media::JsonLines => {
            export(app, call, view, walk, &filter, Export::new(media, limit)?).await
        }
    }
}

async fn page<R>(
    app: &ApiApp,
    call: &Call<R>,
    view: View,
    walk: LineReader<'_>,
    filter: &Filter,
    limit: Option<usize>,
) -> Result<Response, Problem> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT.into());
    let mut page = Rows { rows: Vec::new(), limit };
    let next = fill_page(app, walk, filter, 1, &mut page).await?;
    let next_cursor = seal(app, call, view, next)?;
    reply::ok(&Page { covered: view.covered(), lines: page.rows, next_cursor })
}

async fn export<R>(
    app: &ApiApp,
    call: &Call<R>,
    view: View,
    walk: LineReader<'_>,
    filter: &Filter,
    mut export: Export,
) -> Result<Response, Problem> {
    let next = fill_page(app, walk, filter, READS_PER_EXPORT, &mut export).await?;
    let next = seal(app, call, view, next)?.map(|cursor| call.next_page(&cursor));
    let name = format!("commissions_{}_{}.{}", view.from, view.to, export.file_extension());
    let mut response = reply::export(export.media(), export.into_text()?, next.as_deref())?;
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, HeaderValue::try_from(disposition).or_internal()?);
    if let Some(as_of) = view.data_as_of() {
        headers.insert(DATA_AS_OF, HeaderValue::try_from(as_of.to_string()).or_internal()?);
    }
    Ok(response)
}

/// Reads lines into a sink until it is full, the lines end, or the reads are used up; answers the
/// place of the first line that was not looked at.
async fn fill_page(
    app: &App,
    mut walk: LineReader<'_>,
    filter: &Filter,
    reads: usize,
    sink: &mut impl Sink,
) -> Result<Option<Place>, Problem> {
    let assets = &app.programme.commission.assets;
    for _ in 0..reads {
        let room = sink.room().filter(|_| filter.admits_all());
        let placed = walk.read(room.unwrap_or(LINES_PER_READ)).await?;
        for placed in &placed {
            if sink.is_full() {
                return Ok(Some(placed.place));
            }
            if filter.admits(&placed.line) {
                sink.take(Row::new(walk.affiliate, placed, assets))?;
            }
        }
        if sink.is_full() || walk.place().is_none() {
            break;
        }
    }
    Ok(walk.place())
}

fn seal<R>(
    app: &ApiApp,
    call: &Call<R>,
    view: View,
    next: Option<Place>,
) -> Result<Option<String>, Problem> {
    next.map(|next| call.cursor_to(&app.signer, &Cursor { view, next })).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_of_0_1_0_takes_the_instant_of_the_request() {
        let text = r#"{"view":{"from":"2026-11-01","to":"2026-11-23","visible":7,
            "closed_through":"2026-11-22"},"next":{"day":"2026-11-20","seq":3,"chunk":0,"index":2}}"#;
        let cursor: Cursor = serde_json::from_str(text).unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!(cursor.view.as_of(now), now);
    }
}
