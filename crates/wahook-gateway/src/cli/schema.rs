//! `wahook schema`: what events look like.

use wahook_core::model::schema;

use crate::{Failure, Outcome, output};

/// Prints the JSON Schema of events, or their TypeScript types.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Args {
    /// TypeScript instead of JSON Schema.
    #[arg(long)]
    typescript: bool,
}

pub(super) fn run(args: Args) -> Result<Outcome, Failure> {
    if args.typescript {
        output::text(&schema::typescript())?;
    } else {
        let schema = serde_json::to_string_pretty(&schema::json_schema())
            .map_err(|error| Failure::io(format!("cannot write the schema: {error}")))?;
        output::text(&schema)?;
    }
    Ok(Outcome::Done)
}
