//! The servers that answered, judged together.

use plugin::{Metric, State};

use crate::Args;
use crate::ask::Answer;
use crate::judge::Finding;
use crate::options::Expected;
use crate::pair::{self, Links, errant};
use crate::server::{Flavour, Server};

/// Those that answered, in their order.
pub(super) struct Together<'a> {
    expected: &'a Expected,
    /// Whether everybody did.
    pub(super) complete: bool,
    servers: Vec<Server>,
    links: Links,
    lacks: Vec<errant::Lack>,
}

impl<'a> Together<'a> {
    pub(super) fn of(args: &'a Args, answers: &[&Answer], complete: bool) -> Self {
        let servers: Vec<Server> = answers.iter().map(|answer| answer.server.clone()).collect();
        let links = Links::find(&servers);
        let lacks = errant::lacks(&servers, &links);
        Self { expected: &args.expected, complete, servers, links, lacks }
    }

    /// What is wrong with them together, and what some have yet to apply.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let Expected { shape, writable, .. } = *self.expected;
        let mut findings = pair::judge(&self.servers, &self.links, self.complete, shape, writable);
        if self.servers.len() > 1 {
            findings.extend(errant::judge(&self.servers, &self.links));
        }
        findings.extend(self.lacks.iter().filter(|lack| lack.count > 0).map(|lack| self.lacking(lack)));
        findings
    }

    /// MariaDB's numbers may have gaps.
    fn lacking(&self, lack: &errant::Lack) -> Finding {
        let is_exact = self.servers.get(lack.replica).is_some_and(|replica| replica.flavour == Flavour::MySql);
        let (up_to, s) = (if is_exact { "" } else { "up to " }, if lack.count == 1 { "" } else { "s" });
        let (replica, source) = (self.name(lack.replica), self.name(lack.source));
        let text = format!("{replica} has yet to apply {up_to}{} transaction{s} of {source}", lack.count);
        Finding::new(State::Ok, text)
    }

    /// What each replica lacks of each of its sources.
    pub(super) fn measure(&self) -> Vec<Metric> {
        let metric = |lack: &errant::Lack| {
            let label = format!("missing_{}_{}", self.name(lack.replica), self.name(lack.source));
            Metric::new(label, lack.count as f64).min(0.0)
        };
        self.lacks.iter().map(metric).collect()
    }

    /// What the source of a channel is called, if that answered too.
    pub(super) fn source(&self, replica: usize, channel: usize) -> Option<&str> {
        self.links.source(replica, channel).map(|source| self.name(source))
    }

    fn name(&self, place: usize) -> &str {
        self.servers.get(place).map(|server| server.asked.as_str()).unwrap_or_default()
    }
}
