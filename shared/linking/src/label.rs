//! The owner's own name for a link.

use serde::Deserialize;
use types::Malformed;

const MAX_CHARS: usize = 64;

/// 1 to 64 characters, no control characters, no white space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Label(String);

impl TryFrom<String> for Label {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let fits = (1..=MAX_CHARS).contains(&text.chars().count());
        if fits && text.trim() == text && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        Err(Malformed(format!(
            "expected a label: 1 to {MAX_CHARS} characters, none of them a control character, \
             and no white space at either end"
        )))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_label(text: &str) -> bool {
        Label::try_from(text.to_owned()).is_ok()
    }

    #[test]
    fn label_has_one_to_sixty_four_characters() {
        assert!(is_label("x"));
        assert!(is_label(&"é".repeat(64)));
        assert!(!is_label(""));
        assert!(!is_label(&"é".repeat(65)));
    }

    #[test]
    fn label_refuses_control_chars() {
        assert!(is_label("my channel, autumn"));
        for text in [" x", "x\u{a0}", "a\nb", "a\u{7f}b", "\u{0}"] {
            assert!(!is_label(text), "{text:?}");
        }
    }
}
