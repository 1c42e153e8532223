//! The servers that systemd-resolved asks itself, where one of its stubs is asked
//! (systemd-resolved.service(8)).

mod settings;

use std::path::Path;

use net::HostPort;
use plugin::{Deadline, Finding};

use crate::Server;
use crate::fault::Fault;
use crate::file::File;
use crate::ignored::none_text;
use crate::lines::grouped;
use settings::Settings;

/// Where systemd-resolved listens.
const STUBS: [&str; 2] = ["127.0.0.53", "127.0.0.54"];
/// The file of the servers that it asks.
const FILE: &str = "/run/systemd/resolve/resolv.conf";

/// What is known of the servers that a stub asks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Uplinks {
    /// The stub.
    pub(crate) stub: String,
    /// Those that it asks by TLS alone, as they are shown. TLS is not spoken here: by plain DNS they may be
    /// silent.
    pub(crate) by_tls: Vec<String>,
    /// Those whose answers it validates itself, as they are shown.
    pub(crate) validated: Vec<String>,
    /// The servers, or why they are not known.
    pub(crate) servers: Result<Vec<Server>, Unknown>,
}

/// Why the uplinks are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// What the file lacks, also where systemd-resolved runs elsewhere: in the host of a container.
    Lacking(String),
    /// Why it cannot be read.
    Unreadable(String),
}

/// What the files say of the servers that a stub asks.
pub(crate) struct Told {
    stub: String,
    by_tls: Vec<String>,
    validated: Vec<String>,
    /// Those that are not among the servers of resolv.conf.
    pub(crate) uplinks: Result<Vec<HostPort>, Unknown>,
}

/// Returns what is told of the stub among the servers: `None` if no stub is.
pub(crate) fn find(servers: &[HostPort], deadline: &Deadline) -> Option<Told> {
    let stub = servers.iter().find(|server| is_stub(server))?.shown(53);
    let file = File::read(Path::new(FILE), deadline);
    let uplinks = file.map_err(|error| Unknown::Unreadable(error.to_string())).and_then(|file| listed(&file));
    let new =
        |uplinks: Vec<HostPort>| uplinks.into_iter().filter(|uplink| !servers.contains(uplink)).collect();
    let uplinks: Result<Vec<HostPort>, Unknown> = uplinks.map(new);
    let settings = Settings::read(deadline);
    let those = |is: &dyn Fn(&HostPort) -> bool| {
        uplinks.iter().flatten().filter(|uplink| is(uplink)).map(|uplink| uplink.shown(53)).collect()
    };
    let by_tls = those(&|uplink| settings.is_by_tls(uplink));
    let validated = those(&|uplink| settings.is_validated(uplink));
    Some(Told { stub, by_tls, validated, uplinks })
}

/// The servers of the file that are not systemd-resolved itself.
fn listed(file: &File) -> Result<Vec<HostPort>, Unknown> {
    let all = || file.conf.servers.iter().chain(&file.conf.never_asked);
    let others: Vec<HostPort> = all().filter(|server| !is_stub(server)).cloned().collect();
    match all().next() {
        None => Err(Unknown::Lacking(none_text(file))),
        Some(stub) if others.is_empty() => {
            Err(Unknown::Lacking(format!("{} lists only {}", file.path, stub.shown(53))))
        }
        Some(_) => Ok(others),
    }
}

fn is_stub(server: &HostPort) -> bool {
    STUBS.contains(&server.host.to_string().as_str())
}

impl Told {
    /// Takes what came of the uplinks.
    pub(crate) fn seen(self, seen: impl Iterator<Item = Server>) -> Uplinks {
        let Self { stub, by_tls, validated, uplinks } = self;
        Uplinks { stub, by_tls, validated, servers: uplinks.map(|_| seen.collect()) }
    }
}

fn is_without_plain_dns(server: &Server) -> bool {
    let mut outcomes = server.outcomes.iter().flatten();
    outcomes.any(|outcome| outcome.answer.as_ref().is_err_and(Fault::is_no_plain_dns))
}

