//! Columns of a row group, filled and emptied one row at a time.

use commission::{Amount, Decimals, Rate};
use parquet::basic::Type as Physical;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::writer::SerializedColumnWriter;
use parquet::schema::types::ColumnDescriptor;
use parquet::{column::reader::ColumnReaderImpl, data_type};
use types::Malformed;

use crate::ArchiveError;

/// Bytes of a decimal of 38 digits.
const DECIMAL_BYTES: usize = 16;
/// The largest unscaled value of 38 digits.
const MAX_UNSCALED: i128 = 10_i128.pow(38) - 1;

/// The values of a column.
enum Values {
    Text(Vec<ByteArray>),
    Decimal(Vec<FixedLenByteArray>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Flag(Vec<bool>),
}

/// A column of one row group.
pub(crate) struct Column {
    values: Values,
    /// For a column with nulls 1 for each row with a value, and 0 for each without.
    levels: Option<Vec<i16>>,
    /// The next row and the next value to read.
    row: usize,
    value: usize,
}

impl Column {
    pub(crate) fn new(descriptor: &ColumnDescriptor) -> Result<Self, ArchiveError> {
        let values = match descriptor.physical_type() {
            Physical::BYTE_ARRAY => Values::Text(Vec::new()),
            Physical::FIXED_LEN_BYTE_ARRAY => Values::Decimal(Vec::new()),
            Physical::INT32 => Values::Int(Vec::new()),
            Physical::INT64 => Values::Long(Vec::new()),
            Physical::BOOLEAN => Values::Flag(Vec::new()),
            _ => return Err(ArchiveError::Columns),
        };
        let levels = (descriptor.max_def_level() > 0).then(Vec::new);
        Ok(Self { values, levels, row: 0, value: 0 })
    }

    pub(crate) fn write(&self, into: &mut SerializedColumnWriter<'_>) -> Result<(), ArchiveError> {
        let levels = self.levels.as_deref();
        let written = match &self.values {
            Values::Text(all) => {
                into.typed::<data_type::ByteArrayType>().write_batch(all, levels, None)
            }
            Values::Decimal(all) => {
                into.typed::<data_type::FixedLenByteArrayType>().write_batch(all, levels, None)
            }
            Values::Int(all) => into.typed::<data_type::Int32Type>().write_batch(all, levels, None),
            Values::Long(all) => {
                into.typed::<data_type::Int64Type>().write_batch(all, levels, None)
            }
            Values::Flag(all) => into.typed::<data_type::BoolType>().write_batch(all, levels, None),
        };
        written?;
        Ok(())
    }

    pub(crate) fn read(&mut self, from: ColumnReader, rows: usize) -> Result<(), ArchiveError> {
        let levels = self.levels.as_mut();
        match (&mut self.values, from) {
            (Values::Text(all), ColumnReader::ByteArrayColumnReader(from)) => {
                fill(from, rows, levels, all)
            }
            (Values::Decimal(all), ColumnReader::FixedLenByteArrayColumnReader(from)) => {
                fill(from, rows, levels, all)
            }
            (Values::Int(all), ColumnReader::Int32ColumnReader(from)) => {
                fill(from, rows, levels, all)
            }
            (Values::Long(all), ColumnReader::Int64ColumnReader(from)) => {
                fill(from, rows, levels, all)
            }
            (Values::Flag(all), ColumnReader::BoolColumnReader(from)) => {
                fill(from, rows, levels, all)
            }
            _ => Err(ArchiveError::Columns),
        }
    }

    /// Notes whether the next row to write has a value.
    fn mark(&mut self, present: bool) -> Result<(), ArchiveError> {
        match &mut self.levels {
            Some(levels) => levels.push(i16::from(present)),
            None if present => {}
            None => return Err(ArchiveError::Columns),
        }
        Ok(())
    }

    /// Returns the place of the next row's value, if it has one.
    fn next(&mut self) -> Option<usize> {
        let present =
            self.levels.as_ref().is_none_or(|levels| levels.get(self.row).copied() == Some(1));
        self.row += 1;
        self.value += usize::from(present);
        present.then(|| self.value - 1)
    }
}

fn fill<T: data_type::DataType>(
    mut from: ColumnReaderImpl<T>,
    rows: usize,
    mut levels: Option<&mut Vec<i16>>,
    values: &mut Vec<T::T>,
) -> Result<(), ArchiveError> {
    let mut read = 0;
    while read < rows {
        let (records, ..) = from.read_records(rows - read, levels.as_deref_mut(), None, values)?;
        if records == 0 {
            return Err(ArchiveError::Columns);
        }
        read += records;
    }
    Ok(())
}

/// Writes the values of one row, column after column.
pub struct RowWriter<'a> {
    columns: std::slice::IterMut<'a, Column>,
}

impl<'a> RowWriter<'a> {
    pub(crate) fn new(columns: &'a mut [Column]) -> Self {
        Self { columns: columns.iter_mut() }
    }

    fn put<T>(
        &mut self,
        value: Option<T>,
        push: impl FnOnce(&mut Values, T) -> bool,
    ) -> Result<(), ArchiveError> {
        let column = self.columns.next().ok_or(ArchiveError::Columns)?;
        column.mark(value.is_some())?;
        let fits = value.is_none_or(|value| push(&mut column.values, value));
        if fits { Ok(()) } else { Err(ArchiveError::Columns) }
    }

    pub(crate) fn optional_text(&mut self, value: Option<&str>) -> Result<(), ArchiveError> {
        self.put(value, |values, value| match values {
            Values::Text(all) => {
                all.push(ByteArray::from(value));
                true
            }
            _ => false,
        })
    }

