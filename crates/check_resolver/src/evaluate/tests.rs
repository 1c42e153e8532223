//! Rows: what was observed, and the exact first line.

use std::net::IpAddr;
use std::time::Duration;

use clap::Parser as _;
use domain::base::iana::OptRcode;

use super::*;
use crate::fault::{Fault, Local};
use crate::message::Reply;
use crate::outcome::tests::{answered, reply};
use crate::outcome::{Answered, Outcome};
use crate::question::NameOption;
use crate::resolv_conf::ResolvConf;
use crate::system::{System, SystemFault};
use crate::{Args, Server};

const NAME: &str = "www.example.com/A";

/// Servers by what each says to each type of each question: `192.0.2.53=no+nodata,192.0.2.80` has two
/// questions, the first of two types.
fn servers(text: &str) -> Vec<Server> {
    let server = |text: &str| {
        let (shown, said) = text.split_once('=').unwrap();
        let outcomes = said.split(',').map(|question| question.split('+').map(outcome).collect()).collect();
        Server { shown: shown.to_owned(), outcomes }
    };
    text.split_whitespace().map(server).collect()
}

/// What was seen of these names on these servers, with the content of resolv.conf and what the system gave.
fn seen(
    names: &[&str],
    text: &str,
    conf: Option<&str>,
    system: Option<Result<f64, (SystemFault, f64)>>,
) -> Observations {
    let mut file = conf.map(|conf| File {
        path: "/etc/resolv.conf".to_owned(),
        missing: (conf == "missing").then(|| "is missing".to_owned()),
        conf: ResolvConf::parse(conf.as_bytes()),
    });
    let servers = servers(text);
    if let Some(File { conf, .. }) = file.as_mut().filter(|file| file.conf.servers.len() != servers.len()) {
        // The row does not depend on which servers the file lists.
        conf.turns = (0..servers.len()).collect();
    }
    let system = system.map(|system| {
        let (result, took) = match system {
            Ok(took) => (Ok(vec![IpAddr::from([192, 0, 2, 80])]), took),
            Err((fault, took)) => (Err(fault), took),
        };
        (
            0,
            System {
                result,
                took,
                sources: Some("files dns".to_owned()),
                is_unreadable: false,
                hosts: Vec::new(),
                is_own: false,
                is_of_dns: None,
            },
        )
    });
    let questions =
        names.iter().map(|name| name.parse::<NameOption>().unwrap().question(1).unwrap()).collect();
    Observations { questions, servers, uplinks: None, file, system, asks_system: false }
}

fn allowed(options: &str) -> Allowed {
    let arguments = ["check_resolver"].into_iter().chain(options.split_whitespace());
    Allowed::new(&Args::try_parse_from(arguments).unwrap(), State::Unknown)
}

fn first_line(options: &str, observed: &Observations) -> String {
    let output = evaluate(&allowed(options), observed).render("RESOLVER", 0);
    output.lines().next().unwrap().to_owned()
}

fn summary(options: &str, observed: &Observations) -> String {
    first_line(options, observed).split(" | ").next().unwrap().replace("RESOLVER ", "")
}

const TWO: &str = "nameserver 192.0.2.53\nnameserver 192.0.2.54\n";
const GOOD: Option<Result<f64, (SystemFault, f64)>> = Some(Ok(0.002));

fn not_found() -> Option<Result<f64, (SystemFault, f64)>> {
    Some(Err((SystemFault::NotFound, 0.01)))
}

fn too_slow() -> Option<Result<f64, (SystemFault, f64)>> {
    too_slow_after(7.7)
}

fn too_slow_after(took: f64) -> Option<Result<f64, (SystemFault, f64)>> {
    Some(Err((SystemFault::TooSlow, took)))
}

mod blame;
mod elsewhere;
mod here;
mod library;
mod outcomes;
mod shown;
mod stop;
mod zones;

use outcomes::outcome;

