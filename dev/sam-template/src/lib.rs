//! The parts of `template.yaml` that the sandbox and the tests use: the API's routes and the
//! table's definition.
//!
//! They are defined in the template alone, so that the local and the deployed programme cannot
//! diverge. Everything else in the template is ignored.

mod document;
mod route;

use crate::document::{Document, Function, Resource};

pub use route::Route;

const EMBEDDED: &str = include_str!("../../../template.yaml");

/// The routes and the table of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The API's routes, in the order of their paths and methods.
    pub routes: Vec<Route>,
    /// The one table.
    pub table: TableDefinition,
}

/// A DynamoDB table as its resource defines it, but for its stream, which only a deployment has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDefinition {
    /// The attributes that keys are made of, with their type: `S`, `N` or `B`.
    pub attributes: Vec<(String, String)>,
    /// The primary key's attributes, with their role: `HASH` or `RANGE`.
    pub keys: Vec<(String, String)>,
    /// The attribute that holds an item's end, in seconds since 1970.
    pub time_to_live: Option<String>,
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML, or a resource that is read lacks something or has it in another form.
    #[error("the template cannot be read: {0}")]
    Unreadable(String),
    /// A function with routes has no binary, so that it is unknown which code answers them.
    #[error("the function {0} has routes but no Metadata.BuildProperties.Binary")]
    NoBinary(String),
    /// A route that the gateway could not match as API Gateway does.
    #[error("the event {event} of {function} is no route that is known here: {expected}")]
    OddRoute {
        /// The function's logical id.
        function: String,
        /// The event's name.
        event: String,
        /// The expected value.
        expected: &'static str,
    },
    /// Two events claim one route; API Gateway would refuse the deployment.
    #[error("the route {0} is in the template twice")]
    RouteTwice(String),
    /// Not exactly one resource of a type of which there is to be one.
    #[error("expected one {resource}, found {found}")]
    NotOne {
        /// The resource's type.
        resource: &'static str,
        /// How many there are.
        found: usize,
    },
}

impl Template {
    /// Parses a SAM template.
    ///
    /// # Errors
    /// [`TemplateError`] names the missing or malformed part.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = Document::parse(text)?;
        one(document.apis(), "AWS::Serverless::HttpApi")?;
        let table = one(document.tables(), "AWS::DynamoDB::Table")?;
        let mut routes = Vec::new();
        for (id, resource) in &document.resources {
            if let Resource::Function(function) = resource {
                routes.extend(routes_of(id, function)?);
            }
        }
        Ok(Self { routes: ordered(routes)?, table })
    }

    /// The repository's own template, as it was when this was compiled.
    ///
    /// # Errors
    /// As [`Template::parse`]; the tests of this crate read it.
    pub fn embedded() -> Result<Self, TemplateError> {
        Self::parse(EMBEDDED)
    }
}

fn routes_of(id: &str, function: &Function) -> Result<Vec<Route>, TemplateError> {
    let routes = function.http_events().map(|(event, http)| {
        let binary = function.binary().ok_or_else(|| TemplateError::NoBinary(id.to_owned()))?;
        Route::new(binary, &http.method, &http.path, http.authorized()).map_err(|expected| {
            TemplateError::OddRoute { function: id.to_owned(), event: event.to_owned(), expected }
        })
    });
    routes.collect()
}

/// The routes by path and method, each once.
fn ordered(mut routes: Vec<Route>) -> Result<Vec<Route>, TemplateError> {
    routes.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    let twice = routes.array_windows().find(|[a, b]| a.key() == b.key());
    match twice {
        Some([route, _]) => Err(TemplateError::RouteTwice(route.key())),
        None => Ok(routes),
    }
}

fn one<T>(mut found: impl Iterator<Item = T>, resource: &'static str) -> Result<T, TemplateError> {
    let first = found.next();
    match (first, found.count()) {
        (Some(only), 0) => Ok(only),
        (first, rest) => {
            Err(TemplateError::NotOne { resource, found: usize::from(first.is_some()) + rest })
        }
    }
}
