//! `GET /v1/dashboard/commissions`: booked lines, as pages with totals or as an export.

mod export;
mod filter;
mod line_reader;
mod line_type;
mod row;
mod sort;
mod totals;

use http_api::{
    Call, DEFAULT_LIMIT, MAX_LIMIT, Media, OpenError, OrInternal, Problem, Response, reply,
};
use lambda::{ApiApp, App};
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{CONTENT_DISPOSITION, HeaderName};
use serde::{Deserialize, Serialize};

use crate::affiliate::affiliate;
use crate::totals::Figures;
use crate::view::{Covered, View};

use export::Export;
use filter::Filter;
use line_reader::{LINES_PER_READ, LineReader, Place, Placed, runs};
use row::Row;
pub use row::{COLUMNS, VERSION, line_id};
use sort::Sort;

/// The most reads of lines for one export. The rest of the lines follows by `Link`.
const READS_PER_EXPORT: usize = 10;
/// The instant up to which the data are complete, in a header, since an export has only rows.
const DATA_AS_OF: HeaderName = HeaderName::from_static("data-as-of");

/// The version of cursors that this release writes. It reads all up to this one.
const CURSOR_VERSION: u8 = 2;

/// The next line of a list, and the state of the ledger in which it is listed.
///
/// The filter and the order are part of the list that a cursor is sealed for: [`Call::cursor`]
/// opens it for the same `reason`, `sort` and so on only. Version 1 is that of release 0.1, which
/// knew one order.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(default = "Cursor::first_version", skip_serializing_if = "Cursor::is_first_version")]
    version: u8,
    view: View,
    next: Place,
}

