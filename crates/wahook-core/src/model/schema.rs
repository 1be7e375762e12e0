//! JSON Schema and TypeScript of the event model, generated from its types.
//!
//! Both describe what is written, and leave room for what a later release of version 1 may add: further fields are
//! allowed everywhere, sets of words are open, and `data` of an unknown kind is any object.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
};

use schemars::{Schema, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{Kind, SCHEMA, form::Form, kind};

/// The JSON Schema (draft 2020-12) of one event, as one object.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let kinds: Vec<Value> = kind::rows(&mut generator)
        .into_iter()
        .map(|(kind, data)| {
            json!({
                "if": { "properties": { "kind": { "const": kind } } },
                "then": { "properties": { "data": data } },
            })
        })
        .collect();
    let mut schema = generator.into_root_schema_for::<Form<'_>>();
    schema.insert("title".to_owned(), SCHEMA.into());
    schema.insert("allOf".to_owned(), kinds.into());
    if let Some(data) = schema
        .pointer_mut("/properties/data")
        .and_then(Value::as_object_mut)
    {
        data.insert("type".to_owned(), "object".into());
    }
    let mut schema = schema.to_value();
    if let Some(content) = schema
        .pointer_mut("/$defs/Content")
        .and_then(Value::as_object_mut)
    {
        open(content);
    }
    tidy(schema)
}

/// A set of words: a text, with the words of this release as examples.
pub(crate) fn words(known: impl Iterator<Item = &'static str>, documented: &Schema) -> Schema {
    let mut schema = json_schema!({ "type": "string", "examples": known.collect::<Vec<_>>() });
    if let Some(description) = documented.get("description") {
        schema.insert("description".to_owned(), description.clone());
    }
    schema
}

/// Lets a `type` of a later release pass: those of this one must still be what they say.
fn open(content: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = content.get_mut("oneOf") else {
        return;
    };
    let known: Vec<Value> = variants.iter().filter_map(tag).collect();
    variants.push(json!({
        "description": "A type of a later release.",
        "type": "object",
        "properties": { "type": { "type": "string", "not": { "enum": known } } },
        "required": ["type"],
    }));
}

fn tag(variant: &Value) -> Option<Value> {
    variant.pointer("/properties/type/const").cloned()
}

/// Without defaults, which tell how we read, and with members in the order of the alphabet, whatever features of
/// `serde_json` a build has.
fn tidy(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let sorted: BTreeMap<String, Value> = members.into_iter().collect();
            sorted
                .into_iter()
                .filter(|(name, _)| name != "default")
                .map(|(name, value)| (name, tidy(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(tidy).collect(),
        scalar => scalar,
    }
}

/// TypeScript declarations of one event and all its parts, as one file.
#[must_use]
pub fn typescript() -> String {
    let schema = json_schema();
    let mut out = String::new();
    // Writing to a `String` does not fail.
    let _ = write_typescript(&schema, &mut out);
    out
}

fn write_typescript(schema: &Value, out: &mut String) -> fmt::Result {
    writeln!(out, "// {SCHEMA}: generated from the Rust types; do not edit.\n")?;
    writeln!(
        out,
        "/**\n * One event; its `kind` tells what its `data` is.\n *\n * A later release of version 1 may add kinds, \
         content types, fields and words: keep a `default` branch.\n */\nexport type Event ="
    )?;
    for kind in Kind::ALL {
        let data = schema
            .pointer("/allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find(|rule| {
                rule.pointer("/if/properties/kind/const").and_then(Value::as_str) == Some(kind.as_str())
            })
            .and_then(|rule| rule.pointer("/then/properties/data"))
            .map_or_else(|| "unknown".to_owned(), type_of);
        let end = if Some(kind) == Kind::ALL.last() { ";" } else { "" };
        writeln!(out, "  | (EventBase & {{ kind: \"{kind}\"; data: {data} }}){end}")?;
    }
    writeln!(out, "\n/** The event of one kind. */")?;
    writeln!(
        out,
        "export type EventOf<K extends Event[\"kind\"]> = Extract<Event, {{ kind: K }}>;"
    )?;
    writeln!(out, "\n/** What every event has. */")?;
    write_interface("EventBase", schema, &["kind", "data"], out)?;
    let definitions = schema.get("$defs").and_then(Value::as_object);
    for (name, definition) in definitions.into_iter().flatten() {
        // An event's `kind` and `data` are written above.
        writeln!(out)?;
        write_comment("", definition, out)?;
        if let Some(Value::Array(variants)) = definition.get("oneOf") {
            writeln!(out, "export type {name} =")?;
            let mut variants = variants
                .iter()
                .filter(|variant| tag(variant).is_some())
                .peekable();
            while let Some(variant) = variants.next() {
                let tag = tag(variant).unwrap_or_default();
                let end = if variants.peek().is_none() { ";" } else { "" };
                writeln!(out, "  | ({} & {{ type: {tag} }}){end}", type_of(variant))?;
            }
        } else if definition.get("type").and_then(Value::as_str) == Some("object") {
            write_interface(name, definition, &[], out)?;
        } else {
            writeln!(out, "export type {name} = {};", type_of(definition))?;
        }
    }
    Ok(())
}

fn write_interface(name: &str, schema: &Value, without: &[&str], out: &mut String) -> fmt::Result {
    let none = Map::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    // `required` has the order of the declaration, `properties` that of the alphabet.
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let optional = properties
        .keys()
        .map(String::as_str)
        .filter(|name| !required.contains(name));
    writeln!(out, "export interface {name} {{")?;
    for property in required.iter().copied().chain(optional) {
        let Some(schema) = properties.get(property).filter(|_| !without.contains(&property)) else {
            continue;
        };
        write_comment("  ", schema, out)?;
        let mark = if required.contains(&property) { "" } else { "?" };
        writeln!(out, "  {property}{mark}: {};", type_of(schema))?;
    }
    writeln!(out, "}}")
}

fn write_comment(indent: &str, schema: &Value, out: &mut String) -> fmt::Result {
    let Some(text) = schema.get("description").and_then(Value::as_str) else {
        return Ok(());
    };
    // An example in a Rust comment is no use here, and its paragraph is the last.
    let text = text.split("\n\n```").next().unwrap_or_default();
    if !text.contains('\n') {
        return writeln!(out, "{indent}/** {text} */");
    }
    writeln!(out, "{indent}/**")?;
    for line in text.lines() {
        writeln!(out, "{}", format!("{indent} * {line}").trim_end())?;
    }
    writeln!(out, "{indent} */")
}

/// The TypeScript type of a schema, in the few forms that the model has.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" | ");
    }
    if let Some(Value::Array(known)) = schema.get("examples") {
        let known: Vec<String> = known.iter().map(Value::to_string).collect();
        return format!("{} | (string & {{}})", known.join(" | "));
    }
    match schema.get("type") {
        Some(Value::Array(types)) => types
            .iter()
            .map(|name| scalar(name, schema))
            .collect::<Vec<_>>()
            .join(" | "),
        Some(name) => scalar(name, schema),
        None => "unknown".to_owned(),
    }
}

fn scalar(name: &Value, schema: &Value) -> String {
    match name.as_str() {
        Some("string") => "string".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => format!(
            "{}[]",
            schema.get("items").map_or_else(|| "unknown".to_owned(), type_of)
        ),
        Some("object") => "{ [key: string]: unknown }".to_owned(),
        _ => "unknown".to_owned(),
    }
}
