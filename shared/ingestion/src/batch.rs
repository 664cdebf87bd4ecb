//! Ingests a batch of events: accounts first, then everything that refers to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use commission::{Arrival, Asset};
use lambda::{App, Deadline};
use storage::{
    Account, Admission, FeeBatch, Identity, MAX_ACCOUNT_LEVELS, MAX_ASSETS, Quarantined, Shard,
    TableError, Versioned, bounded_concurrency,
};
use types::{Day, Reason, Timestamp, TradeId, Uid};

use crate::account::{Deferral, Update};
use crate::account_reader;
use crate::account_writer::{AccountWriter, Updated};
use crate::delivery::{Source, may_wait};
use crate::event::{Event, EventData, Registered};
use crate::message::Item;
use crate::payment;
use crate::register::{Registration, register};
use crate::sign_up::{Reevaluation, is_pending};
use crate::{CALLS_AT_ONCE, EventOutcome};

pub(crate) struct Batch<'a> {
    app: &'a App,
    source: Source,
    now: Timestamp,
    deadline: Deadline,
    items: Vec<Item<'a>>,
    accounts: HashMap<Uid, Versioned<Account>>,
    /// Accounts that cannot be read, with the error.
    unreadable: HashMap<Uid, TableError>,
}

impl<'a> Batch<'a> {
    pub fn new(
        app: &'a App,
        source: Source,
        now: Timestamp,
        items: Vec<Item<'a>>,
        deadline: Deadline,
    ) -> Self {
        let (accounts, unreadable) = (HashMap::new(), HashMap::new());
        Self { app, source, now, deadline, items, accounts, unreadable }
    }

