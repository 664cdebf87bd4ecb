//! The programme over the embedded engine, with bound accounts.

use std::path::Path;
use std::sync::Arc;

use commission::TierInForce;
use dynamodb_embedded::{Engine, create_table};
use eligibility::AccountFacts;
use http_api::Signer;
use lambda::{ApiApp, App, ManualClock, Metrics, RandomSource};
use sam_template::Template;
use storage::{Account, Attempt, Table, Versioned};
use types::Timeline;

use crate::Failure;
use crate::made::{Bound, MadeDay};

pub const TABLE: &str = "recall";
/// Start of the night, in milliseconds of its day.
pub const HALF_PAST_MIDNIGHT: i64 = 1_800_000;

pub struct TestApp {
    pub engine: Engine,
    /// The context of the functions.
    pub context: ApiApp,
    pub clock: ManualClock,
}

impl TestApp {
    /// Creates an empty table in memory, on the night after the day.
    pub async fn after(made: &MadeDay, capacity: bool) -> Result<Self, Failure> {
        Self::over(Engine::memory()?, made, capacity).await
    }

    /// Creates an empty table in a file, so that this process has the memory of the functions only.
    pub async fn in_file(made: &MadeDay, file: &Path, capacity: bool) -> Result<Self, Failure> {
        Self::over(Engine::on_disk(file)?, made, capacity).await
    }

    async fn over(engine: Engine, made: &MadeDay, capacity: bool) -> Result<Self, Failure> {
        let engine = engine.dropping_tokens();
        let engine = if capacity { engine.counting_capacity() } else { engine };
        create_table(&engine.client(), TABLE, &Template::embedded()?.table).await?;
        let clock = ManualClock::default();
        clock.stop_at(made.day.end().plus_millis(HALF_PAST_MIDNIGHT));
        let app = App {
            table: Table::new(engine.config(), TABLE),
            programme: Arc::new(programme::programme()?),
            clock: clock.clock(),
            entropy: RandomSource::seeded(2026),
            metrics: Metrics::off(),
        };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes")?;
        Ok(Self { engine, context: ApiApp { app, signer }, clock })
    }

    /// Opens the day's accounts, inviters and invitees.
    pub async fn open_accounts(&self, made: &MadeDay) -> Result<(), Failure> {
        self.open_inviters(made).await?;
        for bound in made.bound() {
            let Bound { relation, party } = bound?;
            let mut account = Account::new(facts(relation.invitee.clone(), made));
            account.facts.location = party.location;
            account.futures_opened_at = party.futures_opened_at;
            account.relation = Some(relation);
            self.create(account).await?;
        }
        Ok(())
    }

    pub async fn open_inviters(&self, made: &MadeDay) -> Result<(), Failure> {
        for number in 0..made.inviters() {
            let party = made.inviter_party()?;
            let mut account = Account::new(facts(MadeDay::inviter(number)?, made));
            account.facts.location = party.location;
            account.facts.affiliate = party.affiliate;
            account.futures_opened_at = party.futures_opened_at;
            let tier = TierInForce { spot: (number % 4) as usize, futures: 0 };
            account.tiers = Timeline::starting(made.day.start().plus_days(-100), tier);
            self.create(account).await?;
        }
        Ok(())
    }

    async fn create(&self, account: Account) -> Result<(), Failure> {
        match self.context.table.save_account(&Versioned::new(account)).await? {
            Attempt::Done(()) => Ok(()),
            Attempt::Conflict => Err("an account exists already".into()),
        }
    }

    /// Opens accounts of dormant users.
    pub async fn open_dormant(&self, made: &MadeDay, users: u64) -> Result<(), Failure> {
        let location = made.inviter_party()?.location;
        for number in 0..users {
            let mut account = Account::new(facts(MadeDay::dormant(number)?, made));
            account.facts.location = location.clone();
            self.create(account).await?;
        }
        Ok(())
    }
}

fn facts(uid: types::Uid, made: &MadeDay) -> AccountFacts {
    AccountFacts {
        uid,
        registered_at: made.day.start().plus_days(-900),
        main_uid: None,
        top_uid: None,
        person_at: None,
        person: None,
        last_activity_at: None,
        location: Timeline::default(),
        affiliate: Timeline::default(),
        inviter: None,
    }
}
