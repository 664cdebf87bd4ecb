//! A sandbox from its start to its stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dynamodb_embedded::Engine;
use lambda::{ApiApp, ManualClock};
use sam_template::Template;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::data_dir::{Contents, DataDir};
use crate::gateway::Gateway;
use crate::load::{Highlights, load};
use crate::open::{self, Plan};
use crate::progress::Progress;
use crate::services::Services;
use crate::{Options, StartError, issuer, page, ready, routes};

/// Time limit of requests that still run when the sandbox stops.
const PATIENCE: Duration = Duration::from_secs(3);

/// Starts a sandbox.
pub struct Sandbox;

/// A sandbox that answers requests until it is stopped or dropped.
pub struct Running {
    services: Arc<Services>,
    dynamodb: SocketAddr,
    stop: watch::Sender<bool>,
    servers: JoinSet<Result<(), StartError>>,
    /// Held until everything has stopped.
    _dir: DataDir,
}

/// The two ports, open and not yet answering.
struct Ports {
    api: TcpListener,
    dynamodb: TcpListener,
}

impl Sandbox {
    /// Starts a sandbox; it is ready when this returns.
    ///
    /// # Errors
    /// [`StartError`] states cause and remedy in one sentence.
    pub async fn start(options: Options) -> Result<Running, StartError> {
        let progress = Progress::new(options.quiet);
        let template = Template::embedded().map_err(|e| StartError::Build(e.into()))?;
        let gateway = Gateway::new(&template, options.functions.clone())?;
        progress.say(format_args!("Opening the data directory {}.", options.data_dir.display()));
        let dir = DataDir::open(&options.data_dir)?;
        let ports = Ports::open(options.port).await?;
        let issuer = issuer::open(&dir, progress).await?;
        let manual_clock = ManualClock::default();
        turn(&manual_clock, &options);
        let origin = format!("http://{}", address(&ports.api)?);
        let setup = AppSetup { dir: &dir, template: &template, origin: &origin };
        let (app, engine, highlights) = fill(setup, &options, &manual_clock, progress).await?;
        let page = match options.no_page {
            true => None,
            false => page::prepare(progress).await,
        };
        let services = Arc::new(Services { app, manual_clock, issuer, gateway, page, origin });
        let running = Running::serve(services, engine, ports, dir)?;
        progress.say(ready::text(&running, highlights.as_ref()));
        Ok(running)
    }
}

/// What the context of the functions is made of, beside its engine.
#[derive(Clone, Copy)]
struct AppSetup<'a> {
    dir: &'a DataDir,
    template: &'a Template,
    /// The address of the page and the API.
    origin: &'a str,
}

impl AppSetup<'_> {
    async fn app(&self, engine: &Engine, clock: &ManualClock) -> Result<ApiApp, StartError> {
        open::app(self.dir, engine, &self.template.table, clock.clock(), self.origin).await
    }
}

/// Sets the clock to real time, or to the requested time.
fn turn(manual_clock: &ManualClock, options: &Options) {
    match options.clock {
        Some(at) => manual_clock.stop_at(at),
        None => manual_clock.real_time(),
    }
}

/// Returns the app over the directory's data file, with the sample programme if requested.
async fn fill(
    setup: AppSetup<'_>,
    options: &Options,
    manual_clock: &ManualClock,
    progress: Progress,
) -> Result<(ApiApp, Engine, Option<Highlights>), StartError> {
    let highlights = match Plan::of(setup.dir.contents()?, options.empty) {
        Plan::Begin { sample, anew } => {
            if anew {
                progress.say("Loading the sample programme was interrupted; restarting it.");
            }
            begin(setup, sample, manual_clock, progress).await?
        }
        Plan::GoOn(contents) => go_on(contents, options.empty, progress),
    };
    turn(manual_clock, options);
    let engine = open::on_disk(setup.dir)?;
    let app = setup.app(&engine, manual_clock).await?;
    Ok((app, engine, highlights))
}

