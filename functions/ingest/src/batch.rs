//! A batch of events, taken in step by step: accounts first, then what refers to them.

use std::collections::{BTreeMap, HashMap};

use commission::{Arrival, Relation};
use runtime::App;
use table::{
    Account, FeeBatch, Identity, Payment, PaymentOutcome, Quarantined, Shard, TableError,
    Versioned, fingerprint,
};
use terms::{Day, Reason, Timestamp, Uid};

use crate::account::{Effect, Update, apply};
use crate::event::{Changed, News, Paid};
use crate::message::Item;
use crate::register::register;
use crate::{Message, Outcome};

/// How often an account that others keep changing is read and written again.
const TRIES: usize = 8;

pub(crate) struct Batch<'a> {
    app: &'a App,
    now: Timestamp,
    items: Vec<Item>,
    accounts: HashMap<Uid, Versioned<Account>>,
}

impl<'a> Batch<'a> {
    /// Reads the messages' events; none is taken in yet.
    pub fn read(app: &'a App, messages: &[Message]) -> Self {
        let now = app.clock.now();
        let items = messages
            .iter()
            .enumerate()
            .flat_map(|(number, message)| Item::read(number, message, &app.programme, now))
            .collect();
        Self { app, now, items, accounts: HashMap::new() }
    }

    /// Takes everything in; answers the events with what became of them.
    pub async fn take_in(mut self) -> Result<Vec<Item>, TableError> {
        self.identify().await?;
        self.register().await?;
        self.load().await?;
        self.update_accounts().await?;
        self.keep_fees().await?;
        self.keep_payments().await?;
        self.quarantine().await?;
        Ok(self.items)
    }

    /// Refuses events whose identity came before with another body. A fee's identity is its trade
    /// id, which is looked at where its day is folded: a write for each fee would cost too much.
    async fn identify(&mut self) -> Result<(), TableError> {
        for item in &mut self.items {
            let Some(event) = item.event.as_ref() else { continue };
            if matches!(event.news, News::Charged(_)) {
                continue;
            }
            let (table, content) = (&self.app.table, event.content()?);
            match table.identify(&event.source, &event.id, &content, self.now).await? {
                Identity::New => {}
                Identity::Repeated => item.repeated = true,
                Identity::Conflicting => {
                    item.refuse("identity_conflict", "source and id came before with another body");
                }
            }
        }
        Ok(())
    }

    async fn register(&mut self) -> Result<(), TableError> {
        let news = self.items.iter().filter_map(Item::news);
        let uids = news.filter_map(|news| match news {
            News::Registered(event) => Some(event.uid.clone()),
            _ => None,
        });
        let uids: Vec<Uid> = uids.collect();
        let mut known = self.app.table.accounts(&uids).await?;
        for item in &mut self.items {
            let Some(News::Registered(event)) = item.news() else { continue };
            let before = known.get(&event.uid).map(|account| &account.value);
            match register(self.app, event, before).await? {
                Ok(Some(account)) => {
                    let uid = account.facts.uid.clone();
                    known.insert(uid, Versioned { value: account, revision: 1 });
                }
                Ok(None) => {}
                Err(detail) => item.refuse("registered_otherwise", detail),
            }
        }
        Ok(())
    }

    /// Loads the accounts that the events name, and the main accounts of those.
    async fn load(&mut self) -> Result<(), TableError> {
        let named: Vec<Uid> = self.items.iter().filter_map(Item::about).cloned().collect();
        self.accounts = self.app.table.accounts(&distinct(named)).await?;
        let mains = self.accounts.values().filter_map(|a| a.value.facts.main_uid.clone());
        let missing = distinct(mains.filter(|uid| !self.accounts.contains_key(uid)).collect());
        self.accounts.extend(self.app.table.accounts(&missing).await?);
        let accounts = &self.accounts;
        for item in &mut self.items {
            if item.about().is_some_and(|uid| main_of(accounts, uid).is_none()) {
                item.outcome = Outcome::Retry { reason: Reason::UnknownAccount };
            }
        }
        Ok(())
    }

    async fn update_accounts(&mut self) -> Result<(), TableError> {
        let mut updates: BTreeMap<Uid, Vec<Update>> = BTreeMap::new();
        for news in self.items.iter().filter_map(Item::news) {
            if let Some((uid, update)) = update_of(news, &self.accounts) {
                updates.entry(uid).or_default().push(update);
            }
        }
        for (uid, updates) in updates {
            self.update(&uid, &updates).await?;
        }
        Ok(())
    }

    async fn update(&mut self, uid: &Uid, updates: &[Update]) -> Result<(), TableError> {
        for _ in 0..TRIES {
            let Some(before) = self.accounts.get(uid) else { return Ok(()) };
            let mut after = before.clone();
            let effect = apply(&mut after.value, updates, &self.app.programme, self.now);
            if !effect.changed || self.app.table.save_account(&after).await? {
                return self.updated(after, updates, effect).await;
            }
            let read = self.app.table.account(uid).await?;
            self.accounts.extend(read.map(|account| (uid.clone(), account)));
        }
        Err(TableError::Contended("an account"))
    }

