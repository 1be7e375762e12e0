//! `schema/`: the event model as JSON Schema and as TypeScript, made from the Rust types.

use std::fs;

use wahook_core::model::schema;

use crate::{
    cargo,
    readme::Mode,
    step::{Done, Failure, Outcome},
};

pub(crate) fn run(mode: Mode) -> Outcome {
    let json = serde_json::to_string_pretty(&schema::json_schema())
        .map_err(|error| Failure::new(format!("the schema is no JSON: {error}")))?;
    let files = [
        ("wahook.event.v1.schema.json", json + "\n"),
        ("wahook.event.v1.d.ts", schema::typescript()),
    ];
    let folder = cargo::root().join("schema");
    let mut renewed = Vec::new();
    for (name, wanted) in files {
        let path = folder.join(name);
        if fs::read_to_string(&path).unwrap_or_default() == wanted {
            continue;
        }
        if mode == Mode::Check {
            return Err(Failure::new(format!(
                "schema/{name} is out of date: `cargo xtask schema` renews it"
            )));
        }
        fs::create_dir_all(&folder)?;
        fs::write(path, wanted)?;
        renewed.push(name);
    }
    Ok(if renewed.is_empty() {
        Done::Ok
    } else {
        Done::Said(format!("renewed {}", renewed.join(", ")))
    })
}
