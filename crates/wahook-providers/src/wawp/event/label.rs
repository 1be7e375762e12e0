//! `label.upsert`, `label.deleted`, `label.chat.added`, `label.chat.deleted`.

use wahook_core::json::Text;

use super::object::object;

object! {
    /// A label, flat or nested, or its place on a chat.
    pub struct LabelEvent {
        /// The label's id, where the label is flat.
        id: Option<Text> = "id",
        /// Its name, where the label is flat; may be empty when it is deleted.
        name: Option<Text> = "name",
        /// Its colour, where the label is flat: 0 to 19, or `#rrggbb`.
        color: Option<Text> = "color",
        /// Its colour as `#rrggbb`, where the label is flat.
        color_hex: Option<Text> = "colorHex",
        /// The label, where it is nested.
        label: Option<Box<Label>> = "label",
        /// The label's id, in events of a chat.
        label_id: Option<Text> = "labelId",
        /// The chat.
        chat_id: Option<Text> = "chatId",
    }
}

object! {
    /// A label.
    pub struct Label {
        /// Its id.
        id: Option<Text> = "id",
        /// Its name.
        name: Option<Text> = "name",
        /// Its colour: 0 to 19, or `#rrggbb`.
        color: Option<Text> = "color",
        /// Its colour as `#rrggbb`.
        color_hex: Option<Text> = "colorHex",
    }
}
