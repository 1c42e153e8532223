//! The options that name what is asked: what is accepted is short enough to be sent, what is refused has a
//! reason of one line.

use check_resolver::question::{Asked, NameOption, Prefix, ZoneOption};

pub(crate) fn run(text: &str) {
    let reasons = [
        text.parse::<NameOption>().err(),
        text.parse::<Asked>().err(),
        text.parse::<ZoneOption>().err(),
        text.parse::<Prefix>().err(),
    ];
    for reason in reasons.iter().flatten() {
        assert!(!reason.to_string().is_empty());
    }
    if let Ok(prefix) = text.parse::<Prefix>() {
        let address = text.split('/').next().and_then(|address| address.parse().ok());
        assert!(address.is_some_and(|address| prefix.contains(address)), "{text}");
    }
}
