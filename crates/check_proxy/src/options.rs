//! The options, by what they are about: which proxies, for which page, as whom, and how.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use addresses::ZonedAddress;
use net::Host;
use plugin::{Seconds, whole};

use crate::strangers::Strangers;
use crate::url::Url;

/// The options on which proxies are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Proxies {
    /// Address of a proxy: 192.0.2.1, 2001:db8::1 or fe80::1%eth0. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) ip: Vec<ZonedAddress>,
    /// File with one proxy a line, then its own port and a label where it has them: 192.0.2.1 8080 lon-1.
    /// Repeatable
    #[arg(long)]
    pub(crate) file: Vec<PathBuf>,
    /// Host name, of which every IPv4 and IPv6 address is a proxy. Repeatable
    #[arg(short = 'H', long, value_name = "HOST")]
    pub(crate) hostname: Vec<Host>,
    /// Port of each proxy that has none of its own. Default: 3128, with --protocol=socks5 1080
    #[arg(short, long, value_parser = whole::<u16>(1..=65_535))]
    pub(crate) port: Option<u16>,
    /// What the proxies speak
    #[arg(long, default_value = "http")]
    pub(crate) protocol: Protocol,
}

impl Proxies {
    /// The port of each proxy that has none of its own.
    pub(crate) fn default_port(&self) -> u16 {
        self.port.unwrap_or(match self.protocol {
            Protocol::Http => 3128,
            Protocol::Socks5 => 1080,
        })
    }
}

/// The options on the page.
#[derive(Debug, clap::Args)]
pub(crate) struct Page {
    /// The pages to ask for.
    // The help stands apart because rustdoc refuses an address that is no link.
    #[arg(
        long,
        help = "Page to ask for, in which the word NONCE becomes a random text: \
                http://www.example.com/pong?n=NONCE. http is asked by GET, https by CONNECT. Repeatable"
    )]
    pub(crate) url: Vec<Url>,
    /// Text that only the page has, with NONCE in it; PROXY is the proxy's own address: pong NONCE from PROXY
    #[arg(long, value_name = "TEXT")]
    pub(crate) expect: Option<String>,
    /// Text that the page must not have: X-Forwarded-For. Repeatable
    #[arg(long, value_name = "TEXT")]
    pub(crate) not_expect: Vec<String>,
    /// PEM file of the authorities that may sign the page's certificate. Default: those of the system
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Do not ask for the page without a proxy when all proxies fail
    #[arg(long)]
    pub(crate) no_direct: bool,
}

/// The options on the clients as which the proxies are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Clients {
    /// User name of the customer
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Password of the customer, only by --extra-opts
    #[arg(long, value_name = "SECRET")]
    pub(crate) password: Option<String>,
    /// Requests without the login. refuse: CRITICAL if one gets the page; allow: none is made; only: none is
    /// made with the login
    #[arg(long, default_value = "refuse")]
    pub(crate) strangers: Strangers,
}

/// The options on how requests are made.
#[derive(Debug, clap::Args)]
pub(crate) struct Connecting {
    /// Time for connecting, and again for each answer. Default: 3.5, less with a short --timeout or many
    /// proxies
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.01..=60.0))]
    pub(crate) connect_timeout: Option<Seconds>,
    /// Number of tries for a failed request of the customer
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = whole::<u8>(1..=10))]
    pub(crate) tries: u8,
    /// Source address of the connections. Repeatable: one for IPv4, one for IPv6. Default: the address that
    /// the routes choose
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source: Vec<IpAddr>,
    /// Maximum proxies asked at the same time. Default: all, as far as open files and threads allow
    #[arg(long, value_name = "NUMBER", value_parser = whole::<NonZeroU32>(1..=4_294_967_295))]
    pub(crate) in_flight: Option<NonZeroU32>,
}

/// What the proxies speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Protocol {
    /// HTTP/1.1
    Http,
    /// SOCKS5
    Socks5,
}