/// Creates a new data file. The sample is loaded in memory and then written as a whole, which
/// avoids many thousand small writes to the disk.
async fn begin(
    setup: AppSetup<'_>,
    sample: bool,
    manual_clock: &ManualClock,
    progress: Progress,
) -> Result<Option<Highlights>, StartError> {
    let dir = setup.dir;
    dir.remove_database()?;
    if !sample {
        dir.set_contents(&Contents::Without)?;
        return Ok(None);
    }
    dir.set_contents(&Contents::Loading)?;
    let engine = open::in_memory()?;
    let app = setup.app(&engine, manual_clock).await?;
    let highlights = load(&app, manual_clock, progress).await?;
    open::save(dir, &engine)?;
    dir.set_contents(&Contents::Loaded(highlights.clone()))?;
    Ok(Some(highlights))
}

/// Reports the existing contents.
fn go_on(contents: Contents, empty: bool, progress: Progress) -> Option<Highlights> {
    match contents {
        Contents::Loaded(highlights) => {
            progress.say(match empty {
                true => "The sample programme is already loaded; --empty removes nothing.",
                false => "The sample programme is already loaded.",
            });
            Some(highlights)
        }
        _ => {
            progress.say("Continuing without the sample programme, with which this directory was not created.");
            None
        }
    }
}

impl Ports {
    /// Opens the port for the API and the next one for DynamoDB; for 0 two free ones.
    async fn open(port: u16) -> Result<Self, StartError> {
        let next = if port == 0 { 0 } else { port.saturating_add(1) };
        Ok(Self {
            api: listen(port, "for page and API").await?,
            dynamodb: listen(next, "for DynamoDB, the one after the API's").await?,
        })
    }
}

async fn listen(port: u16, purpose: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortTaken { port, purpose },
        _ => StartError::Port { port, purpose, source },
    })
}

fn address(listener: &TcpListener) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|error| StartError::Server(error.into()))
}

impl Running {
    fn serve(
        services: Arc<Services>,
        engine: Engine,
        ports: Ports,
        dir: DataDir,
    ) -> Result<Self, StartError> {
        let (stop, stopped) = watch::channel(false);
        let dynamodb = address(&ports.dynamodb)?;
        let mut servers = JoinSet::new();
        let api = axum::serve(ports.api, routes::router(services.clone()))
            .with_graceful_shutdown(until(stopped.clone()));
        servers.spawn(async { api.await.map_err(|error| StartError::Server(error.into())) });
        servers.spawn(async move {
            let served = engine.serve(ports.dynamodb, until(stopped)).await;
            served.map_err(|error| StartError::Server(error.into()))
        });
        Ok(Self { services, dynamodb, stop, servers, _dir: dir })
    }

    /// Returns the address of page and API, as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.services.origin
    }

    /// Returns the address of DynamoDB, as `http://127.0.0.1:8081`.
    #[must_use]
    pub fn dynamodb_url(&self) -> String {
        format!("http://{}", self.dynamodb)
    }

    /// Returns the functions' context.
    #[must_use]
    pub fn app(&self) -> &ApiApp {
        &self.services.app
    }

    /// Returns the control of the clock that all components use.
    #[must_use]
    pub fn manual_clock(&self) -> &ManualClock {
        &self.services.manual_clock
    }

    /// Waits until a server ends by itself, which is an error.
    pub async fn failed(&mut self) -> StartError {
        match self.servers.join_next().await {
            Some(Ok(Err(error))) => error,
            _ => StartError::Server("it ended by itself".into()),
        }
    }

    /// Waits briefly for running requests, and stops.
    ///
    /// # Errors
    /// If a server failed meanwhile.
    pub async fn stop(mut self) -> Result<(), StartError> {
        self.stop.send_replace(true);
        let all = async {
            while let Some(ended) = self.servers.join_next().await {
                ended.map_err(|error| StartError::Server(error.into()))??;
            }
            Ok(())
        };
        // Open connections are closed when the servers are dropped.
        timeout(PATIENCE, all).await.unwrap_or(Ok(()))
    }
}

/// Resolves when the sandbox is to stop.
async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sandbox was dropped.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
