//! The parts of a SAM template that are read, in the template's own words.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{TableDefinition, TemplateError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Document {
    pub(crate) resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(tag = "Type")]
pub(crate) enum Resource {
    #[serde(rename = "AWS::Serverless::Function")]
    Function(Function),
    #[serde(rename = "AWS::Serverless::HttpApi")]
    Api(IgnoredAny),
    #[serde(rename = "AWS::DynamoDB::Table")]
    Table(Table),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Function {
    metadata: Option<Metadata>,
    properties: FunctionProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    build_properties: Option<BuildProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BuildProperties {
    binary: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionProperties {
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
#[serde(tag = "Type")]
enum Event {
    HttpApi {
        #[serde(rename = "Properties")]
        properties: HttpEvent,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HttpEvent {
    pub(crate) path: String,
    pub(crate) method: String,
    auth: Option<EventAuth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventAuth {
    authorizer: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Table {
    properties: TableProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TableProperties {
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

impl Document {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        serde_saphyr::from_str(text).map_err(|error| TemplateError::Unreadable(error.to_string()))
    }

    /// The APIs, of which nothing is read.
    pub(crate) fn apis(&self) -> impl Iterator<Item = ()> {
        self.resources.values().filter_map(|resource| match resource {
            Resource::Api(_) => Some(()),
            _ => None,
        })
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = TableDefinition> {
        self.resources.values().filter_map(|resource| match resource {
            Resource::Table(table) => Some(table.definition()),
            _ => None,
        })
    }
}

impl Function {
    pub(crate) fn binary(&self) -> Option<&str> {
        self.metadata.as_ref()?.build_properties.as_ref()?.binary.as_deref()
    }

    /// The events that are routes of the API, by their names.
    pub(crate) fn http_events(&self) -> impl Iterator<Item = (&str, &HttpEvent)> {
        self.properties.events.iter().filter_map(|(name, event)| match event {
            Event::HttpApi { properties } => Some((name.as_str(), properties)),
            Event::Other => None,
        })
    }
}

impl HttpEvent {
    /// Returns whether the event names an authorizer.
    pub(crate) fn authorized(&self) -> bool {
        self.auth.as_ref().is_some_and(|auth| auth.authorizer.is_some())
    }
}

impl Table {
    fn definition(&self) -> TableDefinition {
        let properties = &self.properties;
        let attributes = properties.attribute_definitions.iter();
        let keys = properties.key_schema.iter();
        let time_to_live = properties.time_to_live_specification.as_ref();
        TableDefinition {
            attributes: attributes
                .map(|a| (a.attribute_name.clone(), a.attribute_type.clone()))
                .collect(),
            keys: keys.map(|k| (k.attribute_name.clone(), k.key_type.clone())).collect(),
            time_to_live: time_to_live
                .filter(|ttl| ttl.enabled)
                .map(|ttl| ttl.attribute_name.clone()),
        }
    }
}
