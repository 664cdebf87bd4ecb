//! A function in a separate execution environment.

use std::io::Result;
use std::process::{Command, Stdio};

use dynamodb_embedded::Engine;
use serde_json::Value;

use crate::{Answer, DynamoDb, Kill, RuntimeApi, binary};

/// The process was killed before it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Died;

/// A function's process, started by its first event and again after it was killed, as by Lambda.
pub struct Function {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
    dynamodb: DynamoDb,
    running: Option<RuntimeApi>,
}

impl Function {
    /// Creates a function over an engine, with these variables in addition to those of the
    /// endpoint. Nothing runs yet.
    ///
    /// # Errors
    /// If no port is available.
    pub async fn over(
        engine: &Engine,
        name: &'static str,
        variables: &[(&'static str, &str)],
    ) -> Result<Self> {
        let dynamodb = DynamoDb::serve(engine.clone()).await?;
        let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Ok(Self { name, variables: variables.collect(), dynamodb, running: None })
    }

    /// Resets the count of calls, and kills the process at the given call.
    pub fn arm(&self, kill: Option<Kill>) {
        self.dynamodb.arm(kill);
    }

    /// Returns the number of calls since the last reset.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.dynamodb.calls()
    }

    /// Invokes the function with an event.
    ///
    /// # Errors
    /// If the process cannot be started; inner [`Died`] if it was killed.
    pub async fn invoke(&mut self, event: Value) -> Result<std::result::Result<Answer, Died>> {
        let api = match self.running.take() {
            Some(api) => api,
            None => self.start().await?,
        };
        let answer = tokio::select! {
            biased;
            () = self.dynamodb.killed() => None,
            answer = api.invoke(event) => answer,
        };
        let Some(answer) = answer else { return Ok(Err(Died)) };
        self.running = Some(api);
        Ok(Ok(answer))
    }

    async fn start(&self) -> Result<RuntimeApi> {
        let api = RuntimeApi::serve().await?;
        let process = Command::new(binary(self.name)?)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", self.name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_LEVEL", "ERROR")
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.url())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.dynamodb.watch(process);
        Ok(api)
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.dynamodb.end();
    }
}
