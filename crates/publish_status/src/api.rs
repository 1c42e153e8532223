//! The monitor's state from the API of Icinga 2.

use std::io::{BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::str::FromStr;

use monitor_state::icinga::{self, AnswerError};
use monitor_state::{Collect, Monitor};
use net::{Cause, Connector, HostPort, InvalidHost, ResolveError, Waiting, resolve, tls};
use plugin::Deadline;

use crate::http::{self, HttpError};

/// The port of Icinga's API.
const PORT: u16 = 5665;
/// The most that one answer may hold, in octets: some hundreds of thousands of services.
const LARGEST: u64 = 512 << 20;

/// Where an API is: `https://HOST[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(HostPort);

/// Why a text is not an [`ApiUrl`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It has no https, or more than a host and a port.
    #[error("not the address of an API, write https://HOST or https://HOST:PORT")]
    Form,
    /// What stands for its host is none.
    #[error("{}", .0.with_port(PORT))]
    Host(InvalidHost),
}

impl FromStr for ApiUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let rest = text.strip_prefix("https://").ok_or(InvalidUrl::Form)?;
        let place = rest.strip_suffix('/').unwrap_or(rest);
        if place.is_empty() || place.contains(['/', '?', '#', '@']) {
            return Err(InvalidUrl::Form);
        }
        place.parse().map(Self).map_err(InvalidUrl::Host)
    }
}

/// Who asks, and whom.
#[derive(Clone, Debug)]
pub(crate) struct Account<'a> {
    pub(crate) url: &'a ApiUrl,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) authorities: Option<PathBuf>,
}

/// Why the API gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The name of its host.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The files of the authorities.
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    /// The connection.
    #[error("{place}: {cause}")]
    Broken {
        /// The host and its port.
        place: String,
        /// Why.
        cause: Cause,
    },
    /// The user or its password is not known there.
    #[error("{0} refuses the login: see --api-user and --api-password")]
    Login(String),
    /// The user may not ask this, or nothing of the kind exists: Icinga answers both alike.
    #[error(
        "{place} has no answer to {query}: the user needs the permissions objects/query and status/query"
    )]
    Forbidden {
        /// The host and its port.
        place: String,
        /// The path without its attributes.
        query: String,
    },
    /// The answer ends before it is whole.
    #[error("{0} closed in the middle of its answer")]
    Cut(String),
    /// Something else came than an answer.
    #[error("{place}: {what}")]
    Answer {
        /// The host and its port.
        place: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Asks for everything and tells `collect` what it wants of it, before `deadline`.
///
/// # Errors
/// [`ApiError`].
pub(crate) fn read(
    account: &Account<'_>,
    now: u64,
    collect: &mut impl Collect,
    deadline: &Deadline,
) -> Result<Monitor, ApiError> {
    let settings = tls::Settings { authorities: account.authorities.clone(), ..tls::Settings::default() };
    let api = Api { account, client: settings.load(deadline)?, deadline };
    let monitor = api.ask(icinga::APPLICATION, |answer| icinga::application(answer, now))?;
    api.ask(icinga::HOSTS, |answer| icinga::objects(answer, collect))?;
    api.ask(icinga::SERVICES, |answer| icinga::services(answer, collect))?;
    api.ask(icinga::DOWNTIMES, |answer| icinga::downtimes(answer, now, collect))?;
    Ok(monitor)
}

struct Api<'a> {
    account: &'a Account<'a>,
    client: tls::Client,
    deadline: &'a Deadline,
}

impl Api<'_> {
    /// One query on a connection of its own.
    fn ask<T>(
        &self,
        path: &str,
        take: impl FnOnce(&mut dyn Read) -> Result<T, AnswerError>,
    ) -> Result<T, ApiError> {
        let HostPort { host, .. } = &self.account.url.0;
        let place = self.account.url.0.shown(PORT);
        let _step = self.deadline.step(format!("asking {place}"));
        let broken = |cause| ApiError::Broken { place: place.clone(), cause };
        let addresses = resolve(host, self.account.url.0.port_or(PORT), self.deadline)?;
        let connector = Connector::new(Waiting::until(self.deadline));
        let (stream, _) = connector.connect_any(&addresses, self.deadline.remaining()).map_err(broken)?;
        let stream = stream.secure(&self.client, &host.bare(), Vec::new()).map_err(broken)?;
        let mut stream = stream.at_most(LARGEST);
        stream
            .send_all(&http::get(path, &place, self.account.user, self.account.password))
            .map_err(broken)?;
        let query = path.split('?').next().unwrap_or_default().to_owned();
        let body = http::answer(BufReader::new(stream)).map_err(|error| match error {
            HttpError::Status(401) => ApiError::Login(place.clone()),
            HttpError::Status(403 | 404) => ApiError::Forbidden { place: place.clone(), query },
            HttpError::Broken(cause) => broken(cause),
            HttpError::Cut => ApiError::Cut(place.clone()),
            HttpError::NotHttp | HttpError::Status(_) => {
                ApiError::Answer { place: place.clone(), what: error.to_string() }
            }
        })?;
        let wrong = |error: AnswerError| match error {
            _ if self.deadline.is_over() => broken(Cause::NoAnswer),
            AnswerError::Cut => ApiError::Cut(place.clone()),
            AnswerError::Broken(error) if error.kind() == ErrorKind::InvalidData => {
                ApiError::Answer { place: place.clone(), what: HttpError::NotHttp.to_string() }
            }
            AnswerError::Broken(error) => broken(error.into()),
            AnswerError::Other(_) => ApiError::Answer { place: place.clone(), what: error.to_string() },
        };
        take(&mut BufReader::new(body)).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_alone() {
        let rows = [
            ("https://icinga.example.com", Some("icinga.example.com")),
            ("https://icinga.example.com/", Some("icinga.example.com")),
            ("https://icinga.example.com:5666", Some("icinga.example.com:5666")),
            ("https://[2001:db8::1]:5665/", Some("2001:db8::1")),
            ("https://192.0.2.1", Some("192.0.2.1")),
            ("http://icinga.example.com", None),
            ("icinga.example.com", None),
            ("https://", None),
            ("https:///", None),
            ("https://a/v1", None),
            ("https://user:secret@a", None),
        ];
        for (text, place) in rows {
            assert_eq!(text.parse::<ApiUrl>().ok().map(|url| url.0.shown(PORT)).as_deref(), place, "{text}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_refused_with_its_reason() {
        let rows = [
            ("https://a:99999", "the port after the colon is a number from 1 to 65535, as in a:5665"),
            ("https://a;b", "a host name has only ASCII letters, digits, dots, hyphens and underscores"),
            ("https://user:secret@a", "not the address of an API, write https://HOST or https://HOST:PORT"),
        ];
        for (text, why) in rows {
            assert_eq!(text.parse::<ApiUrl>().unwrap_err().to_string(), why);
        }
    }
}
