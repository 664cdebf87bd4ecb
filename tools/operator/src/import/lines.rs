//! Lines of a file, in batches, with their numbers.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;

use crate::Failure;

/// The longest line that is read; a message of the queue is no longer either.
const LONGEST: u64 = 256 * 1024;

/// One line.
pub(crate) struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its text, without its end.
    pub text: String,
    /// Its bytes in the file, its end included.
    pub bytes: u64,
}

/// Reads lines until one is wrong.
pub(crate) struct Lines {
    reader: Box<dyn BufRead>,
    path: PathBuf,
    number: u64,
    wrong: Option<Failure>,
}

impl Lines {
    /// The lines of a file, after the first `before` of them.
    pub fn new(reader: Box<dyn BufRead>, path: PathBuf, before: u64) -> Self {
        Self { reader, path, number: before, wrong: None }
    }

    /// At most `limit` further lines; `None` at the end. A wrong line fails when the lines before
    /// it are given out.
    pub fn batch(&mut self, limit: usize) -> Result<Option<Vec<Line>>, Failure> {
        if let Some(wrong) = self.wrong.take() {
            return Err(wrong);
        }
        let mut batch = Vec::new();
        while batch.len() < limit {
            match self.next() {
                Ok(Some(line)) => batch.push(line),
                Ok(None) => break,
                Err(wrong) if batch.is_empty() => return Err(wrong),
                Err(wrong) => {
                    self.wrong = Some(wrong);
                    break;
                }
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }

    fn next(&mut self) -> Result<Option<Line>, Failure> {
        let mut bytes = Vec::new();
        let mut reader = (&mut self.reader).take(LONGEST + 1);
        let read = reader.read_until(b'\n', &mut bytes).map_err(Failure::at(&self.path))? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read > LONGEST {
            return Err(self.wrong(format!("expected at most {LONGEST} bytes")));
        }
        let mut text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => return Err(self.wrong("expected UTF-8 text".to_owned())),
        };
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Ok(Some(Line { number: self.number, text, bytes: read }))
    }

    fn wrong(&self, sentence: String) -> Failure {
        let sentence = format!("line {}: {sentence}", self.number);
        Failure::Content { path: self.path.clone(), sentence }
    }
}

/// A digest of the first line, by which a file is known again.
pub(crate) fn first_line(file: &mut File) -> io::Result<String> {
    let mut first = Vec::new();
    BufReader::new(file).take(LONGEST).read_until(b'\n', &mut first)?;
    Ok(storage::short_sha256(&first))
}