#[test]
fn each_state_of_resolv_conf_has_its_line() {
    let rows = [
        (
            "192.0.2.53=192.0.2.80 192.0.2.54=192.0.2.80",
            GOOD,
            "OK - 2 nameservers resolve 1 name, slowest in 0.012 s",
        ),
        ("192.0.2.53=192.0.2.80", GOOD, "OK - 1 nameserver resolves 1 name, slowest in 0.012 s"),
        (
            "192.0.2.53=no 192.0.2.54=192.0.2.80 192.0.2.55=192.0.2.80",
            Some(Ok(5.04)),
            "WARNING - 1 of 3 nameservers fails: 192.0.2.53 no answer, a name takes 5.0 s here",
        ),
        (
            "192.0.2.53=refused 192.0.2.54=192.0.2.80",
            GOOD,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.53 REFUSED",
        ),
        (
            "192.0.2.53=servfail 192.0.2.54=no",
            too_slow(),
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53 SERVFAIL, 192.0.2.54 no answer, this system takes longer than 7.7 s",
        ),
        (
            "192.0.2.53=nxdomain 192.0.2.54=192.0.2.80",
            not_found(),
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 NXDOMAIN, this system does not resolve",
        ),
        (
            "192.0.2.53=nxdomain 192.0.2.54=192.0.2.80",
            None,
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 NXDOMAIN, and programs here stop at its answer",
        ),
        (
            "192.0.2.53=nxdomain-closed 192.0.2.54=192.0.2.80",
            None,
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 does not recurse, and programs here stop at its answer",
        ),
        (
            "192.0.2.53=nodata-closed 192.0.2.54=192.0.2.80",
            None,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.53 does not recurse",
        ),
        (
            "192.0.2.53=127.0.0.1 192.0.2.54=192.0.2.80",
            None,
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 answers 127.0.0.1, and programs here stop at its answer",
        ),
        (
            "192.0.2.53=127.0.0.1 192.0.2.54=192.0.2.80",
            Some(Err((SystemFault::NotAsked("running getent: permission denied".to_owned()), 0.0))),
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 answers 127.0.0.1, and programs here stop at its answer, 1 more fault",
        ),
        // Programs here get the right one, from elsewhere.
        (
            "192.0.2.53=127.0.0.1 192.0.2.54=192.0.2.80",
            GOOD,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.53 answers 127.0.0.1",
        ),
        (
            "192.0.2.53=192.0.2.80 192.0.2.54=127.0.0.1",
            None,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.54 answers 127.0.0.1",
        ),
        (
            "192.0.2.53=192.0.2.80 192.0.2.54=nxdomain",
            None,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.54 NXDOMAIN",
        ),
        (
            "192.0.2.53=192.0.2.80 192.0.2.54=192.0.2.80",
            not_found(),
            "CRITICAL - the nameservers resolve, this system does not",
        ),
        (
            "192.0.2.53=192.0.2.80 192.0.2.54=192.0.2.80",
            too_slow(),
            "CRITICAL - the nameservers resolve, this system takes longer than 7.7 s",
        ),
        (
            "192.0.2.53=192.0.2.80",
            Some(Err((SystemFault::NotAsked("running getent: no such file or directory".to_owned()), 0.0))),
            "UNKNOWN - running getent: no such file or directory",
        ),
        (
            "192.0.2.53=servfail 192.0.2.54=servfail",
            GOOD,
            "CRITICAL - 2 of 2 nameservers fail: 192.0.2.53, 192.0.2.54 SERVFAIL, \
             this system resolves it all the same",
        ),
        (
            "192.0.2.53=closed",
            None,
            "CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 refused: nothing listens there",
        ),
        ("192.0.2.53=authority", None, "CRITICAL - 1 of 1 nameserver fails: 192.0.2.53 does not recurse"),
        (
            "192.0.2.53=table 192.0.2.54=table",
            not_found(),
            "CRITICAL - no question could be sent: neighbour table full here, this system does not resolve",
        ),
        (
            "192.0.2.53=table 192.0.2.54=table",
            GOOD,
            "UNKNOWN - no question could be sent: neighbour table full here",
        ),
        (
            "192.0.2.53=table 192.0.2.54=table",
            None,
            "UNKNOWN - no question could be sent: neighbour table full here",
        ),
        (
            "192.0.2.53=table 192.0.2.54=192.0.2.80",
            GOOD,
            "WARNING - 1 of 2 nameservers fails: 192.0.2.53 neighbour table full here",
        ),
        (
            "192.0.2.1=no 192.0.2.2=no 192.0.2.3=no 192.0.2.4=no 192.0.2.5=no",
            None,
            "CRITICAL - 5 of 5 nameservers fail: 192.0.2.1, 192.0.2.2, 192.0.2.3 no answer and 2 more",
        ),
    ];
    for (servers, system, line) in rows {
        let observed = seen(&[NAME], servers, Some(TWO), system);
        assert_eq!(summary("", &observed), line, "{servers}");
    }
}

