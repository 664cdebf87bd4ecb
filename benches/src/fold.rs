//! One worker's part, without a table: chunks from a file, one after the other, as pages come.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use commission::{Booked, Conservation, difference, fold};
use storage::FeeBatch;

use crate::Failure;
use crate::made::MadeDay;
use crate::measure::Figures;

pub fn run(fees: u64, chunks: &Path) -> Result<(), Failure> {
    let made = MadeDay::of(fees)?;
    let rules = programme::programme()?.commission;
    let relations = made.relations()?;
    let mut figures = Figures::of("fold", fees);
    let batch = figures.time("readChunks", || read(chunks))?;
    let folded = figures
        .time("fold", || fold(made.day, &batch.fees, &batch.corrections, &relations, &rules))?;
    let lines = figures.time("linesAndProof", || -> Result<_, Failure> {
        Conservation::of(&folded)?.check().map_err(|breach| format!("{breach:?}"))?;
        Ok(difference(&folded, &Booked::default(), true)?)
    })?;
    figures.note("bytesPerFee", std::fs::metadata(chunks)?.len() / fees.max(1));
    figures.note("duplicates", folded.duplicates);
    figures.note("lines", lines.len());
    let commission: i128 = lines.iter().map(|line| line.sums.commission.minor()).sum();
    figures.note("commission", commission.to_string());
    figures.print();
    Ok(())
}

fn read(chunks: &Path) -> Result<FeeBatch, Failure> {
    let mut file = BufReader::new(File::open(chunks)?);
    let (mut batch, mut length, mut chunk) = (FeeBatch::default(), [0; 4], Vec::new());
    while file.read_exact(&mut length).is_ok() {
        chunk.resize(u32::from_le_bytes(length) as usize, 0);
        file.read_exact(&mut chunk)?;
        batch.read_chunk(&chunk)?;
    }
    Ok(batch)
}