impl Uplinks {
    /// The servers that are known.
    pub(crate) fn servers(&self) -> &[Server] {
        self.servers.as_deref().unwrap_or_default()
    }

    /// Whether it asks this one by TLS alone.
    pub(crate) fn is_by_tls(&self, server: &Server) -> bool {
        self.by_tls.contains(&server.shown)
    }

    /// Whether a fault of this one is none, since systemd-resolved asks it by TLS or validates itself.
    pub(crate) fn excuses(&self, server: &Server, fault: &Fault) -> bool {
        let is_validated = || self.validated.contains(&server.shown) && fault.is_of_validation();
        self.is_by_tls(server) && fault.is_no_plain_dns() || is_validated()
    }

    /// Returns the findings on uplinks that fail, each with its reason.
    pub(crate) fn findings(&self, failing: &[(&Server, String)]) -> Vec<Finding> {
        let stub = &self.stub;
        if let Err(Unknown::Unreadable(why)) = &self.servers {
            return vec![Finding::warning(format!("the uplinks of {stub} are not known: {why}"))];
        }
        if let Some(text) = self.all_fail(failing).filter(|_| failing.len() > 1) {
            return vec![Finding::warning(text)];
        }
        let one = |(server, why): &(&Server, String)| {
            Finding::warning(format!("uplink {} of {stub}: {why}", server.shown))
        };
        failing.iter().map(one).collect()
    }

    /// Returns that all of them fail, as they do, if so.
    pub(crate) fn all_fail(&self, failing: &[(&Server, String)]) -> Option<String> {
        let (total, stub) = (self.servers().len(), &self.stub);
        match total {
            0 => None,
            _ if failing.len() < total => None,
            1 => Some(format!("its uplink fails: {}", grouped(failing))),
            _ => Some(format!("all {total} uplinks of {stub} fail: {}", grouped(failing))),
        }
    }

    /// Returns a remark where they are not known, or cannot be judged.
    pub(crate) fn note(&self) -> Option<String> {
        match &self.servers {
            Err(Unknown::Lacking(why)) => Some(format!("the uplinks of {} are not known: {why}", self.stub)),
            Ok(servers) => {
                let without = |server: &&Server| self.is_by_tls(server) && is_without_plain_dns(server);
                let first = servers.iter().find(without)?;
                let which = match servers.iter().all(|server| self.is_by_tls(server)) {
                    true => format!("the uplinks of {} use TLS", self.stub),
                    false => format!("uplink {} of {} uses TLS", first.shown, self.stub),
                };
                Some(format!("{which}: no answer to plain DNS is not a failure"))
            }
            Err(Unknown::Unreadable(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolv_conf::ResolvConf;

    #[test]
    fn a_file_that_leads_nowhere_lists_no_uplink() {
        let rows = [
            ("nameserver 192.0.2.53\nnameserver ::1\n", Ok("192.0.2.53 ::1")),
            ("nameserver 127.0.0.54\nnameserver 192.0.2.53\n", Ok("192.0.2.53")),
            ("", Err("no nameserver in FILE")),
            ("nameserver 127.0.0.53\nnameserver 127.0.0.54\n", Err("FILE lists only 127.0.0.53")),
            ("nameserver 192.0.2.53\r\n", Err("line 1 of FILE is ignored: it ends with a carriage return")),
        ];
        for (content, expected) in rows {
            let conf = ResolvConf::parse(content.as_bytes());
            let file = File { path: "FILE".to_owned(), missing: None, conf };
            let shown = listed(&file)
                .map(|servers| servers.iter().map(|server| server.shown(53)).collect::<Vec<_>>().join(" "));
            let expected = expected.map(str::to_owned).map_err(|why| Unknown::Lacking(why.to_owned()));
            assert_eq!(shown, expected, "{content:?}");
        }
        let missing = File {
            path: "FILE".to_owned(),
            missing: Some("is missing".to_owned()),
            conf: ResolvConf::default(),
        };
        assert_eq!(listed(&missing), Err(Unknown::Lacking("FILE is missing".to_owned())));
    }
}
