//! Lines as text: CSV as in RFC 4180, or one JSON object a line.

use http_api::{Media, OrInternal, Problem};

use super::Sink;
use super::row::{COLUMNS, Row};

/// A function's answer ends at 6 MB, of which this leaves a part to the headers. The text is
/// measured as it travels, in the JSON of the function's answer.
const MAX_BYTES: usize = 5_000_000;

/// The text of an export as far as it is written.
pub(crate) struct Export {
    media: Media,
    text: Vec<u8>,
    travelling_bytes: usize,
    rows: usize,
    limit: Option<usize>,
}

impl Export {
    /// An export that takes so many rows, or as many as fit into one answer. CSV has its header
    /// row in every answer.
    pub(crate) fn new(media: Media, limit: Option<usize>) -> Result<Self, Problem> {
        let mut export = Self { media, text: Vec::new(), travelling_bytes: 0, rows: 0, limit };
        if media == Media::Csv {
            export.write(|text| write_csv(text, |writer| writer.write_record(COLUMNS)))?;
        }
        Ok(export)
    }

    pub(crate) const fn media(&self) -> Media {
        self.media
    }

    pub(crate) const fn file_extension(&self) -> &'static str {
        match self.media {
            Media::Json => "json",
            Media::Csv => "csv",
            Media::JsonLines => "ndjson",
        }
    }

    pub(crate) fn into_text(self) -> Result<String, Problem> {
        String::from_utf8(self.text).or_internal()
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let before = self.text.len();
        write(&mut self.text)?;
        let written = self.text.get(before..).unwrap_or_default();
        let escaped = written.iter().filter(|byte| matches!(byte, b'"' | b'\\' | b'\r' | b'\n'));
        self.travelling_bytes += written.len() + escaped.count();
        Ok(())
    }
}

impl Sink for Export {
    fn room(&self) -> Option<usize> {
        self.limit.map(|limit| limit.saturating_sub(self.rows))
    }

    fn is_full(&self) -> bool {
        self.room() == Some(0) || self.travelling_bytes >= MAX_BYTES
    }

    fn take(&mut self, row: Row) -> Result<(), Problem> {
        self.rows += 1;
        match self.media {
            Media::Csv => {
                self.write(|text| write_csv(text, |writer| writer.serialize(row.guarded())))
            }
            Media::Json | Media::JsonLines => self.write(|text| {
                serde_json::to_writer(&mut *text, &row).or_internal()?;
                text.push(b'\n');
                Ok(())
            }),
        }
    }
}

fn write_csv(
    text: &mut Vec<u8>,
    write: impl FnOnce(&mut csv::Writer<&mut Vec<u8>>) -> csv::Result<()>,
) -> Result<(), Problem> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .terminator(csv::Terminator::CRLF)
        .buffer_capacity(1024)
        .from_writer(text);
    write(&mut writer).or_internal()?;
    writer.flush().or_internal()
}