impl Cursor {
    const fn first_version() -> u8 {
        1
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_first_version(version: &u8) -> bool {
        *version == Self::first_version()
    }

    /// Returns the cursor of a call, if it has one.
    fn of<R>(app: &ApiApp, call: &Call<R>) -> Result<Option<Self>, Problem> {
        match call.cursor::<Self>(&app.signer)? {
            Some(cursor) if cursor.version > CURSOR_VERSION => Err(OpenError::Invalid.of_cursor()),
            cursor => Ok(cursor),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(flatten)]
    covered: Covered,
    /// Of all lines that the filter admits; none if these are too many to add up.
    totals: Option<Figures>,
    lines: Vec<Row>,
    /// None at the end of the list.
    next_cursor: Option<String>,
}

/// Collects rows until it is full.
trait Sink {
    /// Returns the number of rows that still fit, if it is limited.
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

/// A list as it is asked for.
struct List {
    view: View,
    filter: Filter,
    sort: Sort,
    /// The first line; the first of the whole list if there is none.
    start: Option<Place>,
}

pub(crate) async fn answer<R>(app: &ApiApp, call: &Call<R>) -> Result<Response, Problem> {
    let media = call.media()?;
    let asked = call.query.days()?;
    let filter = Filter::of(&call.query)?;
    let sort = call.query.optional("sort")?.unwrap_or_default();
    // 0 is below the range: it means that no limit is given.
    let limit = match call.query.number("limit", 1..=MAX_LIMIT, 0)? {
        0 => None,
        limit => Some(usize::from(limit)),
    };
    let cursor = Cursor::of(app, call)?;
    let affiliate = affiliate(app, call).await?;
    let (view, start) = match cursor {
        Some(cursor) => (cursor.view, Some(cursor.next)),
        None => (View::new(asked, &affiliate.head, call.now), None),
    };
    let list = List { view, filter, sort, start };
    match media {
        Media::Json => page(app, call, &list, limit.unwrap_or(DEFAULT_LIMIT.into())).await,
        Media::Csv | Media::JsonLines => export(app, call, &list, Export::new(media, limit)?).await,
    }
}

/// Answers a page and the totals of the whole list.
///
/// Cost: the summaries of the whole range (1 call per MB), and 1 read of lines. The totals come
/// from the summaries where the filter allows. Otherwise they come from the lines, if one read can
/// bring all of these: it then serves the page too, so that a page never reads more lines than
/// without totals. A list that is longer has no totals.
async fn page<R>(
    app: &ApiApp,
    call: &Call<R>,
    list: &List,
    limit: usize,
) -> Result<Response, Problem> {
    let List { view, filter, sort, start } = list;
    let runs = runs(app, call, view, (view.from, view.to), filter).await?;
    let mut page = Rows { rows: Vec::new(), limit };
    let scanned = match filter.is_summarised() {
        true => None,
        false => LineReader::new(app, call, &runs, *sort, None).read_all().await?,
    };
    let (totals, next) = if let Some(mut lines) = scanned {
        lines.retain(|placed| filter.admits(placed));
        let totals = totals::of_lines(&lines).or_internal()?;
        let is_past = |placed: &&Placed| {
            start.is_some_and(|start| sort.compare(&placed.place, &start).is_lt())
        };
        let rest = lines.iter().skip_while(is_past);
        (Some(totals), fill(app, call, rest, filter, &mut page)?)
    } else {
        let totals = filter.is_summarised().then(|| totals::of_runs(&runs, filter));
        let reader = LineReader::new(app, call, &runs, *sort, *start);
        let next = fill_page(app, call, reader, filter, 1, &mut page).await?;
        (totals.transpose().or_internal()?, next)
    };
    let assets = &app.programme.commission.assets;
    reply::ok(&Page {
        covered: view.covered(),
        totals: totals.map(|totals| totals.figures(assets)),
        lines: page.rows,
        next_cursor: seal(app, call, *view, next)?,
    })
}

async fn export<R>(
    app: &ApiApp,
    call: &Call<R>,
    list: &List,
    mut export: Export,
) -> Result<Response, Problem> {
    let List { view, filter, sort, start } = list;
    let days = match (start, sort) {
        (None, _) => (view.from, view.to),
        (Some(start), Sort::OldestFirst) => (start.day(), view.to),
        (Some(start), Sort::NewestFirst) => (view.from, start.day()),
    };
    let runs = runs(app, call, view, days, filter).await?;
    let reader = LineReader::new(app, call, &runs, *sort, *start);
    let next = fill_page(app, call, reader, filter, READS_PER_EXPORT, &mut export).await?;
    let next = seal(app, call, *view, next)?.map(|cursor| call.next_page(&cursor));
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

/// Reads lines into a sink until it is full, the lines end, or the reads are used up. Returns the
/// place of the first line that was not looked at.
async fn fill_page<R>(
    app: &App,
    call: &Call<R>,
    mut reader: LineReader<'_>,
    filter: &Filter,
    reads: usize,
    sink: &mut impl Sink,
) -> Result<Option<Place>, Problem> {
    for _ in 0..reads {
        let room = sink.room().filter(|_| filter.admits_all());
        let lines = reader.read(room.unwrap_or(LINES_PER_READ)).await?;
        if let Some(next) = fill(app, call, &lines, filter, sink)? {
            return Ok(Some(next));
        }
        if sink.is_full() || reader.place().is_none() {
            break;
        }
    }
    Ok(reader.place())
}

/// Puts lines that the filter admits into a sink until it is full. Returns the place of the first
/// line that was not looked at; `None` if there is none.
fn fill<'a, R>(
    app: &App,
    call: &Call<R>,
    lines: impl IntoIterator<Item = &'a Placed>,
    filter: &Filter,
    sink: &mut impl Sink,
) -> Result<Option<Place>, Problem> {
    let assets = &app.programme.commission.assets;
    for placed in lines {
        if sink.is_full() {
            return Ok(Some(placed.place));
        }
        if filter.admits(placed) {
            sink.take(Row::new(&call.caller, placed, assets))?;
        }
    }
    Ok(None)
}

fn seal<R>(
    app: &ApiApp,
    call: &Call<R>,
    view: View,
    next: Option<Place>,
) -> Result<Option<String>, Problem> {
    let cursor = |next| Cursor { version: CURSOR_VERSION, view, next };
    next.map(|next| call.cursor_to(&app.signer, &cursor(next))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_of_0_1_0_takes_request_instant() {
        let text = r#"{"view":{"from":"2026-11-01","to":"2026-11-23","visible":7,
            "closed_through":"2026-11-22"},"next":{"day":"2026-11-20","seq":3,"chunk":0,"index":2}}"#;
        let cursor: Cursor = serde_json::from_str(text).unwrap();
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        assert_eq!((cursor.version, cursor.view.as_of(now)), (1, now));
    }

    #[test]
    fn cursor_has_its_version() {
        let text = r#"{"view":{"from":"2026-11-01","to":"2026-11-23","visible":7,
            "closed_through":"2026-11-22"},"next":{"day":"2026-11-20","seq":3,"chunk":0,"index":2}}"#;
        let first: Cursor = serde_json::from_str(text).unwrap();
        let json = |cursor: &Cursor| serde_json::to_value(cursor).unwrap();
        assert_eq!(json(&first).get("version"), None);
        assert_eq!(json(&Cursor { version: CURSOR_VERSION, ..first })["version"], 2);
    }

    #[test]
    fn page_has_room_up_to_its_limit() {
        assert_eq!(Rows { rows: Vec::new(), limit: 3 }.room(), Some(3));
    }
}