    pub(crate) fn text(&mut self, value: &str) -> Result<(), ArchiveError> {
        self.optional_text(Some(value))
    }

    pub(crate) fn optional_long(&mut self, value: Option<i64>) -> Result<(), ArchiveError> {
        self.put(value, |values, value| match values {
            Values::Long(all) => {
                all.push(value);
                true
            }
            _ => false,
        })
    }

    pub(crate) fn long(&mut self, value: i64) -> Result<(), ArchiveError> {
        self.optional_long(Some(value))
    }

    fn optional_int(&mut self, value: Option<i32>) -> Result<(), ArchiveError> {
        self.put(value, |values, value| match values {
            Values::Int(all) => {
                all.push(value);
                true
            }
            _ => false,
        })
    }

    pub(crate) fn int(&mut self, value: i32) -> Result<(), ArchiveError> {
        self.optional_int(Some(value))
    }

    pub(crate) fn rate(&mut self, value: Option<Rate>) -> Result<(), ArchiveError> {
        self.optional_int(value.map(|rate| rate.millionths().cast_signed()))
    }

    pub(crate) fn flag(&mut self, value: bool) -> Result<(), ArchiveError> {
        self.put(Some(value), |values, value| match values {
            Values::Flag(all) => {
                all.push(value);
                true
            }
            _ => false,
        })
    }

    /// Writes an amount with 18 decimal places.
    pub(crate) fn amount(&mut self, value: Amount, decimals: Decimals) -> Result<(), ArchiveError> {
        let unscaled = value.minor().checked_mul(unit(decimals));
        let unscaled = unscaled.filter(|all| all.abs() <= MAX_UNSCALED);
        let bytes = unscaled.ok_or(ArchiveError::TooLarge)?.to_be_bytes().to_vec();
        self.put(Some(bytes), |values, bytes| match values {
            Values::Decimal(all) => {
                all.push(bytes.into());
                true
            }
            _ => false,
        })
    }
}

/// Returns the units of the 18th decimal place in a minor unit.
const fn unit(decimals: Decimals) -> i128 {
    10_i128.pow((Decimals::MAX - decimals.count()) as u32)
}

/// Reads the values of one row, column after column.
pub struct RowReader<'a> {
    columns: std::slice::IterMut<'a, Column>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(columns: &'a mut [Column]) -> Self {
        Self { columns: columns.iter_mut() }
    }

    fn take<T>(
        &mut self,
        get: impl FnOnce(&Values, usize) -> Option<T>,
    ) -> Result<Option<T>, ArchiveError> {
        let column = self.columns.next().ok_or(ArchiveError::Columns)?;
        let Some(place) = column.next() else { return Ok(None) };
        get(&column.values, place).map(Some).ok_or(ArchiveError::Columns)
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, ArchiveError> {
        let column = self.columns.next().ok_or(ArchiveError::Columns)?;
        let Some(place) = column.next() else { return Ok(None) };
        let Values::Text(all) = &column.values else { return Err(ArchiveError::Columns) };
        let bytes = all.get(place).ok_or(ArchiveError::Columns)?;
        Ok(Some(bytes.as_utf8()?))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, ArchiveError> {
        self.optional_text()?.ok_or(ArchiveError::Columns)
    }

    pub(crate) fn term<T: std::str::FromStr<Err = Malformed>>(
        &mut self,
    ) -> Result<T, ArchiveError> {
        Ok(self.text()?.parse()?)
    }

    pub(crate) fn optional_long(&mut self) -> Result<Option<i64>, ArchiveError> {
        self.take(|values, place| match values {
            Values::Long(all) => all.get(place).copied(),
            _ => None,
        })
    }

    pub(crate) fn long(&mut self) -> Result<i64, ArchiveError> {
        self.optional_long()?.ok_or(ArchiveError::Columns)
    }

    fn optional_int(&mut self) -> Result<Option<i32>, ArchiveError> {
        self.take(|values, place| match values {
            Values::Int(all) => all.get(place).copied(),
            _ => None,
        })
    }

    pub(crate) fn int<T: TryFrom<i32>>(&mut self) -> Result<T, ArchiveError> {
        let value = self.optional_int()?.ok_or(ArchiveError::Columns)?;
        T::try_from(value).map_err(|_| ArchiveError::Columns)
    }

    pub(crate) fn rate(&mut self) -> Result<Option<Rate>, ArchiveError> {
        let Some(millionths) = self.optional_int()? else { return Ok(None) };
        let rate = u32::try_from(millionths).ok().and_then(Rate::from_millionths);
        rate.map(Some).ok_or(ArchiveError::Columns)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, ArchiveError> {
        let flag = self.take(|values, place| match values {
            Values::Flag(all) => all.get(place).copied(),
            _ => None,
        })?;
        flag.ok_or(ArchiveError::Columns)
    }

    /// Reads an amount in minor units.
    pub(crate) fn amount(&mut self, decimals: Decimals) -> Result<Amount, ArchiveError> {
        let bytes = self.take(|values, place| match values {
            Values::Decimal(all) => all.get(place)?.data().try_into().ok(),
            _ => None,
        })?;
        let bytes: [u8; DECIMAL_BYTES] = bytes.ok_or(ArchiveError::Columns)?;
        let (unscaled, unit) = (i128::from_be_bytes(bytes), unit(decimals));
        match unscaled % unit {
            0 => Ok(Amount::from_minor(unscaled / unit)),
            _ => Err(ArchiveError::Inexact),
        }
    }
}