    /// Ingests the part; returns its events with their outcomes.
    pub async fn ingest(mut self) -> Result<Vec<Item<'a>>, TableError> {
        self.identify().await?;
        self.register().await?;
        self.load().await?;
        self.update_accounts().await?;
        self.admit_assets().await?;
        self.keep_fees().await?;
        payment::keep(self.app, self.now, &mut self.items).await?;
        self.quarantine().await?;
        Ok(self.items)
    }

    /// Quarantines events whose identity is known with another body. A fee is identified by its
    /// trade id in the fold of its day: a write for each fee would cost too much.
    async fn identify(&mut self) -> Result<(), TableError> {
        let mut alike: BTreeMap<(&str, &str), Vec<(usize, &Event)>> = BTreeMap::new();
        for (place, item) in self.items.iter().enumerate() {
            let Some(event) = item.event.as_ref() else { continue };
            if !matches!(event.data, EventData::Charged(_)) {
                alike.entry((&event.source, &event.id)).or_default().push((place, event));
            }
        }
        let work = alike.into_values().map(|events| identify_in_order(self.app, self.now, events));
        let identified = bounded_concurrency(CALLS_AT_ONCE, work).await?;
        for (place, identity) in identified.into_iter().flatten() {
            let Some(item) = self.items.get_mut(place) else { continue };
            match identity {
                Identified::As(Identity::New) => {}
                Identified::As(Identity::Repeated) => item.repeated = true,
                Identified::As(Identity::Conflicting) => {
                    item.refuse("identity_conflict", "source and id came before with another body");
                }
                Identified::Unreadable(error) => item.refuse_for("identity_unreadable", &error),
            }
        }
        Ok(())
    }

    async fn register(&mut self) -> Result<(), TableError> {
        let mut events: BTreeMap<&Uid, Vec<(usize, &Registered)>> = BTreeMap::new();
        for (place, item) in self.items.iter().enumerate() {
            if let Some(EventData::Registered(event)) = item.data() {
                events.entry(&event.uid).or_default().push((place, event));
            }
        }
        let mut known = self.app.table.each_account(events.keys().copied()).await?;
        if events.values().flatten().any(|(_, event)| event.code.is_some()) {
            // Once for all sign-ups of the batch, which run concurrently.
            self.app.switches().await;
        }
        let work = events.into_iter().map(|(uid, events)| {
            let known = known.remove(uid);
            register_in_order(self.app, known, events)
        });
        let work: Vec<_> = work.collect();
        let registered = bounded_concurrency(CALLS_AT_ONCE, work).await?;
        for (place, outcome) in registered.into_iter().flatten() {
            let Some(item) = self.items.get_mut(place) else { continue };
            match outcome {
                RegisterOutcome::Done => {}
                RegisterOutcome::Otherwise => item.refuse(
                    "registered_otherwise",
                    "the account was registered before with other facts",
                ),
                RegisterOutcome::Unreadable(error) => item.refuse_for(UNREADABLE, &*error),
            }
        }
        Ok(())
    }

    /// Loads the accounts that the events name, and the main accounts of those, level by level.
    async fn load(&mut self) -> Result<(), TableError> {
        let mut wanted: BTreeSet<Uid> =
            self.items.iter().filter_map(Item::about).cloned().collect();
        let changed: BTreeSet<Uid> = self.items.iter().filter_map(changed_account).collect();
        for _ in 0..=MAX_ACCOUNT_LEVELS {
            if wanted.is_empty() {
                break;
            }
            let mut mains = BTreeSet::new();
            // An update of facts depends on all earlier ones.
            let mut read = self.app.table.each_account(wanted.intersection(&changed)).await?;
            wanted.retain(|uid| !changed.contains(uid));
            read.extend(account_reader::read(&self.app.table, &wanted).await?);
            for (uid, account) in read {
                match account {
                    Ok(account) => {
                        mains.extend(account.value.facts.main_uid.clone());
                        self.accounts.insert(uid, account);
                    }
                    Err(error) => drop(self.unreadable.insert(uid, error)),
                }
            }
            let is_new =
                |uid: &Uid| !self.accounts.contains_key(uid) && !self.unreadable.contains_key(uid);
            wanted = mains.into_iter().filter(is_new).collect();
        }
        self.refuse_unresolved();
        Ok(())
    }

    /// Sets the outcome of events whose account or top account is unknown or unreadable.
    fn refuse_unresolved(&mut self) {
        let (accounts, unreadable) = (&self.accounts, &self.unreadable);
        // A queue redelivers the event alone, and keeps it among its dead letters. A stream waits
        // behind it, and would lose it in the end.
        let may_wait = |item: &Item<'_>| {
            self.source == Source::Queue || may_wait(item.message_sent_at, self.now)
        };
        for item in &mut self.items {
            let Some(uid) = item.about() else { continue };
            // A change of the account itself needs no top account.
            let of_itself = matches!(item.data(), Some(EventData::Changed(_)));
            match top_of(accounts, unreadable, uid) {
                Top::Account(_) => {}
                Top::Unreadable { is_own: false, .. } | Top::Endless if of_itself => {}
                Top::Unknown if may_wait(item) => {
                    item.outcome = EventOutcome::Retry { reason: Reason::UnknownAccount }
                }
                Top::Unknown => item.refuse(
                    Reason::UnknownAccount.code(),
                    "the account, or one above it, was not registered in time",
                ),
                Top::Unreadable { error, .. } => item.refuse_for(UNREADABLE, error),
                Top::Endless => {
                    let detail = format!(
                        "expected at most {MAX_ACCOUNT_LEVELS} levels of main accounts, in no circle"
                    );
                    item.refuse("main_account_unresolved", detail);
                }
            }
        }
    }

    async fn update_accounts(&mut self) -> Result<(), TableError> {
        let mut updates: BTreeMap<Uid, Vec<Update>> = BTreeMap::new();
        for data in self.items.iter().filter_map(Item::data) {
            if let Some((uid, update)) = self.update_of(data) {
                updates.entry(uid).or_default().push(update);
            }
        }
        let writer = AccountWriter {
            app: self.app,
            now: self.now,
            deadline: self.deadline,
            deferral: Deferral::by(&self.app.programme),
        };
        let write = |(uid, updates)| {
            let known = self.accounts.get(&uid).cloned();
            writer.write(uid, known, updates)
        };
        let work: Vec<_> = updates.into_iter().map(write).collect();
        let mut activity: BTreeMap<Uid, Timestamp> = BTreeMap::new();
        let mut unchangeable: HashMap<Uid, TableError> = HashMap::new();
        let (mut unfinished, mut not_started) = (BTreeSet::new(), BTreeSet::new());
        for (uid, updated) in bounded_concurrency(CALLS_AT_ONCE, work).await? {
            match updated {
                Updated::Saved { account, deferred, sign_ups } => {
                    if sign_ups == Reevaluation::Unfinished {
                        unfinished.insert(uid.clone());
                    }
                    activity.extend(deferred.map(|at| (uid.clone(), at)));
                    self.accounts.insert(uid, *account);
                }
                Updated::Unchangeable(error) => drop(unchangeable.insert(uid, error)),
                Updated::NotStarted => drop(not_started.insert(uid)),
            }
        }
        self.app.table.defer_activity(&activity, self.now).await?;
        if !unchangeable.is_empty() {
            self.refuse_updates_of(&unchangeable);
        }
        let is_unfinished = |item: &Item<'_>| match item.data() {
            Some(EventData::Changed(event)) if unfinished.contains(&event.uid) => true,
            Some(data) if !not_started.is_empty() => {
                self.update_of(data).is_some_and(|(uid, _)| not_started.contains(&uid))
            }
            _ => false,
        };
        let unfinished: Vec<bool> = self.items.iter().map(is_unfinished).collect();
        for (item, is_unfinished) in self.items.iter_mut().zip(unfinished) {
            item.is_unfinished = is_unfinished;
        }
        Ok(())
    }

    /// Quarantines the events whose account update cannot be written.
    fn refuse_updates_of(&mut self, unchangeable: &HashMap<Uid, TableError>) {
        let error = |item: &Item<'_>| {
            let (uid, _) = self.update_of(item.data()?)?;
            unchangeable.get(&uid)
        };
        let refused: Vec<Option<&TableError>> = self.items.iter().map(error).collect();
        for (item, error) in self.items.iter_mut().zip(refused) {
            if let Some(error) = error {
                item.refuse_for(UNREADABLE, error);
            }
        }
    }

    /// Returns the account and its update by an event. Activity belongs to the top account.
    fn update_of(&self, data: &EventData) -> Option<(Uid, Update)> {
        let top = |uid: &Uid| Some(self.top(uid)?.facts.uid.clone());
        match data {
            EventData::Changed(event) => Some((event.uid.clone(), Update::Changed(event.clone()))),
            EventData::Activity(event) => Some((top(&event.uid)?, Update::Active(event.at))),
            EventData::Charged(fee) => Some((top(&fee.uid)?, Update::Charged(fee.charge.at))),
            EventData::Registered(_) | EventData::Corrected { .. } | EventData::Paid(_) => None,
        }
    }

    /// Returns the top account of an account, if it is known.
    fn top(&self, uid: &Uid) -> Option<&Account> {
        match top_of(&self.accounts, &self.unreadable, uid) {
            Top::Account(account) => Some(account),
            _ => None,
        }
    }

    /// Quarantines fees in assets beyond the limit.
    async fn admit_assets(&mut self) -> Result<(), TableError> {
        let asset = |item: &Item<'_>| match item.data()? {
            EventData::Charged(fee) => Some(fee.charge.asset)
                .filter(|_| self.top(&fee.uid).is_some_and(|top| self.keeps_fees(top))),
            _ => None,
        };
        let charged: Vec<Option<Asset>> = self.items.iter().map(asset).collect();
        let wanted: BTreeSet<Asset> = charged.iter().flatten().copied().collect();
        let Admission::AllBut(refused) = self.app.table.admit_assets(&wanted).await? else {
            return Ok(());
        };
        for (item, asset) in self.items.iter_mut().zip(charged) {
            if asset.is_some_and(|asset| refused.contains(&asset)) {
                let detail = format!("data.asset: expected one of the first {MAX_ASSETS} assets");
                item.refuse("too_many_assets", detail);
            }
        }
        Ok(())
    }

    /// Returns whether an account's fees are stored: it has an inviter, or may still get one by a
    /// refused sign-up.
    fn keeps_fees(&self, account: &Account) -> bool {
        account.relation.is_some() || is_pending(account, self.now)
    }

    /// Stores the fees and corrections of users who have an inviter or may still get one. All
    /// others count as activity only.
    async fn keep_fees(&self) -> Result<(), TableError> {
        let mut chunks: BTreeMap<(Day, Shard), FeeBatch> = BTreeMap::new();
        for item in self.items.iter().filter(|item| !item.is_unfinished) {
            let Some(data) = item.data() else { continue };
            let Some(top) = item.about().and_then(|uid| self.top(uid)) else { continue };
            if self.keeps_fees(top) {
                keep(data, item.arrived_at, &top.facts.uid, &mut chunks)?;
            }
        }
        let work: Vec<_> = chunks
            .iter()
            .map(|((day, shard), batch)| self.app.table.add_fees(*day, *shard, batch))
            .collect();
        bounded_concurrency(CALLS_AT_ONCE, work).await?;
        Ok(())
    }

    async fn quarantine(&self) -> Result<(), TableError> {
        let entry = |item: &Item<'_>| match &item.outcome {
            EventOutcome::Quarantined { reason, detail } => {
                Some(Quarantined::new(reason, detail, item.body.to_owned(), self.now))
            }
            _ => None,
        };
        let entries: Vec<Quarantined> = self.items.iter().filter_map(entry).collect();
        let work: Vec<_> = entries.iter().map(|entry| self.app.table.quarantine(entry)).collect();
        bounded_concurrency(CALLS_AT_ONCE, work).await?;
        Ok(())
    }
}

