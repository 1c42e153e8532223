//! Events of a monitor: what parses prints as it was given, but for zeros before an attempt, and the attempt
//! of a hard state.

use handle_ip_rebind::Event;

pub(crate) fn run(text: &str) {
    if let Ok(event) = text.parse::<Event>() {
        let printed = event.to_string();
        assert_eq!(printed.parse(), Ok(event), "{printed} does not read back");
        let given = match text.split_once("-HARD-") {
            Some((state, _)) => format!("{state}-HARD"),
            None => text.replace("-00", "-").replace("-0", "-"),
        };
        assert_eq!(printed, given, "{text:?}");
    }
}
