//! Lists of brokers as ActiveMQ's clients write them:
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

/// Returns the brokers of a list, without the scheme of each. `None` if it is none.
pub(super) fn parse(given: &str, tls: bool) -> Result<Option<Vec<&str>>, FailoverError> {
    let Some(rest) = given.strip_prefix("failover:") else { return Ok(None) };
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let list = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let list = list.filter(|(list, after)| !list.is_empty() && (after.is_empty() || after.starts_with('?')));
    let (list, _) = list.ok_or_else(|| FailoverError::Form(excerpt(given)))?;
    list.split(',').map(|one| broker(one.trim(), tls)).collect::<Result<_, _>>().map(Some)
}

fn broker(one: &str, tls: bool) -> Result<&str, FailoverError> {
    let (scheme, rest) = one.split_once("://").unwrap_or(("", one));
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    match scheme {
        "ssl" | "stomp+ssl" if !tls => Err(FailoverError::NoTls(excerpt(one))),
        "tcp" | "stomp" if tls => Err(FailoverError::Tls(excerpt(one))),
        "" | "tcp" | "stomp" | "ssl" | "stomp+ssl" => Ok(rest),
        // HostPort names what is wrong with it.
        _ => Ok(one),
    }
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
        let rows = [
            ("b1", false, Ok(None)),
            ("failover:(tcp://b1:1,stomp://b2)", false, Ok(Some(vec!["b1:1", "b2"]))),
            ("failover://(b1, b2)?randomize=true&a=(b)", false, Ok(Some(vec!["b1", "b2"]))),
            (
                "failover:(ssl://b1?x=1,stomp+ssl://[2001:db8::1]:2)",
                true,
                Ok(Some(vec!["b1", "[2001:db8::1]:2"])),
            ),
            ("failover:(http://b1)", false, Ok(Some(vec!["http://b1"]))),
            ("failover:(ssl://b1)", false, Err(FailoverError::NoTls("ssl://b1".to_owned()))),
            ("failover:(tcp://b1)", true, Err(FailoverError::Tls("tcp://b1".to_owned()))),
            ("failover:", false, form("failover:")),
            ("failover:()", false, form("failover:()")),
            ("failover:b1,b2", false, form("failover:b1,b2")),
            ("failover:(b1", false, form("failover:(b1")),
            ("failover:(b1)x", false, form("failover:(b1)x")),
        ];
        for (given, tls, expected) in rows {
            assert_eq!(parse(given, tls), expected, "{given}");
        }
    }
}
