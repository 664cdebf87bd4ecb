//! An app over an embedded table, and the ledger in it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use commission::{Assets, Decimals, Line, MarketRules, Rate, Sums, Tier, TierInForce};
use dynamodb_embedded::Engine;
use eligibility::AccountFacts;
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use http_api::{Response, Signer};
use lambda::{ApiApp, App, Clock, Metrics, RandomSource};
use serde_json::Value;
use storage::{
    Account, Head, Money, Payment, Referral, ReferralActivity, SharedByDay, StoredTotals, Summary,
    Table, Totals, TwoVersionCell, Versioned,
};
use types::{Day, Origin, Timeline, Timestamp, Uid, Vip};

pub const NOW: &str = "2026-11-22T12:00:00.000Z";
pub const AFFILIATE: &str = "affiliate-a";

/// Reads a term that the test knows to be well-formed.
pub fn read<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} should be well-formed"))
}

pub struct TestApp {
    pub context: ApiApp,
    pub engine: Engine,
    head: Versioned<Head>,
}

impl TestApp {
    /// An empty ledger, and one affiliate.
    pub async fn new() -> Self {
        let engine = Engine::with_table().await.unwrap();
        let app = App {
            table: Table::new(engine.config(), engine.table_name()),
            programme: Arc::new(programme()),
            clock: Clock::standing_at(read(NOW)),
            entropy: RandomSource::seeded(1),
            metrics: Metrics::off(),
        };
        // As each process does at its start.
        app.table.warm_up(app.clock.now()).await.unwrap();
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        let context = ApiApp { app, signer };
        let app = Self { context, engine, head: Versioned::new(Head::default()) };
        app.account(AFFILIATE, true, &[]).await;
        app
    }

    /// Makes an account known; its tiers are those of spot, each from a day on.
    pub async fn account(&self, uid: &str, affiliate: bool, tiers: &[(&str, usize)]) {
        let joined: Timestamp = read("2026-01-01T00:00:00Z");
        let mut account = Account::new(AccountFacts {
            uid: read(uid),
            registered_at: joined,
            main_uid: None,
            top_uid: None,
            person_at: None,
            person: None,
            last_activity_at: None,
            location: Timeline::default(),
            affiliate: Timeline::starting(joined, affiliate),
            inviter: None,
        });
        for (day, spot) in tiers {
            let tier = TierInForce { spot: *spot, futures: 0 };
            account.tiers.replace(read::<Day>(day).start(), tier);
        }
        let known = self.context.table.account(&read(uid)).await.unwrap();
        let revision = known.map_or(0, |known| known.revision);
        let saved = self.context.table.save_account(&Versioned { value: account, revision }).await;
        assert!(saved.unwrap().is_done());
    }

    /// Publishes a run of a day for an affiliate, and lets readers see it.
    pub async fn run(
        &mut self,
        affiliate: &str,
        day: &str,
        summary: Summary,
        lines: &[Line],
    ) -> u64 {
        let seq = self.hidden_run(affiliate, day, summary, lines).await;
        self.show(seq).await;
        seq
    }

    /// Publishes a run that readers do not see yet.
    pub async fn hidden_run(
        &mut self,
        affiliate: &str,
        day: &str,
        summary: Summary,
        lines: &[Line],
    ) -> u64 {
        let seq = self.head.value.committed + 1;
        self.head.value.committed = seq;
        let (affiliate, day) = (read::<Uid>(affiliate), read::<Day>(day));
        self.context.table.publish_day(&affiliate, day, seq, summary, lines).await.unwrap();
        seq
    }

    pub async fn show(&mut self, seq: u64) {
        self.head.value.visible = seq;
        self.save_head().await;
    }

    pub async fn close_through(&mut self, day: &str) {
        self.head.value.closed_through = Some(read(day));
        self.save_head().await;
    }

    async fn save_head(&mut self) {
        assert!(self.context.table.save_head(&self.head).await.unwrap().is_done());
        self.head.revision += 1;
    }

    pub async fn pay(&self, affiliate: &str, day: &str, seq: u64, reference: &str) {
        let payment = Payment {
            paid_at: read("2026-11-20T09:30:00Z"),
            reference: reference.into(),
            known_at: Some(self.context.clock.now()),
        };
        let kept =
            self.context.table.keep_payment(&read(affiliate), read(day), seq, &payment).await;
        assert_eq!(kept.unwrap(), storage::PaymentOutcome::Kept);
    }

    pub async fn totals(&self, affiliate: &str, totals: Totals) {
        let slots = Some(TwoVersionCell::new(self.head.value.visible, totals));
        let totals = Versioned::new(StoredTotals { slots, parked: None });
        assert!(self.context.table.save_totals(&read(affiliate), &totals).await.unwrap().is_done());
    }

