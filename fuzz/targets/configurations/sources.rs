//! The names of `--from`: those that are taken are those that are listed, and each reads back.

use host_config::{Origin, Source};

pub(crate) fn run(text: &str) {
    let known = Source::ALL.iter().any(|source| source.name() == text);
    assert_eq!(text.parse::<Source>().is_ok(), known);
    match text.parse::<Origin>() {
        Ok(origin) => assert_eq!(origin.to_string(), text),
        Err(error) => {
            assert!(!known && text != "auto" && error.to_string().ends_with("auto for all of them"))
        }
    }
}
