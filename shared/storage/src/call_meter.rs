//! Counts the calls to the table and their duration.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::config_bag::{Storable, StoreReplace};

/// Number and duration of calls. Concurrent calls count their full duration each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallStats {
    /// Operations.
    pub calls: u64,
    /// Attempts beyond the first of a call, made by the client itself.
    pub retries: u64,
    /// The duration of all calls, waits between attempts included.
    pub time: Duration,
}

impl CallStats {
    /// Returns the calls since an earlier reading.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            retries: self.retries.saturating_sub(earlier.retries),
            time: self.time.saturating_sub(earlier.time),
        }
    }
}

/// Counts the calls of a client. Clones share their counters.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallMeter(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    calls: AtomicU64,
    attempts: AtomicU64,
    micros: AtomicU64,
}

impl CallMeter {
    pub(crate) fn call_stats(&self) -> CallStats {
        let calls = self.0.calls.load(Relaxed);
        CallStats {
            calls,
            retries: self.0.attempts.load(Relaxed).saturating_sub(calls),
            time: Duration::from_micros(self.0.micros.load(Relaxed)),
        }
    }
}

/// The instant a call began; the SDK keeps it with the call.
#[derive(Debug)]
struct Begun(Instant);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallMeter {
    fn name(&self) -> &'static str {
        "CallMeter"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        call.interceptor_state().store_put(Begun(Instant::now()));
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.attempts.fetch_add(1, Relaxed);
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let time = call.load::<Begun>().map_or(Duration::ZERO, |begun| begun.0.elapsed());
        self.0.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
        self.0.calls.fetch_add(1, Relaxed);
        Ok(())
    }
}
