//! Subsegments of X-Ray for calls to the table, in traces that Lambda samples.
//!
//! Lambda has a daemon beside each process, which forwards subsegments. Each is one datagram, so
//! that no call waits for it, and an invocation that is not sampled sends nothing.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use serde_json::json;
use types::Timestamp;

use crate::start::Variables;
use crate::{Clock, RandomSource};

/// The variable in which Lambda names its daemon.
const DAEMON: &str = "AWS_XRAY_DAEMON_ADDRESS";
/// The variable in which the runtime has the trace of the invocation.
const TRACE: &str = "_X_AMZN_TRACE_ID";
/// The first line of each datagram.
const HEADER: &str = r#"{"format":"json","version":1}"#;

/// Sends a subsegment for each call of a client to DynamoDB.
#[derive(Debug)]
pub(crate) struct TableTraces {
    socket: UdpSocket,
    daemon: SocketAddr,
    /// Returns the header of the invocation's trace.
    header: fn() -> Option<String>,
}

/// The trace of an invocation, if it is sampled.
#[derive(Debug, PartialEq, Eq)]
struct Trace<'a> {
    id: &'a str,
    parent: &'a str,
}

/// The time at which a call began; the SDK keeps it with the call.
#[derive(Debug)]
struct Begun(Timestamp);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl TableTraces {
    /// Returns the sender to Lambda's daemon; `None` where there is no daemon.
    pub(crate) fn new(variables: &Variables<'_>) -> Option<Self> {
        let daemon = variables.optional(DAEMON)?.parse().ok()?;
        Self::to(daemon, || std::env::var(TRACE).ok())
    }

    fn to(daemon: SocketAddr, header: fn() -> Option<String>) -> Option<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, daemon, header })
    }

    /// Sends the subsegment of a call. A lost one is missing in a trace, and nothing else.
    fn send(&self, operation: &str, begun: Timestamp, failed: bool) {
        let header = (self.header)();
        let Some(trace) = header.as_deref().and_then(Trace::sampled) else { return };
        let mut id = [0; 8];
        if RandomSource::system().fill(&mut id).is_err() {
            return;
        }
        let datagram = trace.subsegment(id, operation, [begun, Clock::system().now()], failed);
        if let Err(error) = self.socket.send_to(datagram.as_bytes(), self.daemon) {
            tracing::debug!(%error, "a subsegment was not sent");
        }
    }
}

impl<'a> Trace<'a> {
    /// Reads `Root=…;Parent=…;Sampled=1`; `None` for a trace that is not sampled.
    fn sampled(header: &'a str) -> Option<Self> {
        let value = |name| header.split(';').find_map(|part| part.trim().strip_prefix(name));
        (value("Sampled=")? == "1").then_some(())?;
        Some(Self { id: value("Root=")?, parent: value("Parent=")? })
    }

    fn subsegment(
        &self,
        id: [u8; 8],
        operation: &str,
        times: [Timestamp; 2],
        failed: bool,
    ) -> String {
        let [start, end] = times.map(seconds);
        let document = json!({
            "type": "subsegment", "name": "DynamoDB", "namespace": "aws",
            "id": hex::encode(id), "trace_id": self.id, "parent_id": self.parent,
            "start_time": start, "end_time": end, "aws": { "operation": operation },
            "fault": failed,
        });
        format!("{HEADER}\n{document}")
    }
}

/// Returns a time in seconds, as X-Ray writes it.
fn seconds(at: Timestamp) -> serde_json::Value {
    let millis = at.millis();
    let text = format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000));
    text.parse::<serde_json::Number>().map_or(serde_json::Value::Null, Into::into)
}

impl Intercept for TableTraces {
    fn name(&self) -> &'static str {
        "TableTraces"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        call.interceptor_state().store_put(Begun(Clock::system().now()));
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        call: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = call.load::<Metadata>().map_or("call", |metadata| metadata.name());
        if let Some(begun) = call.load::<Begun>() {
            let failed = !matches!(context.output_or_error(), Some(Ok(_)));
            self.send(operation, begun.0, failed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use storage::Table;

    use super::*;
    use crate::aws;

    const SAMPLED: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a:0";

    /// Calls a table that does not answer, and returns the datagrams.
    async fn sent(header: fn() -> Option<String>) -> Vec<String> {
        let daemon = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        daemon.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let lookup = |name: &str| {
            (name == "AWS_ENDPOINT_URL_DYNAMODB").then(|| "http://127.0.0.1:1".to_owned())
        };
        let config = aws::dynamodb(&Variables(&lookup)).unwrap();
        let traces = TableTraces::to(daemon.local_addr().unwrap(), header).unwrap();
        let table = Table::new(config.interceptor(traces), "t".to_owned());
        assert!(table.warm_up(Clock::system().now()).await.is_err());
        let mut buffer = [0; 4096];
        let receive = || daemon.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec());
        let datagrams = std::iter::from_fn(receive);
        datagrams.map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    #[tokio::test]
    async fn sampled_call_sends_subsegment() {
        let sent = sent(|| Some(SAMPLED.to_owned())).await;
        assert_eq!(sent.len(), 1, "{sent:?}");
        let (header, document) = sent[0].split_once('\n').unwrap();
        assert_eq!(header, HEADER);
        let document: Value = serde_json::from_str(document).unwrap();
        assert_eq!(document["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(document["parent_id"], "53995c3f42cd8ad8");
        assert_eq!(document["aws"]["operation"], "GetItem");
        assert_eq!((&document["type"], &document["fault"]), (&"subsegment".into(), &true.into()));
        assert_eq!(document["id"].as_str().unwrap().len(), 16);
        assert!(document["start_time"].as_f64() <= document["end_time"].as_f64());
    }

    #[tokio::test]
    async fn other_calls_send_nothing() {
        assert!(sent(|| None).await.is_empty());
        assert!(sent(|| Some(SAMPLED.replace("Sampled=1", "Sampled=0"))).await.is_empty());
        assert!(sent(|| Some("Root=1-2-3;Sampled=1".to_owned())).await.is_empty());
    }

    #[test]
    fn process_without_daemon_sends_nothing() {
        assert!(TableTraces::new(&Variables(&|_| None)).is_none());
        let lookup = |name: &str| (name == DAEMON).then(|| "127.0.0.1:2000".to_owned());
        assert!(TableTraces::new(&Variables(&lookup)).is_some());
    }

    #[test]
    fn times_have_milliseconds() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        assert_eq!(seconds(at(1_795_348_800_007)).to_string(), "1795348800.007");
    }
}
