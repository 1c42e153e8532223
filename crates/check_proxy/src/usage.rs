//! What the options must have together.

use std::net::IpAddr;

use crate::Args;
use crate::login::Login;
use crate::options::{Page, Protocol};
use crate::strangers::Strangers;
use crate::words::{Part, parts};

/// What is wrong with the options.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// There is no page.
    #[error("no page: name it by --url, as in --url=http://www.example.com/pong?n=NONCE, see --help")]
    Url,
    /// There is no text.
    #[error(
        "no --expect: without the text of the page a block page would pass, as in --expect=pong NONCE from PROXY, see --help"
    )]
    Expect,
    /// The text has no random text.
    #[error("--expect has no word NONCE, without which an old copy of the page would pass, see --help")]
    Nonce,
    /// The text has nothing but what error pages show too.
    #[error(
        "--expect needs words before NONCE that are not in --url: error pages show the URL, and so the bare NONCE, see --help"
    )]
    Bare,
    /// A text that must not be in the page is empty.
    #[error("--not-expect is empty, which every page has, see --help")]
    NotExpect,
    /// There is no login.
    #[error("no --username: give the login of a customer, or --strangers=allow or only, see --help")]
    Username,
    /// There is no password.
    #[error("no password: write it to a file that --extra-opts names, as password = ..., see --help")]
    Password,
    /// The user or the password is empty.
    #[error("{0} is empty, see --help")]
    Empty(&'static str),
    /// Two source addresses are of one family.
    #[error("--source {0} and {1} are of one family: give one for IPv4, one for IPv6, see --help")]
    Sources(IpAddr, IpAddr),
    /// There is no user for the password.
    #[error("--password without --username, see --help")]
    User,
    /// A control character would end a line of the request.
    #[error("{0} has a line end or a NUL in it, see --help")]
    Control(&'static str),
    /// SOCKS5 has one octet for a length.
    #[error("{0} has {1} octets, SOCKS5 takes 1 to 255, see --help")]
    Length(&'static str, usize),
    /// A forbidden target has no port.
    #[error("--forbid {0} has no port: write HOST:PORT, see --help")]
    Port(String),
}

/// Returns the customer's login, once all options are as they must be.
pub(crate) fn login(args: &Args) -> Result<Option<Login>, UsageError> {
    check_page(&args.page)?;
    if let Some(target) = args.forbid.iter().find(|target| target.port.is_none()) {
        return Err(UsageError::Port(target.to_string()));
    }
    check_sources(&args.connecting.source)?;
    let login = match (&args.clients.username, &args.clients.password) {
        _ if args.clients.strangers == Strangers::Only => None,
        (Some(user), Some(password)) => Some(Login { user: user.clone(), password: password.clone() }),
        (Some(_), None) => return Err(UsageError::Password),
        (None, Some(_)) => return Err(UsageError::User),
        (None, None) if args.clients.strangers == Strangers::Refuse => return Err(UsageError::Username),
        (None, None) => None,
    };
    let Some(Login { user, password }) = &login else { return Ok(login) };
    for (name, text) in [("--username", user), ("--password", password)] {
        if has_control(text) {
            return Err(UsageError::Control(name));
        }
        if args.proxies.protocol == Protocol::Socks5 && !(1..=255).contains(&text.len()) {
            return Err(UsageError::Length(name, text.len()));
        }
        if text.is_empty() {
            return Err(UsageError::Empty(name));
        }
    }
    Ok(login)
}

/// A socket takes the first address of its family: a second one would be dropped in silence.
fn check_sources(sources: &[IpAddr]) -> Result<(), UsageError> {
    let twice = sources.iter().enumerate().find_map(|(place, source)| {
        let earlier = sources.iter().take(place).find(|earlier| earlier.is_ipv6() == source.is_ipv6())?;
        Some(UsageError::Sources(*earlier, *source))
    });
    twice.map_or(Ok(()), Err)
}

fn check_page(page: &Page) -> Result<(), UsageError> {
    if page.url.is_empty() {
        return Err(UsageError::Url);
    }
    let expect = page.expect.as_deref().ok_or(UsageError::Expect)?;
    if has_control(expect) {
        return Err(UsageError::Control("--expect"));
    }
    let parts = parts(expect);
    if !parts.contains(&Part::Nonce) {
        return Err(UsageError::Nonce);
    }
    let starts_with_words = matches!(parts.first(), Some(Part::Text(text)) if !text.trim().is_empty());
    if !starts_with_words || page.url.iter().any(|url| url.contains(expect)) {
        return Err(UsageError::Bare);
    }
    match page.not_expect.iter().any(String::is_empty) {
        true => Err(UsageError::NotExpect),
        false => Ok(()),
    }
}

fn has_control(text: &str) -> bool {
    text.contains(['\r', '\n', '\0'])
}