    /// Shows an invitee to the inviter, from run `seq` on.
    pub async fn invitee(&self, inviter: &str, seq: u64, invitee: Invitee<'_>) {
        let referral = Referral {
            uid: read(invitee.uid),
            code: read(invitee.code),
            origin: invitee.origin,
            bound_at: read(invitee.bound_at),
            activity: TwoVersionCell::new(seq, invitee.activity),
            shared_by_day: SharedByDay::default(),
        };
        let saved =
            self.context.table.save_referral(&read(inviter), &Versioned::new(referral)).await;
        assert!(saved.unwrap().is_done());
    }

    /// Asks as a user, with an `Accept` header.
    pub async fn ask(&self, uid: &str, target: &str, accept: &str) -> Response {
        let headers = [("accept", accept)];
        let incoming =
            Incoming { method: "GET", target, headers: &headers, body: b"", at: read(NOW) };
        let request = incoming.request(Some(&Claims::of(read(uid)))).unwrap();
        reporting::handle(&self.context, request).await
    }

    /// The JSON of a good answer to the affiliate.
    pub async fn get(&self, target: &str) -> Value {
        let response = self.ask(AFFILIATE, target, "application/json").await;
        assert_eq!(response.status(), 200, "{target}: {}", text(&response));
        json(&response)
    }

    /// Returns the cost of the affiliate's request: calls by operation.
    pub async fn calls(&self, target: &str) -> Vec<(String, usize)> {
        let _before = self.engine.take_calls();
        self.get(target).await;
        self.engine.take_calls().into_iter().collect()
    }
}

pub struct Invitee<'a> {
    pub uid: &'a str,
    pub code: &'a str,
    pub origin: Origin,
    pub bound_at: &'a str,
    pub activity: ReferralActivity,
}

pub fn text(response: &Response) -> &str {
    std::str::from_utf8(response.body().as_ref()).unwrap()
}

pub fn json(response: &Response) -> Value {
    serde_json::from_str(text(response)).unwrap()
}

/// The shipped programme, with its own figures where a test depends on them.
fn programme() -> policy::Programme {
    let mut programme = programme::programme().unwrap();
    let decimals = |count| Decimals::new(count).unwrap();
    let yen = BTreeMap::from([(read("JPY"), decimals(2))]);
    programme.commission.assets = Assets::new(decimals(8), yen, decimals(6));
    programme.commission.spot = rules(&[("0.2", 0, 0), ("0.3", 200_000, 3), ("0.41", 300_000, 4)]);
    programme.commission.futures = rules(&[("0.1", 0, 0)]);
    programme.settle_after_days = 7;
    programme
}

fn rules(rows: &[(&str, i128, u32)]) -> Timeline<MarketRules> {
    let tier = |(rate, volume, new_traders): &(&str, i128, u32)| Tier {
        rate: read::<Rate>(rate),
        volume_usd: commission::Amount::from_minor(volume * 1_000_000),
        new_traders: *new_traders,
    };
    let rules = MarketRules::new(rows.iter().map(tier).collect(), Vip(2), None).unwrap();
    Timeline::starting(read("2025-01-01T00:00:00Z"), rules)
}

/// The summary of a run's lines, as the nightly job writes it.
pub fn summary_of(lines: &[Line]) -> Summary {
    let mut summary = Summary { lines: lines.len() as u64, ..Summary::default() };
    for line in lines {
        let key = (line.key.product, line.key.asset, line.origin);
        add(summary.cells.entry(key).or_default(), &line.sums);
        add(summary.links.entry(line.code.clone()).or_default(), &line.sums);
        if let Some(reason) = line.key.outcome.reason() {
            *summary.zeros.entry(reason).or_default() += line.sums.fee_count;
        }
        summary.fee_count += line.sums.fee_count;
        let counted = summary.counted_volume_usd.entry(line.key.product.market()).or_default();
        *counted = counted.plus(line.sums.counted_volume_usd).unwrap();
    }
    summary
}

pub fn add(money: &mut Money, sums: &Sums) {
    let (asset, usd) = (&mut money.in_asset, &mut money.in_usd);
    asset.fees = asset.fees.plus(sums.fees).unwrap();
    asset.commission = asset.commission.plus(sums.commission).unwrap();
    asset.shared = asset.shared.plus(sums.shared).unwrap();
    usd.fees = usd.fees.plus(sums.fees_usd).unwrap();
    usd.commission = usd.commission.plus(sums.commission_usd).unwrap();
    usd.shared = usd.shared.plus(sums.shared_usd).unwrap();
    money.volume_usd = money.volume_usd.plus(sums.volume_usd).unwrap();
}