/// Returns the account whose facts an event changes.
fn changed_account(item: &Item<'_>) -> Option<Uid> {
    match item.data()? {
        EventData::Changed(event) => Some(event.uid.clone()),
        _ => None,
    }
}

/// The reason of events whose account cannot be read or written.
const UNREADABLE: &str = "account_unreadable";

/// The identity of an event, or the reason why it cannot be read.
enum Identified {
    As(Identity),
    Unreadable(TableError),
}

/// Identifies events of one source and id, in the order of the batch.
async fn identify_in_order(
    app: &App,
    now: Timestamp,
    events: Vec<(usize, &Event)>,
) -> Result<Vec<(usize, Identified)>, TableError> {
    let mut identified = Vec::with_capacity(events.len());
    for (place, event) in events {
        let content = event.content()?;
        match app.table.identify(&event.source, &event.id, &content, now).await {
            Ok(identity) => identified.push((place, Identified::As(identity))),
            Err(error) if error.is_of_item() => {
                identified.push((place, Identified::Unreadable(error)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(identified)
}

/// The outcome of a registration.
enum RegisterOutcome {
    /// The account is registered, now or before.
    Done,
    /// It was registered before with other facts.
    Otherwise,
    /// The account, or the inviter's, cannot be read. Several events may share the cause.
    Unreadable(Arc<TableError>),
}

/// Applies the registrations of one account in the order of the batch. `known` is the stored
/// account, if there is one.
async fn register_in_order(
    app: &App,
    known: Option<Result<Versioned<Account>, TableError>>,
    events: Vec<(usize, &Registered)>,
) -> Result<Vec<(usize, RegisterOutcome)>, TableError> {
    let mut known = match known.transpose() {
        Ok(known) => known.map(|account| account.value),
        Err(error) => {
            let error = Arc::new(error);
            let unreadable = |(place, _)| (place, RegisterOutcome::Unreadable(Arc::clone(&error)));
            return Ok(events.into_iter().map(unreadable).collect());
        }
    };
    let mut outcomes = Vec::with_capacity(events.len());
    for (place, event) in events {
        let outcome = match register(app, event, known.as_ref()).await {
            Ok(Registration::New(account)) => {
                known = Some(*account);
                RegisterOutcome::Done
            }
            Ok(Registration::Known) => RegisterOutcome::Done,
            Ok(Registration::Otherwise) => RegisterOutcome::Otherwise,
            Err(error) if error.is_of_item() => RegisterOutcome::Unreadable(error.into()),
            Err(error) => return Err(error),
        };
        outcomes.push((place, outcome));
    }
    Ok(outcomes)
}

/// The end of the chain of main accounts above an account.
enum Top<'a> {
    /// The top account; the account itself if it is no sub-account.
    Account(&'a Account),
    /// One of the accounts is unknown.
    Unknown,
    /// One of the accounts is unreadable: the account itself, or one above it.
    Unreadable { error: &'a TableError, is_own: bool },
    /// The chain is too long, or a circle.
    Endless,
}

fn top_of<'a>(
    accounts: &'a HashMap<Uid, Versioned<Account>>,
    unreadable: &'a HashMap<Uid, TableError>,
    own: &Uid,
) -> Top<'a> {
    let mut uid = own;
    for _ in 0..=MAX_ACCOUNT_LEVELS {
        if let Some(error) = unreadable.get(uid) {
            return Top::Unreadable { error, is_own: uid == own };
        }
        let Some(account) = accounts.get(uid).map(|account| &account.value) else {
            return Top::Unknown;
        };
        match &account.facts.main_uid {
            Some(main) => uid = main,
            None => return Top::Account(account),
        }
    }
    Top::Endless
}

/// Adds a fee or correction to the chunk of its day and its top account's shard.
fn keep(
    data: &EventData,
    arrived_at: Timestamp,
    top: &Uid,
    chunks: &mut BTreeMap<(Day, Shard), FeeBatch>,
) -> Result<(), TableError> {
    let shard = Shard::of(top);
    match data {
        EventData::Charged(fee) => {
            let mut fee = fee.clone();
            fee.trade_id = stored_trade_id(&fee.trade_id, &fee.uid, top);
            fee.uid = top.clone();
            let arrival = Arrival(arrived_at.millis().unsigned_abs());
            let batch = chunks.entry((fee.charge.at.day(), shard)).or_default();
            batch.push(arrival, &fee)?;
        }
        EventData::Corrected { day, correction } => {
            let mut correction = correction.clone();
            correction.trade_id = stored_trade_id(&correction.trade_id, &correction.uid, top);
            correction.uid = top.clone();
            chunks.entry((*day, shard)).or_default().corrections.push(correction);
        }
        _ => {}
    }
    Ok(())
}

/// Both sides of a trade pay fees under one trade id, and both may be sub-accounts of one account.
fn stored_trade_id(trade_id: &TradeId, payer: &Uid, top: &Uid) -> TradeId {
    if payer == top { trade_id.clone() } else { trade_id.of_sub_account(payer) }
}