    async fn updated(
        &mut self,
        account: Versioned<Account>,
        updates: &[Update],
        effect: Effect,
    ) -> Result<(), TableError> {
        let uid = account.value.facts.uid.clone();
        let joins = |update: &Update| {
            matches!(update, Update::Changed(Changed { affiliate: Some(true), .. }))
        };
        if updates.iter().any(joins) {
            self.app.table.list_affiliate(&uid).await?;
        }
        // Also where it was found void before: whoever did may have died before he came here.
        if let (true, Some(relation)) = (effect.void, &account.value.relation) {
            self.touch_since(relation).await?;
        }
        self.accounts.insert(uid, account);
        Ok(())
    }

    /// Lets the next run take up every day of a binding that was found void.
    async fn touch_since(&self, relation: &Relation) -> Result<(), TableError> {
        let shard = Shard::of(&relation.invitee);
        let content = format!("{} {:?}", relation.invitee, relation.voided_at);
        let token = fingerprint(content.as_bytes());
        for day in relation.bound_at.day().through(self.now.day()) {
            self.app.table.touch(day, shard, &token).await?;
        }
        Ok(())
    }

    /// Keeps the fees and corrections of users who have an inviter; those of others were
    /// activity, and nothing else.
    async fn keep_fees(&self) -> Result<(), TableError> {
        let mut chunks: BTreeMap<(Day, Shard), FeeBatch> = BTreeMap::new();
        for item in &self.items {
            let Some(news) = item.news() else { continue };
            let Some(main) = item.about().and_then(|uid| main_of(&self.accounts, uid)) else {
                continue;
            };
            if main.relation.is_some() {
                keep(news, item.sent_at, &main.facts.uid, &mut chunks)?;
            }
        }
        for ((day, shard), batch) in &chunks {
            self.app.table.add_fees(*day, *shard, batch).await?;
        }
        Ok(())
    }

    async fn keep_payments(&mut self) -> Result<(), TableError> {
        for item in &mut self.items {
            let Some(News::Paid(paid)) = item.news() else { continue };
            let Paid { uid, run_id, .. } = paid;
            let (paid_at, reference) = (paid.paid_at, paid.reference.clone());
            let payment = Payment { paid_at, reference, known_at: Some(self.now) };
            let table = &self.app.table;
            match table.keep_payment(uid, run_id.day, run_id.seq, &payment).await? {
                PaymentOutcome::Kept | PaymentOutcome::Repeated => {}
                PaymentOutcome::NothingBooked => item.refuse(
                    "nothing_booked",
                    "data.runId: expected a run that booked something for data.uid",
                ),
                PaymentOutcome::Conflicting => item.refuse(
                    "paid_otherwise",
                    "the run was reported paid before, at another time or by another reference",
                ),
            }
        }
        Ok(())
    }

    async fn quarantine(&self) -> Result<(), TableError> {
        for item in &self.items {
            let Outcome::Quarantined { reason, detail } = &item.outcome else { continue };
            let entry = Quarantined {
                reason: (*reason).to_owned(),
                detail: detail.clone(),
                body: item.body.clone(),
                at: self.now,
            };
            self.app.table.quarantine(&entry).await?;
        }
        Ok(())
    }
}

/// The main account of an account, itself if it is none's sub-account.
fn main_of<'a>(accounts: &'a HashMap<Uid, Versioned<Account>>, uid: &Uid) -> Option<&'a Account> {
    let account = &accounts.get(uid)?.value;
    match &account.facts.main_uid {
        Some(main) => accounts.get(main).map(|main| &main.value),
        None => Some(account),
    }
}

/// What an event changes, and in which account: activity is the main account's.
fn update_of(news: &News, accounts: &HashMap<Uid, Versioned<Account>>) -> Option<(Uid, Update)> {
    let main = |uid| main_of(accounts, uid).map(|main| main.facts.uid.clone());
    match news {
        News::Changed(event) => Some((event.uid.clone(), Update::Changed(event.clone()))),
        News::Activity(event) => Some((main(&event.uid)?, Update::Active(event.at))),
        News::Charged(fee) => Some((main(&fee.uid)?, Update::Active(fee.at))),
        News::Registered(_) | News::Corrected { .. } | News::Paid(_) => None,
    }
}

fn keep(
    news: &News,
    sent_at: Timestamp,
    main: &Uid,
    chunks: &mut BTreeMap<(Day, Shard), FeeBatch>,
) -> Result<(), TableError> {
    let shard = Shard::of(main);
    match news {
        News::Charged(fee) => {
            let mut fee = fee.clone();
            fee.uid = main.clone();
            let arrival = Arrival(sent_at.millis().unsigned_abs());
            let batch = chunks.entry((fee.at.day(), shard)).or_default();
            batch.push(arrival, &fee)?;
        }
        News::Corrected { day, correction } => {
            let mut correction = correction.clone();
            correction.uid = main.clone();
            chunks.entry((*day, shard)).or_default().corrections.push(correction);
        }
        _ => {}
    }
    Ok(())
}

fn distinct(mut uids: Vec<Uid>) -> Vec<Uid> {
    uids.sort_unstable();
    uids.dedup();
    uids
}
