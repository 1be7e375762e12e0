//! The few lines of a vCard that the model wants.

use wahook_core::model::Contact;

/// Reads the name and the numbers of a card; the card itself is kept whole.
pub(super) fn contact(card: String) -> Contact {
    let mut contact = Contact::default();
    for line in card.lines() {
        let Some((property, value)) = line.split_once(':') else {
            continue;
        };
        // `item1.TEL;type=CELL;waid=15550000002:+1 555 000 0002`
        let name = property.split(';').next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        if name.eq_ignore_ascii_case("FN") && contact.name.is_none() {
            contact.name = Some(value.into());
        } else if name.eq_ignore_ascii_case("TEL") {
            contact.phones.push(value.into());
        }
    }
    contact.vcard = Some(card.into());
    contact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_gives_name_and_numbers() {
        let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN;CHARSET=UTF-8:Ana\r\nitem1.TEL;waid=15550000003:+1 555 000 0003\r\nTEL:\r\nEND:VCARD";
        let contact = contact(card.to_owned());
        assert_eq!(contact.name.as_deref(), Some("Ana"));
        assert_eq!(contact.phones, ["+1 555 000 0003"]);
        assert_eq!(contact.vcard.as_deref(), Some(card));
    }
}
