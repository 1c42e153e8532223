//! The options of the broker and of the spool.

use std::path::PathBuf;
use std::time::Duration;

use net::tls::{Client, Settings, TlsError};
use net::{HostPort, InvalidHost};
use plugin::{Deadline, Seconds};

/// The ports of STOMP, without and with TLS, unless a broker is named with another.
const PORTS: (u16, u16) = (61613, 61614);

/// Which broker, as whom, and where there. What is wrong here is found by the run itself and not by the
/// parser of the command line: an event must be in the spool first.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Broker")]
pub struct Target {
    /// Broker to publish to: broker.example.com or 192.0.2.5:61613. Repeatable: the first that accepts the
    /// connection is used. Default port: 61613, with --tls 61614
    #[arg(long, value_name = "HOST[:PORT]")]
    pub broker: Vec<String>,
    /// Destination of the events: /topic/nagios, /queue/nagios or /exchange/NAME/KEY
    #[arg(long, value_name = "NAME")]
    pub destination: Option<String>,
    /// User to log in as
    #[arg(long, value_name = "USER")]
    pub login: Option<String>,
    /// Password of the user; accepted only from --extra-opts, because every user can read a command line
    #[arg(long, value_name = "SECRET")]
    pub passcode: Option<String>,
    /// Virtual host, which RabbitMQ requires and ActiveMQ ignores
    #[arg(long, value_name = "NAME", default_value = "/")]
    pub vhost: String,
    /// Do not ask the broker to keep events across its own restart
    #[arg(long)]
    pub not_persistent: bool,
    /// Use TLS and verify the certificate of the broker
    #[arg(long)]
    pub tls: bool,
    /// PEM file of the certificate authorities to trust. Default: those of the system
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
}

/// What is wrong with the options of the broker. Each message names the option.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No broker is named.
    #[error("no broker: name it by --broker, as in --broker=127.0.0.1")]
    NoBroker,
    /// A value of --broker is not a host and port.
    #[error("--broker={}: {why}", excerpt(.given))]
    Broker {
        /// What was given.
        given: String,
        /// What is wrong with it.
        why: InvalidHost,
    },
    /// A file of authorities without TLS would be ignored.
    #[error("--tls-ca has no effect without --tls: add --tls")]
    CaWithoutTls,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A text that would end its line in the protocol.
    #[error("{0} has a line end, which STOMP cannot send")]
    LineEnd(&'static str),
}

/// How to reach the brokers: options in which nothing is wrong.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    /// As whom, and where there.
    pub(crate) target: &'a Target,
    /// The brokers in their order, each with the port to connect to.
    pub(crate) brokers: Vec<(HostPort, u16)>,
    /// TLS, if it is asked for.
    pub(crate) tls: Option<Client>,
}

impl Target {
    /// Validates the options and reads the files that they name.
    ///
    /// # Errors
    /// [`TargetError`]: what is wrong with them.
    pub(crate) fn route(&self, deadline: &Deadline) -> Result<Route<'_>, TargetError> {
        let default = if self.tls { PORTS.1 } else { PORTS.0 };
        let broker = |given: &String| {
            let broker =
                given.parse::<HostPort>().map_err(|why| TargetError::Broker { given: given.clone(), why })?;
            let port = broker.port_or(default);
            Ok((broker, port))
        };
        let brokers = self.broker.iter().map(broker).collect::<Result<Vec<_>, TargetError>>()?;
        if brokers.is_empty() {
            return Err(TargetError::NoBroker);
        }
        let texts = [
            ("--login", self.login.as_deref()),
            ("--passcode", self.passcode.as_deref()),
            ("--vhost", Some(&*self.vhost)),
        ];
        if let Some((option, _)) =
            texts.iter().find(|(_, text)| text.is_some_and(|text| text.contains(['\n', '\r', '\0'])))
        {
            return Err(TargetError::LineEnd(option));
        }
        if self.tls_ca.is_some() && !self.tls {
            return Err(TargetError::CaWithoutTls);
        }
        let settings = Settings { authorities: self.tls_ca.clone(), ..Settings::default() };
        let tls = self.tls.then(|| settings.load(deadline)).transpose()?;
        Ok(Route { target: self, brokers, tls })
    }
}

/// The beginning of what was given, for a message.
fn excerpt(given: &str) -> String {
    given.chars().take(60).collect()
}

/// Where events wait that no broker has confirmed, and how many.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Spool")]
pub struct SpoolOptions {
    /// Directory in which events wait until the broker confirms receipt: on a local disk, one directory per
    /// destination
    #[arg(long, value_name = "FOLDER", default_value = "/var/spool/notify_stomp")]
    pub spool: PathBuf,
    /// Maximum size of the waiting events, in MiB: above it the oldest are dropped, which is CRITICAL
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub spool_size: u64,
    /// Drop events that have waited longer than this many days and still cannot be sent, which is CRITICAL
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = clap::value_parser!(u64).range(1..=3650))]
    pub spool_age: u64,
    /// Only spool events for this long after no broker answered, so that Nagios does not wait for each event
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

    fn route(target: &Target) -> Result<Vec<(String, u16)>, String> {
        let deadline = Deadline::after(Duration::from_secs(8));
        let route = target.route(&deadline).map_err(|error| error.to_string())?;
        Ok(route.brokers.iter().map(|(broker, port)| (broker.to_string(), *port)).collect())
    }

    #[test]
    fn brokers_are_hosts_with_or_without_a_port() {
        let target = Target {
            broker: vec!["b.example.com".to_owned(), "[2001:db8::1]:1".to_owned()],
            ..Target::default()
        };
        assert_eq!(
            route(&target),
            Ok(vec![("b.example.com".to_owned(), 61613), ("[2001:db8::1]:1".to_owned(), 1)])
        );
        for broker in [
            "",
            ":61613",
            "a:",
            "a:0",
            "a:65536",
            "a:x",
            "127.0.0.1:+1",
            "a:1:2",
            "ex;ample:1",
            "[localhost]:1",
            "a b",
            "192.0.2.300",
        ] {
            let target =
                Target { broker: vec!["b.example.com".to_owned(), broker.to_owned()], ..Target::default() };
            let error = route(&target).unwrap_err();
            assert!(error.starts_with(&format!("--broker={broker}: ")), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let named = Target { broker: vec!["127.0.0.1".to_owned()], ..Target::default() };
        let with = |change: fn(&mut Target)| {
            let mut target = named.clone();
            change(&mut target);
            route(&target).unwrap_err()
        };
        assert_eq!(
            route(&Target::default()),
            Err("no broker: name it by --broker, as in --broker=127.0.0.1".to_owned())
        );
        assert_eq!(
            with(|target| target.tls_ca = Some("/ca.pem".into())),
            "--tls-ca has no effect without --tls: add --tls"
        );
        assert_eq!(
            with(|target| target.login = Some("a\nb".to_owned())),
            "--login has a line end, which STOMP cannot send"
        );
        assert_eq!(
            with(|target| target.passcode = Some("a\rb".to_owned())),
            "--passcode has a line end, which STOMP cannot send"
        );
        assert_eq!(
            with(|target| target.vhost = "\n".to_owned()),
            "--vhost has a line end, which STOMP cannot send"
        );
        let missing = with(|target| (target.tls, target.tls_ca) = (true, Some("/nonexistent/ca.pem".into())));
        assert_eq!(missing, "reading /nonexistent/ca.pem: no such file or directory");
    }
}
