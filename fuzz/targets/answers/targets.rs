//! What others answer or write: servers, monitors, proxies.

use seeds::Target::{self, Octets, Text};

mod clock_value;
mod dns_answer;
mod dns_question;
mod event;
mod glob;
mod gtid;
mod icinga_answer;
mod livestatus_answer;
mod markdown;
mod monitor_log;
mod ntp_answer;
mod page_url;
mod perfdata;
mod proxy_answer;
mod replication_answer;
mod snmp_answer;
mod status_dat;
mod stomp_frame;

/// Each by its name, which is that of its file and of its folder of seeds.
pub(crate) const TARGETS: &[(&str, Target)] = &[
    ("clock_value", Octets(clock_value::run)),
    ("dns_answer", Octets(dns_answer::run)),
    ("dns_question", Text(dns_question::run)),
    ("event", Text(event::run)),
    ("glob", Text(glob::run)),
    ("gtid", Text(gtid::run)),
    ("icinga_answer", Octets(icinga_answer::run)),
    ("livestatus_answer", Octets(livestatus_answer::run)),
    ("markdown", Text(markdown::run)),
    ("monitor_log", Text(monitor_log::run)),
    ("ntp_answer", Octets(ntp_answer::run)),
    ("page_url", Text(page_url::run)),
    ("perfdata", Text(perfdata::run)),
    ("proxy_answer", Octets(proxy_answer::run)),
    ("replication_answer", Octets(replication_answer::run)),
    ("snmp_answer", Octets(snmp_answer::run)),
    ("status_dat", Octets(status_dat::run)),
    ("stomp_frame", Octets(stomp_frame::run)),
];
