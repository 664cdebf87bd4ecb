//! Ids of the payers of fees, each stored once.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use types::Uid;

use super::{Payer, TooMany, number};
use crate::number_table::NumberTable;
use crate::trade_key::canonical_number;

/// Payers: ids by number, and numbers by id.
#[derive(Clone, Default)]
pub(super) struct Payers {
    uids: Vec<Uid>,
    /// Numeric ids, in the order of `uids`.
    numeric: Vec<Option<u64>>,
    by_number: NumberTable,
    by_text: HashMap<Uid, Payer, RandomState>,
}

impl Payers {
    pub(super) fn get(&self, uid: &Uid) -> Option<Payer> {
        match canonical_number(uid.as_str()) {
            Some(number) => self.by_number.get(number).map(Payer),
            None => self.by_text.get(uid).copied(),
        }
    }

    /// Returns the payer of an account, and adds it if it is new.
    pub(super) fn of(&mut self, uid: &Uid) -> Result<Payer, TooMany> {
        if let Some(number) = canonical_number(uid.as_str()) {
            return self.of_number(number);
        }
        if let Some(payer) = self.by_text.get(uid) {
            return Ok(*payer);
        }
        let payer = self.add(uid.clone(), None)?;
        self.by_text.insert(uid.clone(), payer);
        Ok(payer)
    }

    /// Returns the payer with a numeric id, and adds it if it is new.
    #[inline]
    pub(super) fn of_number(&mut self, id: u64) -> Result<Payer, TooMany> {
        match self.by_number.get(id) {
            Some(payer) => Ok(Payer(payer)),
            None => self.add_number(id),
        }
    }

    /// Returns the payers with some numeric ids, and adds those that are new.
    pub(super) fn of_numbers(&mut self, ids: &[u64]) -> Result<Vec<Payer>, TooMany> {
        let slots = self.by_number.first_slots(ids);
        let mut payers = Vec::with_capacity(ids.len());
        for (slot, id) in slots.into_iter().zip(ids) {
            payers.push(match self.by_number.get_from(slot, *id) {
                Some(payer) => Payer(payer),
                None => self.add_number(*id)?,
            });
        }
        Ok(payers)
    }

    #[cold]
    fn add_number(&mut self, id: u64) -> Result<Payer, TooMany> {
        let payer = self.add(id.to_string().parse().map_err(|_| TooMany)?, Some(id))?;
        self.by_number.insert(id, payer.0);
        Ok(payer)
    }

    fn add(&mut self, uid: Uid, id: Option<u64>) -> Result<Payer, TooMany> {
        let payer = Payer(number(self.uids.len())?);
        self.uids.push(uid);
        self.numeric.push(id);
        Ok(payer)
    }

    /// Returns the numeric ids, in the order of the numbers.
    pub(super) fn numeric(&self) -> &[Option<u64>] {
        &self.numeric
    }

    /// Returns the ids, in the order of the numbers.
    pub(super) fn uids(&self) -> &[Uid] {
        &self.uids
    }
}
