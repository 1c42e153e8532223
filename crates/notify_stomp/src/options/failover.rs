//! Brokers as ActiveMQ's clients write them: `ssl://b1:61614`, and lists such as
//! `failover:(tcp://b1:61613,tcp://b2:61613)?randomize=false`. They are used in the order given, whatever the
//! parameters say.

/// Why a list is not one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FailoverError {
    /// No brackets.
    #[error("--broker={0}: a failover list is written failover:(tcp://b1:61613,tcp://b2:61613), see --help")]
    Form(String),
    /// TLS of which the options know nothing.
    #[error("--broker={0}: add --tls, see --help")]
    NoTls(String),
    /// No TLS where the options ask for it.
    #[error("--broker={0}: with --tls its scheme is ssl, see --help")]
    Tls(String),
}

/// What a list begins with.
const LIST: &str = "failover:";

/// Returns the broker, or the brokers of a list, without the scheme of each.
pub(super) fn parse(given: &str, tls: bool) -> Result<Vec<&str>, FailoverError> {
    let list = given.split_at_checked(LIST.len()).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(LIST));
    let Some((_, rest)) = list else { return Ok(vec![broker(given, tls)?]) };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let list = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let list = list.filter(|(list, after)| !list.is_empty() && (after.is_empty() || after.starts_with('?')));
    let (list, _) = list.ok_or_else(|| FailoverError::Form(excerpt(given)))?;
    list.split(',').map(|one| broker(one.trim(), tls)).collect()
}

/// Takes the scheme off, whatever its case. One that asks for TLS is never lost in silence.
fn broker(one: &str, tls: bool) -> Result<&str, FailoverError> {
    let Some((scheme, rest)) = one.split_once("://") else { return without_slashes(one, tls) };
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match scheme.to_ascii_lowercase().as_str() {
        scheme if is_secure(scheme) && !tls => Err(FailoverError::NoTls(excerpt(one))),
        "tcp" | "stomp" if tls => Err(FailoverError::Tls(excerpt(one))),
        "tcp" | "stomp" | "ssl" | "stomp+ssl" => Ok(rest),
        // HostPort names what is wrong with it.
        _ => Ok(one),
    }
}

/// A broker without a scheme, unless it begins as in `ssl:b1`. A host may be called ssl.
fn without_slashes(one: &str, tls: bool) -> Result<&str, FailoverError> {
    match one.split_once(':') {
        Some((scheme, rest)) if !tls && is_secure(&scheme.to_ascii_lowercase()) && !is_port(rest) => {
            Err(FailoverError::NoTls(excerpt(one)))
        }
        _ => Ok(one),
    }
}

/// Whether a scheme in lower case stands for TLS.
fn is_secure(scheme: &str) -> bool {
    matches!(scheme, "https" | "stomps" | "wss")
        || scheme.split('+').any(|part| matches!(part, "ssl" | "tls"))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}

/// The beginning of what was given, for a message. Parameters are left out: ActiveMQ's may hold a password.
pub(super) fn excerpt(given: &str) -> String {
    given.split('?').next().unwrap_or_default().chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_their_order() {
        let form = |given: &str| Err(FailoverError::Form(given.to_owned()));
        let no_tls = |given: &str| Err(FailoverError::NoTls(given.to_owned()));
        let rows = [
            ("b1", false, Ok(vec!["b1"])),
            ("failover:(tcp://b1:1,stomp://b2)", false, Ok(vec!["b1:1", "b2"])),
            ("failover://(b1, b2)?randomize=true&a=(b)", false, Ok(vec!["b1", "b2"])),
            ("failover:(ssl://b1?x=1,stomp+ssl://[2001:db8::1]:2)", true, Ok(vec!["b1", "[2001:db8::1]:2"])),
            ("failover:(http://b1)", false, Ok(vec!["http://b1"])),
            ("failover:(ssl://b1)", false, no_tls("ssl://b1")),
            ("failover:(ssl:b1)", false, no_tls("ssl:b1")),
            ("failover:(tcp://b1)", true, Err(FailoverError::Tls("tcp://b1".to_owned()))),
            ("failover:", false, form("failover:")),
            ("failover:()", false, form("failover:()")),
            ("failover:b1,b2", false, form("failover:b1,b2")),
            ("failover:(b1", false, form("failover:(b1")),
            ("failover:(b1)x", false, form("failover:(b1)x")),
            ("Failover:(SSL://b1)", false, no_tls("SSL://b1")),
            ("FAILOVER:(TCP://b1)", false, Ok(vec!["b1"])),
        ];
        for (given, tls, expected) in rows {
            assert_eq!(parse(given, tls), expected, "{given}");
        }
    }

    /// Whoever writes a scheme of TLS is never told to leave it out, nor sent on without TLS.
    #[test]
    fn a_scheme_of_tls_needs_tls() {
        let secure =
            ["ssl", "SSL", "tls", "stomp+ssl", "Stomp+TLS", "stomp+nio+ssl", "auto+ssl", "stomps", "wss"];
        for given in
            secure.iter().flat_map(|scheme| ["://b1:1?a=b", ":b1:1", ":b1"].map(|b1| format!("{scheme}{b1}")))
        {
            let shown = given.split('?').next().unwrap_or_default().to_owned();
            assert_eq!(parse(&given, false), Err(FailoverError::NoTls(shown)), "{given}");
        }
        let rows = [
            ("tcp://b1:1?keepAlive=true", false, Ok(vec!["b1:1"])),
            ("STOMP://b1", false, Ok(vec!["b1"])),
            ("ssl://b1:2", true, Ok(vec!["b1:2"])),
            ("Stomp+SSL://[2001:db8::1]:2", true, Ok(vec!["[2001:db8::1]:2"])),
            ("tcp://b1", true, Err(FailoverError::Tls("tcp://b1".to_owned()))),
            // A host of that name.
            ("ssl", false, Ok(vec!["ssl"])),
            ("ssl:61613", false, Ok(vec!["ssl:61613"])),
            // HostPort refuses these, and names what is wrong.
            ("stomp+nio://b1", false, Ok(vec!["stomp+nio://b1"])),
            ("b1?a=b", false, Ok(vec!["b1?a=b"])),
        ];
        for (given, tls, expected) in rows {
            assert_eq!(parse(given, tls), expected, "{given}");
        }
    }
}
