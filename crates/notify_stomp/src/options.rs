//! The options of the broker and of the spool.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use plugin::Seconds;

/// The ports that brokers listen on for STOMP, without and with TLS, unless told otherwise.
const PORTS: (u16, u16) = (61613, 61614);

/// Which broker, as whom, and where there.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Broker")]
pub struct Target {
    /// The broker. Repeatable: the first that takes the connection is used. Default port: 61613, with --tls 61614
    #[arg(long, value_name = "HOST[:PORT]")]
    pub broker: Vec<Broker>,
    /// Where events go, as in /topic/nagios, /queue/nagios or /exchange/NAME/KEY
    #[arg(long, value_name = "NAME")]
    pub destination: Option<String>,
    /// The user
    #[arg(long, value_name = "USER")]
    pub login: Option<String>,
    /// The user's password; only by --extra-opts, since everybody can read a command line
    #[arg(long, value_name = "SECRET")]
    pub passcode: Option<String>,
    /// The virtual host that RabbitMQ wants and ActiveMQ ignores
    #[arg(long, value_name = "NAME", default_value = "/")]
    pub vhost: String,
    /// Do not ask the broker to keep events over its own restart
    #[arg(long)]
    pub not_persistent: bool,
    /// Encrypt, and verify the broker's certificate
    #[arg(long)]
    pub tls: bool,
    /// The authorities that may have signed it, in PEM. Default: those of the system
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub tls_ca: Option<PathBuf>,
}

/// A broker's place as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// A name or an address.
    pub host: String,
    /// The port, if one was given.
    pub port: Option<u16>,
}

/// Why a text is no [`Broker`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no HOST, HOST:PORT or [ADDRESS]:PORT")]
pub struct InvalidBroker(String);

impl FromStr for Broker {
    type Err = InvalidBroker;

    fn from_str(text: &str) -> Result<Self, InvalidBroker> {
        let invalid = || InvalidBroker(text.to_owned());
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']').ok_or_else(invalid)?;
                (host, behind.strip_prefix(':').or(behind.is_empty().then_some("")).ok_or_else(invalid)?)
            }
            // More than one colon: an IPv6 address without a port.
            None => text.split_once(':').filter(|(_, port)| !port.contains(':')).unwrap_or((text, "")),
        };
        let port = match port {
            "" if text.ends_with(':') && !text.contains("::") => return Err(invalid()),
            "" => None,
            digits => Some(digits.parse().ok().filter(|port| *port != 0).ok_or_else(invalid)?),
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(invalid());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl Broker {
    /// The port to connect to.
    pub fn port(&self, tls: bool) -> u16 {
        self.port.unwrap_or(if tls { PORTS.1 } else { PORTS.0 })
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// Where events wait that no broker has confirmed, and how many.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Spool")]
pub struct SpoolOptions {
    /// The folder where events wait until they are confirmed: one for each destination, on a local disk
    #[arg(long, value_name = "FOLDER", default_value = "/var/spool/notify_stomp")]
    pub spool: PathBuf,
    /// The most that may wait there, in MiB: beyond it the oldest are dropped, which is reported
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub spool_size: u64,
    /// Drop what has waited for more days than this and still cannot be sent
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = clap::value_parser!(u64).range(1..=3650))]
    pub spool_age: u64,
    /// After a broker did not answer at all, events are only spooled for this many seconds, so that Nagios does not wait for each
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = Seconds::within(0.0..=86_400.0))]
    pub retry: Seconds,
}

impl SpoolOptions {
    /// The most octets that may wait.
    pub fn most_octets(&self) -> u64 {
        self.spool_size << 20
    }

    /// How long they may wait.
    pub fn longest_wait(&self) -> Duration {
        Duration::from_secs(self.spool_age * 86_400)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_a_host_with_or_without_a_port() {
        let rows = [
            ("broker.example.com", Some(("broker.example.com", None))),
            ("broker.example.com:61613", Some(("broker.example.com", Some(61613)))),
            ("192.0.2.1:1", Some(("192.0.2.1", Some(1)))),
            ("[2001:db8::1]:61614", Some(("2001:db8::1", Some(61614)))),
            ("[2001:db8::1]", Some(("2001:db8::1", None))),
            ("2001:db8::1", Some(("2001:db8::1", None))),
            ("2001:db8::", Some(("2001:db8::", None))),
            ("", None),
            (":61613", None),
            ("a:", None),
            ("a:0", None),
            ("a:65536", None),
            ("a:x", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]61613", None),
            ("a b", None),
        ];
        for (text, expected) in rows {
            let broker = text.parse::<Broker>().ok();
            let seen = broker.as_ref().map(|broker| (broker.host.as_str(), broker.port));
            assert_eq!(seen, expected, "{text:?}");
        }
        assert_eq!("[2001:db8::1]:1".parse::<Broker>().unwrap().to_string(), "[2001:db8::1]:1");
    }
}
