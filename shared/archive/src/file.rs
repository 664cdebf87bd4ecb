//! Parquet files of records.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use commission::Assets;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{SchemaDescriptor, Type};

use crate::column::{Column, RowReader, RowWriter};
use crate::{ArchiveError, Record};

/// Rows of a row group: a bound of the memory of writer and reader.
const ROWS_PER_GROUP: usize = 65_536;

/// Writes records to the bytes of one Parquet file, a row group at a time.
pub struct FileWriter<'a, R> {
    writer: SerializedFileWriter<Vec<u8>>,
    assets: &'a Assets,
    schema: SchemaDescriptor,
    columns: Vec<Column>,
    waiting: usize,
    rows: u64,
    of: PhantomData<R>,
}

impl<'a, R: Record> FileWriter<'a, R> {
    /// Returns a writer of an empty file; amounts are read with the decimals of `assets`.
    ///
    /// # Errors
    /// If the schema of the record is malformed.
    pub fn new(assets: &'a Assets) -> Result<Self, ArchiveError> {
        let schema = schema::<R>()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by("recall archive".to_owned())
            .build();
        let writer = SerializedFileWriter::new(Vec::new(), schema.clone(), Arc::new(properties))?;
        let schema = SchemaDescriptor::new(schema);
        let columns = columns(&schema)?;
        Ok(Self { writer, assets, schema, columns, waiting: 0, rows: 0, of: PhantomData })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`] if an amount does not fit.
    pub fn push(&mut self, record: &R) -> Result<(), ArchiveError> {
        record.put(&mut RowWriter::new(&mut self.columns), self.assets)?;
        self.waiting += 1;
        self.rows += 1;
        if self.waiting == ROWS_PER_GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), ArchiveError> {
        let full = std::mem::replace(&mut self.columns, columns(&self.schema)?);
        self.waiting = 0;
        let mut group = self.writer.next_row_group()?;
        for column in &full {
            let mut writer = group.next_column()?.ok_or(ArchiveError::Columns)?;
            column.write(&mut writer)?;
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Returns the number of records so far.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the bytes of the file.
    ///
    /// # Errors
    /// If the rest cannot be written.
    pub fn finish(mut self) -> Result<Vec<u8>, ArchiveError> {
        if self.waiting > 0 {
            self.flush()?;
        }
        Ok(self.writer.into_inner()?)
    }
}

/// Calls `take` with each record of a file, in their order; only one row group is held at a time.
///
/// # Errors
/// If the file does not decode as records of the kind, or an error of `take`.
pub fn read<R: Record, E: From<ArchiveError>>(
    file: Bytes,
    assets: &Assets,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let parquet = |error| E::from(ArchiveError::Parquet(error));
    let reader = SerializedFileReader::new(file).map_err(parquet)?;
    let expected = SchemaDescriptor::new(schema::<R>()?);
    if reader.metadata().file_metadata().schema_descr().columns() != expected.columns() {
        return Err(ArchiveError::Columns.into());
    }
    for number in 0..reader.num_row_groups() {
        let group = reader.get_row_group(number).map_err(parquet)?;
        let rows = usize::try_from(group.metadata().num_rows());
        let rows = rows.map_err(|_| ArchiveError::Columns)?;
        let mut all = columns(&expected)?;
        for (place, column) in all.iter_mut().enumerate() {
            column.read(group.get_column_reader(place).map_err(parquet)?, rows)?;
        }
        for _ in 0..rows {
            take(R::take(&mut RowReader::new(&mut all), assets)?)?;
        }
    }
    Ok(())
}

/// Returns all records of a file, in their order.
///
/// # Errors
/// If the file does not decode as records of the kind.
pub fn rows<R: Record>(file: Bytes, assets: &Assets) -> Result<Vec<R>, ArchiveError> {
    let mut all = Vec::new();
    read(file, assets, |row| {
        all.push(row);
        Ok::<_, ArchiveError>(())
    })?;
    Ok(all)
}

fn schema<R: Record>() -> Result<Arc<Type>, ArchiveError> {
    Ok(Arc::new(parse_message_type(R::SCHEMA)?))
}

fn columns(schema: &SchemaDescriptor) -> Result<Vec<Column>, ArchiveError> {
    schema.columns().iter().map(|descriptor| Column::new(descriptor)).collect()
}
