//! The options of the broker.

mod failover;

use std::path::PathBuf;

use net::tls::{Client, Identity, Settings, TlsError};
use net::{HostPort, InvalidHost};
use plugin::Deadline;

use crate::destination::{Template, TemplateError};
use failover::excerpt;

/// The ports of STOMP, without and with TLS, unless a broker is named with another.
const PORTS: (u16, u16) = (61613, 61614);

/// Which broker, as whom, and where there. What is wrong here is found by the run itself and not by the
/// parser of the command line: an event must be in the spool first.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Broker")]
pub struct Target {
    /// Broker to publish to: broker.example.com or 192.0.2.5:61613. Repeatable, also as
    /// failover:(tcp://b1,tcp://b2): the first that confirms an event is used, and tried first the next time.
    /// Default port: 61613, with --tls 61614
    #[arg(long, value_name = "HOST[:PORT]")]
    pub broker: Vec<String>,
    /// Destination of the events: /topic/nagios, /queue/nagios or /exchange/NAME/KEY. {monitor}, {kind},
    /// {host}, {service}, {state} and {state_type} stand for the values of the event: /topic/nagios.{state}
    #[arg(long, value_name = "NAME")]
    pub destination: Option<String>,
    /// User to log in as. Default: no login
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
    /// Leave out the header content-length, so that JMS consumers of ActiveMQ get a text message and not
    /// octets
    #[arg(long)]
    pub text_message: bool,
    /// Use TLS and verify the certificate of the broker
    #[arg(long)]
    pub tls: bool,
    /// PEM file of the certificate authorities to trust. Default: those of the system
    #[arg(long, value_name = "FILE")]
    pub tls_ca: Option<PathBuf>,
    /// PEM file of the own certificate, for a broker that asks for one
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// PEM file of the key of that certificate
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

/// What is wrong with the options of the broker. Each message names the option.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No broker is named.
    #[error("no broker: name it by --broker, as in --broker=127.0.0.1, see --help")]
    NoBroker,
    /// A value of --broker is not a host and port.
    #[error("--broker={}: {}, see --help", excerpt(.given), .why.with_port(PORTS.0))]
    Broker {
        /// What was given.
        given: String,
        /// What is wrong with it.
        why: InvalidHost,
    },
    /// It holds a user and perhaps a password, as in the addresses of other programs: no part of it is shown.
    #[error("--broker={0}: write it without user and password, and these as login and passcode, see --help")]
    User(String),
    /// A `failover:` list is not one.
    #[error(transparent)]
    Failover(#[from] failover::FailoverError),
    /// No destination.
    #[error("no destination: name it by --destination, as in --destination=/topic/nagios, see --help")]
    NoDestination,
    /// The destination has a placeholder that is none.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file for TLS without TLS would be ignored.
    #[error("{0} has no effect without --tls: add --tls, see --help")]
    WithoutTls(&'static str),
    /// A certificate without its key, or a key alone.
    #[error("--tls-cert and --tls-key belong together: name both files, see --help")]
    HalfIdentity,
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A text that would end its line in the protocol.
    #[error("{0} has a line end, which STOMP cannot send, see --help")]
    LineEnd(&'static str),
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broker {
    /// As it was named.
    pub(crate) host: HostPort,
    /// The port to connect to.
    pub(crate) port: u16,
}

impl Broker {
    /// Returns the broker as it was named.
    pub(crate) fn name(&self) -> String {
        self.host.to_string()
    }
}

/// How to reach the brokers: options in which nothing is wrong.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    /// As whom, and where there.
    pub(crate) target: &'a Target,
    /// The first broker, and the others in their order.
    pub(crate) brokers: (Broker, Vec<Broker>),
    /// TLS, if it is asked for.
    pub(crate) tls: Option<Client>,
}

impl Route<'_> {
    /// Returns the brokers as they were named.
    pub(crate) fn names(&self) -> String {
        self.all().map(Broker::name).collect::<Vec<String>>().join(", ")
    }
}

impl Target {
    /// Validates the options and reads the files that they name.
    ///
    /// # Errors
    /// [`TargetError`]: what is wrong with them.
    pub(crate) fn route(&self, deadline: &Deadline) -> Result<Route<'_>, TargetError> {
        let mut brokers = Vec::new();
        for given in &self.broker {
            if let Some(shown) = without_user(given) {
                return Err(TargetError::User(shown));
            }
            failover::parse(given, self.tls)?.into_iter().try_for_each(|one| self.add(&mut brokers, one))?;
        }
        let mut brokers = brokers.into_iter();
        let first = brokers.next().ok_or(TargetError::NoBroker)?;
        self.check_line_ends()?;
        let tls = self.tls_settings()?.map(|settings| settings.load(deadline)).transpose()?;
        Ok(Route { target: self, brokers: (first, brokers.collect()), tls })
    }

    fn add(&self, brokers: &mut Vec<Broker>, given: &str) -> Result<(), TargetError> {
        let wrong = |why| TargetError::Broker { given: given.to_owned(), why };
        let host = given.parse::<HostPort>().map_err(wrong)?;
        let port = host.port_or(if self.tls { PORTS.1 } else { PORTS.0 });
        brokers.push(Broker { host, port });
        Ok(())
    }

    fn check_line_ends(&self) -> Result<(), TargetError> {
        let texts = [
            ("--login", self.login.as_deref()),
            ("--passcode", self.passcode.as_deref()),
            ("--vhost", Some(&*self.vhost)),
        ];
        let wrong = texts.iter().find(|(_, text)| text.is_some_and(|text| text.contains(['\n', '\r', '\0'])));
        wrong.map_or(Ok(()), |(option, _)| Err(TargetError::LineEnd(option)))
    }

    /// The settings of TLS: `None` without it.
    fn tls_settings(&self) -> Result<Option<Settings>, TargetError> {
        let files =
            [("--tls-ca", &self.tls_ca), ("--tls-cert", &self.tls_cert), ("--tls-key", &self.tls_key)];
        if let Some((option, _)) = files.iter().find(|(_, file)| file.is_some() && !self.tls) {
            return Err(TargetError::WithoutTls(option));
        }
        let identity = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(Identity { certificate: certificate.clone(), key: key.clone() })
            }
            (None, None) => None,
            _ => return Err(TargetError::HalfIdentity),
        };
        let settings = Settings { authorities: self.tls_ca.clone(), identity, ..Settings::default() };
        Ok(self.tls.then_some(settings))
    }

    /// The destination.
    ///
    /// # Errors
    /// [`TargetError`]: there is none, or it has a placeholder that is none.
    pub(crate) fn template(&self) -> Result<Template<'_>, TargetError> {
        let destination = self.destination.as_deref().filter(|name| !name.is_empty());
        Ok(Template::parse(destination.ok_or(TargetError::NoDestination)?)?)
    }

    /// Whether login or passcode has a backslash.
    pub(crate) fn has_backslash(&self) -> bool {
        [&self.login, &self.passcode].into_iter().flatten().any(|text| text.contains('\\'))
    }
}

