//! The servers that answered, judged together.

use plugin::{Finding, Metric};

use crate::answer::Answer;
use crate::binary_log::BinaryLog;
use crate::membership::{self, Membership};
use crate::pair::{self, Links, ahead, domains, errant, namesakes, past_end, unfetched};
use crate::policy::Policy;
use crate::server::{Flavour, Server};

/// Those that answered, in their order.
pub(super) struct Together<'a> {
    policy: &'a Policy<'a>,
    /// Whether all of them did.
    pub(super) complete: bool,
    servers: Vec<Server>,
    links: Links,
    lacks: Vec<errant::Lack>,
    /// Servers that drop what others with their id write.
    namesakes: Vec<Finding>,
}

impl<'a> Together<'a> {
    pub(super) fn of(policy: &'a Policy<'a>, answers: &[&Answer], complete: bool) -> Self {
        let servers: Vec<Server> = answers.iter().map(|answer| answer.server.clone()).collect();
        let (links, namesakes) =
            namesakes::apart(&servers, Links::find(&servers), policy.shape, policy.accepted);
        let lacks = errant::lacks(&servers, &links);
        Self { policy, complete, servers, links, lacks, namesakes }
    }

    /// What is wrong with them together, and what some have yet to apply.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let Policy { shape, writable, .. } = *self.policy;
        let mut findings = self.namesakes.clone();
        findings.extend(pair::judge(&self.servers, &self.links, self.complete, shape, writable));
        if self.servers.len() > 1 {
            findings.extend(errant::judge(&self.servers, &self.links, self.policy.accepted));
            findings.extend(ahead::judge(&self.servers, &self.links, self.policy.accepted));
            findings.extend(past_end::judge(&self.servers, &self.links));
            findings.extend(domains::judge(&self.servers, &self.links, self.policy.replicated));
            findings.extend(unfetched::judge(&self.servers, &self.links, &self.policy.lag));
        }
        findings.extend(ahead::waiting(&self.servers));
        let members: Vec<(&str, &Membership)> = self
            .servers
            .iter()
            .filter_map(|server| Some((server.asked.as_str(), server.membership.as_ref()?)))
            .collect();
        findings.extend(membership::judge_together(&members));
        findings.extend(self.lacks.iter().filter(|lack| lack.count > 0).map(|lack| self.lacking(lack)));
        findings
    }

    /// MariaDB's numbers may have gaps.
    fn lacking(&self, lack: &errant::Lack) -> Finding {
        let is_exact =
            self.servers.get(lack.replica).is_some_and(|replica| replica.flavour == Flavour::MySql);
        let (up_to, s) = (if is_exact { "" } else { "up to " }, if lack.count == 1 { "" } else { "s" });
        let (replica, source) = (self.name(lack.replica), self.name(lack.source));
        let text = format!("{replica} has yet to apply {up_to}{} transaction{s} of {source}", lack.count);
        Finding::ok(text)
    }

    /// What each replica lacks of each of its sources.
    pub(super) fn measure(&self) -> Vec<Metric> {
        let metric = |lack: &errant::Lack| {
            let series = |place: usize| self.servers.get(place).map(Server::series).unwrap_or_default();
            let label = format!("missing_{}_{}", series(lack.replica), series(lack.source));
            Metric::new(label, lack.count as f64).min(0.0)
        };
        self.lacks.iter().map(metric).collect()
    }

    /// What the source of a channel is called, if that answered too.
    pub(super) fn source(&self, replica: usize, channel: usize) -> Option<&str> {
        self.links.source(replica, channel).map(|source| self.name(source))
    }

    /// The binary log of the source of a channel, if that answered too and was asked for it.
    pub(super) fn source_log(&self, replica: usize, channel: usize) -> Option<&BinaryLog> {
        self.servers.get(self.links.source(replica, channel)?)?.log.as_ref()
    }

    /// Whether the source of a channel has a database. `None` if it was not asked, or does not tell.
    pub(super) fn source_has(&self, replica: usize, channel: usize, database: &str) -> Option<bool> {
        self.servers.get(self.links.source(replica, channel)?)?.existence.as_ref()?.has(database)
    }

    /// Whether the source of a channel, if that answered too and was asked for it, has the binlog_format ROW.
    pub(super) fn source_by_rows(&self, replica: usize, channel: usize) -> Option<bool> {
        self.servers.get(self.links.source(replica, channel)?)?.by_rows
    }

    /// Whether the source of a channel passes on what others than it and the replica write. `None` if it was
    /// not asked, or did not answer.
    pub(super) fn source_passes_on(&self, replica: usize, channel: usize) -> Option<bool> {
        let source = self.servers.get(self.links.source(replica, channel)?)?;
        let mut others = source.channels.iter().map(|channel| channel.source_server_id);
        let has_others = source.membership.is_some() || others.any(|id| id != self.id(replica));
        Some(source.passes_on == Some(true) && has_others)
    }

    fn id(&self, place: usize) -> u64 {
        self.servers.get(place).map(|server| server.server_id).unwrap_or_default()
    }

    fn name(&self, place: usize) -> &str {
        self.servers.get(place).map(|server| server.asked.as_str()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::channel::{IoState, SqlState};
    use crate::evaluate::{evaluate, fault};
    use crate::existence::Existence;
    use crate::failure::{Failure, Kind, Step};
    use crate::filter::Filters;
    use crate::membership::tests::group;
    use crate::pair::errant::tests::executed;
    use crate::pair::tests::{mariadb, server};
    use crate::row::Row;
    use crate::semi_sync::SemiSync;
    use crate::{Args, Observations};

    /// Servers called a, b and c, all of whose channels run; those named in `down` do not answer.
    fn seen(mut servers: Vec<Server>, down: &str, change: fn(&mut Vec<Server>)) -> Observations {
        for channel in servers.iter_mut().flat_map(|server| &mut server.channels) {
            (channel.io, channel.sql, channel.lag) = (IoState::Yes, SqlState::Yes, Some(0.0));
        }
        change(&mut servers);
        let answer = |server: Server| {
            let name = server.asked.clone();
            let lost = Failure::new(Step::Connect, Kind::Late);
            let answer =
                Answer { server, silent: Vec::new(), heartbeats: None, hidden: None, hidden_log: None };
            let answer = if down.contains(&name) { Err(lost.into()) } else { Ok(answer) };
            (name, answer)
        };
        Observations {
            servers: servers.into_iter().map(answer).collect(),
            remembered: None,
            user: "mon".to_owned(),
            seconds: 8.0,
        }
    }

    fn lines(options: &[&str], seen: &Observations) -> String {
        let args = Args::parse_from(["check_replication"].iter().chain(options));
        evaluate(&Policy::new(&args), seen).render("REPLICATION", 0)
    }

    /// One of two sources has the database, which its channel renames: the other one may have it too.
    #[test]
    fn a_renamed_database_need_not_be_there_by_its_old_name() {
        let shows = |name: &str| {
            let columns = [("name", name), ("folds", "0"), ("sees_all", "1")];
            Existence::read(&[Row::new(
                columns.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))),
            )])
        };
        for (second, is_missing) in [("stock", false), ("shop", true)] {
            let mut servers = executed(mariadb, &["", "", "ab"], &["", "", ""]);
            let rewrite = ("Replicate_Rewrite_DB".to_owned(), Some("shop->app".to_owned()));
            servers[2].channels[0].filters = Filters::read(&Row::new([rewrite]));
            for (server, name) in servers.iter_mut().zip(["shop", second, "app"]) {
                server.existence = shows(name);
            }
            let said = lines(&["--expect-database=shop"], &seen(servers, "", |_| {}));
            assert_eq!(said.contains("c: no database shop"), is_missing, "{said}");
            assert!(!said.contains("c: no database shop (here app)"), "{said}");
        }
    }

    /// What the healthy see of a member stands after what that says itself.
    #[test]
    fn a_member_with_a_fault_of_its_own_comes_first() {
        let three = "1 ONLINE PRIMARY, 2 UNREACHABLE, 3 ONLINE";
        let member = |members: &str, own: &str| Some(group(members, own, ("0", "")));
        let seen = |second: Option<Membership>, down: &str| {
            let mut servers = executed(server, &["", "", ""], &["", "", ""]);
            let views = [member(three, "1"), second, member(three, "3")];
            servers.iter_mut().zip(views).for_each(|(server, view)| server.membership = view);
            seen(servers, down, |_| {})
        };
        for (second, down, first) in [
            (member("2 ONLINE", "9"), "", "b: not among the 1 member of its own group"),
            (member("2 ERROR", "2"), "", "b: ERROR in its group"),
            (None, "b", "b: no connection within 8 s"),
        ] {
            let seen = seen(second, down);
            let said = lines(&["--expect-members=4"], &seen);
            assert!(said.starts_with(&format!("REPLICATION CRITICAL - {first}, ")), "{said}");
            let after = "\nCRITICAL: a: member db-02 is UNREACHABLE\nCRITICAL: a: 3 of 4 expected members\n";
            assert!(said.contains(after), "{said}");
            // Of one that is asked alone it is the fault.
            let args = Args::parse_from(["check_replication"]);
            let (name, answer) = &seen.servers[0];
            let fault = fault(&Policy::new(&args), ("mon", 8.0), name, answer.as_ref());
            assert_eq!(fault.map(|fault| fault.text).as_deref(), Some("a: member db-02 is UNREACHABLE"));
        }
    }

    /// In lines it has the name of its host.
    #[test]
    fn a_server_behind_a_socket_has_one_name_in_its_series() {
        let mut servers = executed(server, &["b", "a"], &["U1:1-5", "U1:1-5"]);
        servers[0].address = None;
        let mut seen = seen(servers, "", |_| {});
        seen.servers[0].0 = "/run/mysqld/mysqld.sock".to_owned();
        let lines = lines(&[], &seen);
        let names = ["lag_socket=", "channels_socket=", "missing_socket_b=", "missing_b_socket="];
        assert!(names.iter().all(|name| lines.contains(name)), "{lines}");
        assert!(lines.contains("\nOK: a from b: runs"), "{lines}");
    }

    #[test]
    fn several_servers_have_one_line() {
        let nothing: fn(&mut Vec<Server>) = |_| {};
        let stop: fn(&mut Vec<Server>) = |servers| servers[0].channels[0].sql = SqlState::No;
        let one = ["--expect-writable=one"];
        let pair = || executed(server, &["b", "a"], &["U1:1-5,U2:1", "U1:1-3,U2:1"]);
        let data = "lag_a=0s;60;300;0 channels_a=1;;;0 lag_b=0s;60;300;0 channels_b=1;;;0 missing_a_b=0;;;0 missing_b_a=2;;;0";
        let rows: [(&[&str], Observations, String); 12] = [
            (
                &[],
                seen(pair(), "", nothing),
                format!(
                    "OK - 2 servers: 2 channels run, at most 0 s behind | {data}\nOK: a from b: runs, 0 s behind\n\
                     OK: b from a: runs, 0 s behind\nOK: b has yet to apply 2 transactions of a\n"
                ),
            ),
            (
                &[],
                seen(executed(mariadb, &["b", "a"], &["0-1-5", "0-1-4"]), "", nothing),
                format!(
                    "OK - 2 servers: 2 channels run, at most 0 s behind | {}\nOK: a from b: runs, 0 s behind\n\
                     OK: b from a: runs, 0 s behind\nOK: b has yet to apply up to 1 transaction of a\n",
                    data.replace("b_a=2", "b_a=1")
                ),
            ),
            (
                &[],
                seen(pair(), "", stop),
                format!(
                    "CRITICAL - a from b: SQL thread stopped, no error | {}\nCRITICAL: a from b: SQL thread stopped, no error\n\
                     OK: b from a: runs, 0 s behind\nOK: b has yet to apply 2 transactions of a\n",
                    data
                ),
            ),
            (
                &one,
                seen(pair(), "", stop),
                format!(
                    "CRITICAL - a from b: SQL thread stopped, no error, and a and b are writable, one expected | {data}\n\
                     CRITICAL: a from b: SQL thread stopped, no error\nCRITICAL: a and b are writable, one expected\n\
                     OK: b from a: runs, 0 s behind\nOK: b has yet to apply 2 transactions of a\n"
                ),
            ),
            // The source answers, and its replica tries no more.
            (
                &[],
                seen(pair(), "", |servers| {
                    let channel = &mut servers[1].channels[0];
                    (channel.io, channel.io_errno) = (IoState::No, 2003);
                    channel.io_error = "This was attempt 10/10, with a delay".to_owned();
                }),
                format!(
                    "CRITICAL - {0} | {data}\nCRITICAL: {0}\nOK: a from b: runs, 0 s behind\n\
                     OK: b has yet to apply 2 transactions of a\n",
                    "b from a: IO thread stopped, error 2003 source unreachable, gave up after 10 tries, a answers this check: START REPLICA"
                ),
            ),
            // MariaDB does not tell whether tries are left.
            (
                &["--expect-shape=tree"],
                seen(executed(mariadb, &["", "a"], &["", ""]), "", |servers| {
                    let channel = &mut servers[1].channels[0];
                    (channel.io, channel.io_errno) = (IoState::No, 2003);
                    channel.io_error = "error connecting to master - retry-time: 1  maximum-retries: 3".to_owned();
                }),
                format!(
                    "CRITICAL - {0} | channels_a=0;;;0 lag_b=0s;60;300;0 channels_b=1;;;0 missing_b_a=0;;;0\n",
                    "b from a: IO thread stopped, error 2003 source unreachable, a answers this check: START REPLICA"
                ),
            ),
            // That a source is down stands before what its replica says of it.
            (
                &[],
                seen(executed(server, &["b", "a"], &["", ""]), "b", |servers| {
                    let channel = &mut servers[0].channels[0];
                    (channel.io, channel.io_errno, channel.lag) = (IoState::Connecting, 2003, None);
                }),
                "CRITICAL - b: no connection within 8 s, 1 more fault | lag_a=U;60;300;0 channels_a=1;;;0 lag_b=U;60;300;0 channels_b=U;;;0\n\
                 CRITICAL: b: no connection within 8 s\n\
                 CRITICAL: a from 192.0.2.2: IO thread connecting, error 2003 source unreachable\n"
                    .to_owned(),
            ),
            // Of whom does not answer nothing is claimed, and a server that should be a replica of it and is
            // none is found all the same.
            (
                &[],
                seen(pair(), "b", nothing),
                "CRITICAL - b: no connection within 8 s | lag_a=0s;60;300;0 channels_a=1;;;0 lag_b=U;60;300;0 channels_b=U;;;0\nCRITICAL: b: no connection within 8 s\n\
                 OK: a from 192.0.2.2: runs, 0 s behind\n"
                    .to_owned(),
            ),
            (
                &[],
                seen(executed(server, &["", "a"], &["", ""]), "b", nothing),
                "CRITICAL - b: no connection within 8 s, and a: not a replica: no channel is configured | channels_a=0;;;0 lag_b=U;60;300;0 channels_b=U;;;0\n\
                 CRITICAL: b: no connection within 8 s\nCRITICAL: a: not a replica: no channel is configured\n"
                    .to_owned(),
            ),
            (
                &["--expect-shape=tree"],
                seen(executed(server, &["", "a"], &["", ""]), "b", nothing),
                "CRITICAL - b: no connection within 8 s | channels_a=0;;;0 lag_b=U;60;300;0 channels_b=U;;;0\n".to_owned(),
            ),
            // What is noted beside it is not the line.
            (
                &["--expect-shape=tree", "--semi-sync"],
                seen(executed(mariadb, &["", "a"], &["", ""]), "", |servers| {
                    for server in servers {
                        server.skip_errors = Some("slave_skip_errors is 1062".to_owned());
                        server.semi_sync = Some(SemiSync::enabled());
                    }
                }),
                "OK - b from a: runs, 0 s behind | channels_a=0;;;0 lag_b=0s;60;300;0 channels_b=1;;;0 missing_b_a=0;;;0\n\
                 OK: b from a: runs, 0 s behind\nOK: a: semi-sync is on\nOK: b: semi-sync is on\n"
                    .to_owned(),
            ),
            // A single server too can be expected to take writes.
            (
                &["--expect-writable=all"],
                seen(executed(server, &["z"], &[""]), "", |servers| servers[0].read_only = true),
                "CRITICAL - a is read-only | lag=0s;60;300;0 channels=1;;;0\nCRITICAL: a is read-only\n\
                 OK: a from 192.0.2.26: runs, 0 s behind\n"
                    .to_owned(),
            ),
        ];
        for (options, seen, expected) in rows {
            assert_eq!(lines(options, &seen), format!("REPLICATION {expected}"), "{options:?}");
        }
    }
}
