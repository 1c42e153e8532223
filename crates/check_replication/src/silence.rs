//! What is said of a source from which nothing comes.

use crate::liveness::Silence;

/// Says that a source sends no heartbeats; one that was asked too answers, and is not frozen.
pub(crate) fn silence_of(silence: &Silence, asked: Option<&str>) -> String {
    let Silence { seconds, period, .. } = silence;
    let why = match asked {
        Some(source) => format!("{source} answers this check, perhaps the network between them is cut"),
        None => "frozen source, or the network is cut".to_owned(),
    };
    format!("source silent for {seconds:.1} s, heartbeat due each {period} s: {why}")
}

/// Says that a thread connects without an error: the error log of its replica alone tells why.
pub(crate) fn connecting(asked: Option<&str>) -> String {
    let why = match asked {
        Some(source) => format!("{source} answers this check: perhaps a cut network"),
        None => "perhaps a frozen source, a cut network".to_owned(),
    };
    format!(
        "IO thread connecting, no error: {why}, a binary log that the source cannot open, \
         or a replica with the same server id: see the error log of the replica"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_answers_this_check_is_not_frozen() {
        let silence = Silence { channel: String::new(), seconds: 3.25, period: 2.0 };
        let start = "source silent for 3.2 s, heartbeat due each 2 s: ";
        for (asked, why) in [
            (None, "frozen source, or the network is cut"),
            (Some("db-01"), "db-01 answers this check, perhaps the network between them is cut"),
        ] {
            assert_eq!(silence_of(&silence, asked), format!("{start}{why}"));
        }
        let rest = "a binary log that the source cannot open, or a replica with the same server id: see the error log of the replica";
        for (asked, why) in [
            (None, "perhaps a frozen source, a cut network"),
            (Some("db-01"), "db-01 answers this check: perhaps a cut network"),
        ] {
            let line = format!("IO thread connecting, no error: {why}, {rest}");
            assert_eq!(connecting(asked), line);
        }
    }
}