/// The schemes that brokers are named with. Anything else before `://` may be a part of a password.
const SCHEMES: [&str; 4] = ["tcp", "ssl", "stomp", "stomp+ssl"];

/// Returns what is shown of a broker with a user before an `@`. `None` if it has none.
fn without_user(given: &str) -> Option<String> {
    let (_, host) = given.rsplit_once('@')?;
    let scheme = given.split_once("://").map(|(scheme, _)| scheme).filter(|scheme| is_scheme(scheme));
    let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    Some(format!("{scheme}***@{}", excerpt(host)))
}

/// Returns whether a text is a scheme, or such a one as the first in a list.
fn is_scheme(text: &str) -> bool {
    let one = text.strip_prefix("failover:").map(|list| list.trim_start_matches(['/', '(']));
    SCHEMES.contains(&one.unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn route(target: &Target) -> Result<Vec<(String, u16)>, String> {
        let deadline = Deadline::after(Duration::from_secs(8));
        let route = target.route(&deadline).map_err(|error| error.to_string())?;
        let all = std::iter::once(&route.brokers.0).chain(&route.brokers.1);
        Ok(all.map(|broker| (broker.name(), broker.port)).collect())
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
        let list = "failover:(tcp://a:1,tcp://b.example.com)?randomize=true";
        let target = Target { broker: vec![list.to_owned(), "c".to_owned()], ..Target::default() };
        let expected = [("a:1", 1), ("b.example.com", 61613), ("c", 61613)];
        assert_eq!(route(&target), Ok(expected.map(|(name, port)| (name.to_owned(), port)).to_vec()));
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
    fn no_password_of_a_broker_is_shown() {
        let rows = [
            ("lab:s3cr3t@h", "***@h"),
            ("stomp://lab:s3cr3t@h:1", "stomp://***@h:1"),
            ("lab:s3cr3t@s3cr3t@h:1", "***@h:1"),
            ("lab:s3cr3t://s3cr3t@h", "***@h"),
            ("failover:(tcp://lab:s3cr3t@h,tcp://b)", "failover:(tcp://***@h,tcp://b)"),
            ("failover:(tcp://a,ssl://lab:s3,cr3t@h)", "failover:(tcp://***@h)"),
            ("failover:tcp://lab:s3cr3t@h", "failover:tcp://***@h"),
            ("failover:(stomp+ssl://lab:x@h?jms.password=s3cr3t)", "failover:(stomp+ssl://***@h"),
            ("tcp://lab:x@h:1?jms.password=s3cr3t", "tcp://***@h:1"),
            ("tcp://h:1?jms.password=s3cr3t@s3cr3t", "tcp://***@s3cr3t"),
            ("s3cr3t://s3cr3t@h", "***@h"),
            ("failover:s3cr3t://s3cr3t@h", "***@h"),
        ];
        for (broker, shown) in rows {
            let target = Target { broker: vec![broker.to_owned()], ..Target::default() };
            let error = route(&target).unwrap_err();
            let expected = format!("--broker={shown}: write it without user and password, ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn no_parameter_of_a_broker_is_shown() {
        let rows = [
            ("h:1?jms.password=s3cr3t", false, "h:1: "),
            ("failover:(tcp://h:0?jms.password=s3cr3t)", false, "h:0: "),
            ("failover:(http://h?jms.password=s3cr3t)", false, "http://h: "),
            ("failover:(ssl://h?jms.password=s3cr3t)", false, "ssl://h: "),
            ("failover:(tcp://h?jms.password=s3cr3t)", true, "tcp://h: "),
            ("failover:tcp://h?jms.password=s3cr3t", false, "failover:tcp://h: "),
        ];
        for (broker, tls, shown) in rows {
            let target = Target { broker: vec![broker.to_owned()], tls, ..Target::default() };
            let error = route(&target).unwrap_err();
            assert!(error.starts_with(&format!("--broker={shown}")), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }

    #[test]
    fn a_wrong_option_is_named() {
        let named = Target { broker: vec!["127.0.0.1".to_owned()], ..Target::default() };
        let with = |change: fn(&mut Target)| {
            let mut target = named.clone();
            change(&mut target);
            route(&target).unwrap_err()
        };
        assert_eq!(
            route(&Target::default()),
            Err("no broker: name it by --broker, as in --broker=127.0.0.1, see --help".to_owned())
        );
        assert_eq!(
            with(|target| target.tls_ca = Some("/ca.pem".into())),
            "--tls-ca has no effect without --tls: add --tls, see --help"
        );
        assert_eq!(
            with(|target| target.tls_key = Some("/key.pem".into())),
            "--tls-key has no effect without --tls: add --tls, see --help"
        );
        assert_eq!(
            with(|target| (target.tls, target.tls_cert) = (true, Some("/cert.pem".into()))),
            "--tls-cert and --tls-key belong together: name both files, see --help"
        );
        assert_eq!(
            with(|target| target.login = Some("a\nb".to_owned())),
            "--login has a line end, which STOMP cannot send, see --help"
        );
        assert_eq!(
            with(|target| target.passcode = Some("a\rb".to_owned())),
            "--passcode has a line end, which STOMP cannot send, see --help"
        );
        assert_eq!(
            with(|target| target.vhost = "\n".to_owned()),
            "--vhost has a line end, which STOMP cannot send, see --help"
        );
        let missing = with(|target| (target.tls, target.tls_ca) = (true, Some("/nonexistent/ca.pem".into())));
        assert_eq!(missing, "reading /nonexistent/ca.pem: no such file or directory");
    }
}
