//! One worker's part without a table: reads chunks from a file one after the other, like pages,
//! then folds them, proves the result and makes the lines.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use commission::{Booked, Conservation, Lines, fold, prove_lines};
use fee_chunks::FeeBatch;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Failure;
use crate::made::{MadeDay, write_csv};
use crate::measure::{peak_memory_mb, processor_time};

/// Writes a day's fees as chunks of both engines, and as CSV.
///
/// # Errors
/// Of the file system, or a day that cannot be generated.
pub fn make(fees: u64, directory: &Path, with_uuids: bool) -> Result<(), Failure> {
    let mut made = MadeDay::of(fees)?;
    made.has_uuids = with_uuids;
    std::fs::create_dir_all(directory)?;
    let mut current = BufWriter::new(File::create(chunks(directory, "current"))?);
    let mut v01 = BufWriter::new(File::create(chunks(directory, "v01"))?);
    for batch in made.batches() {
        let batch = batch?;
        batch.to_chunks()?.iter().try_for_each(|chunk| put(chunk, &mut current))?;
        let mut fees = v01::Fees::default();
        let mut delivered: Vec<_> = batch.fees.iter().map(|of| (of.arrival(), of.fee())).collect();
        delivered.sort_unstable_by_key(|(arrival, fee)| (*arrival, fee.charge.at));
        delivered.iter().try_for_each(|(arrival, fee)| fees.push(*arrival, fee))?;
        v01_chunks::write(&fees)?.iter().try_for_each(|chunk| put(chunk, &mut v01))?;
    }
    current.flush()?;
    v01.flush()?;
    write_csv(&made, &directory.join("fees.csv"))
}

fn chunks(directory: &Path, engine: &str) -> PathBuf {
    directory.join(engine).with_extension("chunks")
}

fn put(chunk: &[u8], out: &mut impl Write) -> Result<(), Failure> {
    out.write_all(&u32::try_from(chunk.len())?.to_le_bytes())?;
    Ok(out.write_all(chunk)?)
}

fn each_chunk(
    path: &Path,
    mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut file = BufReader::new(File::open(path)?);
    let (mut length, mut chunk) = ([0; 4], Vec::new());
    while file.read_exact(&mut length).is_ok() {
        chunk.resize(u32::from_le_bytes(length) as usize, 0);
        file.read_exact(&mut chunk)?;
        each(&chunk)?;
    }
    Ok(())
}

/// Runs today's engine.
///
/// # Errors
/// If a chunk, a sum or a proof is wrong.
pub fn current(fees: u64, directory: &Path) -> Result<(), Failure> {
    let (made, mut steps) = (MadeDay::of(fees)?, Steps::default());
    let (rules, relations) = (programme::programme()?.commission, made.relations()?);
    let path = chunks(directory, "current");
    let batch = steps.run("read", || {
        let mut batch = FeeBatch::default();
        each_chunk(&path, |chunk| Ok(batch.read_chunk(chunk)?))?;
        Ok(batch)
    })?;
    let folded = steps
        .run("fold", || Ok(fold(made.day, &batch.fees, &batch.corrections, &relations, &rules)?))?;
    steps.run("free", || {
        drop(batch);
        Ok(())
    })?;
    let proof = steps.run("proof", || {
        let proof = Conservation::of(&folded)?;
        proof.check()?;
        Ok(proof)
    })?;
    // As in a night, lines are made one at a time, in order. There they go into chunks to be
    // stored.
    let lines = steps.run("lines", || {
        let lines = Lines::of(&folded, &Booked::default(), true)?;
        let mut reader = lines.reader();
        while let Some(line) = reader.read() {
            black_box(line);
        }
        Ok(lines)
    })?;
    // 0.1 did not have this proof, and its time does not count.
    let (counted, peak) = (steps.total(), peak_memory_mb());
    steps.run("proofOfLines", || Ok(prove_lines(&folded.due, &Booked::default(), &lines)?))?;
    drop(proof);
    steps.print(&lines, (counted, peak), std::fs::metadata(path)?.len(), fees)
}

/// Runs the engine of version 0.1.
///
/// # Errors
/// If a chunk, a sum or a proof is wrong.
pub fn v01(fees: u64, directory: &Path) -> Result<(), Failure> {
    let (made, mut steps) = (MadeDay::of(fees)?, Steps::default());
    let (rules, relations) = (programme::programme()?.commission, made.v01_relations()?);
    let path = chunks(directory, "v01");
    let kept = steps.run("read", || {
        let mut kept = v01::Fees::default();
        each_chunk(&path, |chunk| v01_chunks::read(chunk, &mut kept))?;
        Ok(kept)
    })?;
    let folded = steps.run("fold", || Ok(v01::fold(made.day, &kept, &[], &relations, &rules)?))?;
    steps.run("free", || {
        drop(kept);
        Ok(())
    })?;
    steps.run("proof", || Ok(v01::Conservation::of(&folded)?.check()?))?;
    let lines =
        steps.run("lines", || Ok(v01::difference(&folded, &v01::Booked::default(), true)?))?;
    let counted = (steps.total(), peak_memory_mb());
    steps.print(&Lines::from(lines), counted, std::fs::metadata(path)?.len(), fees)
}

/// Processor time of each step.
#[derive(Default)]
struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    fn run<T>(
        &mut self,
        name: &'static str,
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let start = processor_time();
        let result = step()?;
        self.0.push((name, processor_time().saturating_sub(start)));
        Ok(result)
    }

    fn total(&self) -> Duration {
        self.0.iter().map(|(_, took)| *took).sum()
    }

    fn print(
        &self,
        lines: &Lines,
        (counted, peak_mb): (Duration, u64),
        stored: u64,
        fees: u64,
    ) -> Result<(), Failure> {
        let (mut digest, mut commission) = (Sha256::new(), 0_i128);
        lines.try_for_each(|line| {
            digest.update(postcard::to_stdvec(line)?);
            commission += line.sums.commission.minor();
            Ok::<_, Failure>(())
        })?;
        let mut printed = json!({
            "fees": fees,
            "seconds": counted.as_secs_f64(),
            "storedBytes": stored,
            "peakMb": peak_mb,
            "lines": lines.len(),
            "commission": commission.to_string(),
            "linesDigest": format!("{:x?}", digest.finalize()),
        });
        let members = printed.as_object_mut().ok_or("not an object")?;
        for (name, took) in &self.0 {
            members.insert(format!("{name}Seconds"), took.as_secs_f64().into());
        }
        println!("{printed}");
        Ok(())
    }
}