#[test]
fn the_file_itself_is_judged() {
    let rows = [
        (
            "missing",
            "127.0.0.1=closed",
            "CRITICAL - /etc/resolv.conf is missing, so 127.0.0.1 is asked: refused: nothing listens there",
        ),
        (
            "missing",
            "127.0.0.1=192.0.2.80",
            "WARNING - /etc/resolv.conf is missing, so 127.0.0.1 is asked, which resolves",
        ),
        (
            "search example.com\n",
            "127.0.0.1=closed",
            "CRITICAL - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked: refused: nothing listens there",
        ),
        (
            "",
            "127.0.0.1=192.0.2.80",
            "WARNING - no nameserver in /etc/resolv.conf, so 127.0.0.1 is asked, which resolves",
        ),
        (
            "nameserver 192.0.2.300\nnameserver 192.0.2.53\n",
            "192.0.2.53=192.0.2.80",
            "WARNING - line 1 of /etc/resolv.conf is ignored: 192.0.2.300 is not an address",
        ),
        (
            "nameserver a\nnameserver b\nnameserver 192.0.2.53\nnameserver c\n",
            "192.0.2.53=192.0.2.80",
            "WARNING - line 1 of /etc/resolv.conf is ignored: a is not an address, and 2 more lines",
        ),
        (
            "nameserver 192.0.2.53 192.0.2.54\n",
            "192.0.2.53=192.0.2.80",
            "WARNING - line 1 of /etc/resolv.conf: its second address 192.0.2.54 is ignored, each needs a line of its own",
        ),
        (
            "nameserver 192.0.2.53\r\n",
            "127.0.0.1=closed",
            "CRITICAL - line 1 of /etc/resolv.conf is ignored: it ends with a carriage return, so 127.0.0.1 is asked: refused: nothing listens there",
        ),
        (
            "nameserver a\nnameserver b\n",
            "127.0.0.1=192.0.2.80",
            "WARNING - line 1 of /etc/resolv.conf is ignored: a is not an address, and 1 more line, so 127.0.0.1 is asked, which resolves",
        ),
        (
            "nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver 192.0.2.101\n",
            "::1=no ::2=no ::3=no",
            "CRITICAL - 3 of 3 nameservers fail: ::1, ::2, ::3 no answer, \
             192.0.2.101 is never asked: the C library reads three",
        ),
        (
            "nameserver ::1\nnameserver ::2\nnameserver ::3\nnameserver 192.0.2.101\n",
            "::1=192.0.2.80 ::2=192.0.2.80 ::3=192.0.2.80",
            "OK - 3 nameservers resolve 1 name, slowest in 0.012 s",
        ),
    ];
    for (conf, servers, line) in rows {
        assert_eq!(summary("", &seen(&[NAME], servers, Some(conf), None)), line, "{conf:?}");
    }
}

#[test]
fn servers_of_options_are_judged_more_strictly() {
    let rows = [
        (
            "",
            "192.0.2.53=no 192.0.2.54=192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 no answer",
        ),
        (
            "-w 0 -c 1",
            "192.0.2.53=no 192.0.2.54=192.0.2.80",
            "WARNING - 1 of 2 nameservers fails: 192.0.2.53 no answer",
        ),
        (
            "-c 1",
            "192.0.2.53=no 192.0.2.54=192.0.2.80",
            "OK - 1 of 2 nameservers resolves 1 name, slowest in 0.012 s, allowed: 1 of 2 nameservers fails: 192.0.2.53 no answer",
        ),
        (
            "-c 40%",
            "192.0.2.53=no 192.0.2.54=192.0.2.80",
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.53 no answer",
        ),
        // None is judged as every other number is.
        ("-c 1:", "192.0.2.53=192.0.2.80", "CRITICAL - failed is 0, limit 1:"),
        (
            "--warning-time 1.5",
            "192.0.2.53=slow",
            "WARNING - slow: 192.0.2.53 took 2.001 s for www.example.com, limit 1.5",
        ),
        (
            "--critical-time 1.5",
            "192.0.2.53=slow 192.0.2.54=no",
            "CRITICAL - 1 of 2 nameservers fails: 192.0.2.54 no answer, 1 more fault",
        ),
        (
            "--warning-time 1.5",
            "192.0.2.53=slow 192.0.2.54=10.0.0.1",
            "WARNING - slow: 192.0.2.53 took 2.001 s for www.example.com, limit 1.5",
        ),
    ];
    for (options, servers, line) in rows {
        assert_eq!(summary(options, &seen(&[NAME], servers, None, None)), line, "{options} {servers}");
    }
}
