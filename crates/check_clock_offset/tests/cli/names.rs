//! The real binary and names: a resolver of the test's own, which gives several addresses, none, or no
//! answer.

use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use suite::getent::{self, Getent};

use super::*;

/// Runs the plugin with these names.
fn check_with(names: &Getent, arguments: &[&str]) -> Outcome {
    let outcome = run(names.command(BINARY).args(arguments));
    assert_eq!(outcome.stderr, "", "{arguments:?}");
    outcome
}

fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), port)
}

fn good_agent() -> Responder {
    agent(|| integer(now()))
}

/// An address and a port that nothing else uses: kept open and silent.
fn silent(address: &str, port: u16) -> UdpSocket {
    UdpSocket::bind(at(address, port)).unwrap()
}

const FRESH: [&str; 2] = ["--oid=1.3.6.1.4.1.8072.9999.1.1.0", "--cache-time=0"];

#[test]
fn the_next_address_of_a_host_answers_where_one_refuses_or_is_silent() {
    let names = getent::fake("proxy7.localhost) printf '127.0.0.2 STREAM x\\n127.0.0.1 STREAM x\\n' ;;");
    let agent = good_agent();
    let (port, host) = (agent.address().port(), format!("--hostname=proxy7.localhost:{}", agent.port()));
    let answered = format!("CLOCK_OFFSET OK - proxy7.localhost:{port} (127.0.0.1) is right within ");
    let refused = check_with(&names, &[&FRESH[..], &[&host]].concat());
    assert!(refused.stdout.starts_with(&answered), "{}", refused.stdout);
    let silent = silent("127.0.0.2", port);
    let both = [&FRESH[..], &[&host]].concat();
    let outcome = in_time(Duration::from_secs(3), || check_with(&names, &both));
    assert!(outcome.stdout.starts_with(&answered), "{}", outcome.stdout);
    drop((silent, agent));
    let outcome = check_with(&names, &[&FRESH[..], &[&host, "--timeout=2:critical"]].concat());
    assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
    let line = format!("no SNMP answer from 127.0.0.2:{port} and 127.0.0.1:{port} (v2c, 1 try): connection ");
    assert!(text(&outcome).1.contains(&line), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(&format!("\n127.0.0.1:{port}: connection refused\n")));
}

/// Servers on the same port of several addresses, each ahead by some seconds.
fn pool(servers: &[(&str, f64)]) -> (Vec<Responder>, u16) {
    let mut port = 0;
    let mut start = |(address, ahead): &(&str, f64)| {
        let ahead = *ahead;
        let answers = move |question: &[u8]| vec![answer(question, ahead)];
        let server = Responder::start_on(at(address, port), answers).unwrap();
        port = server.address().port();
        server
    };
    let servers: Vec<Responder> = servers.iter().map(&mut start).collect();
    (servers, port)
}

#[test]
fn each_address_of_a_pool_has_a_vote() {
    let lines = "pool.localhost) for n in 2 2 3 4 5 6; do echo \"127.0.0.$n STREAM\"; done ;;";
    let names = getent::fake(lines);
    let (_servers, port) =
        pool(&[("127.0.0.2", 1800.0), ("127.0.0.3", 0.0), ("127.0.0.4", 0.0), ("127.0.0.5", 0.0)]);
    let ntp = format!("--ntp=pool.localhost:{port}");
    let outcome = check_with(&names, &[&ntp]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let line = format!(" of 3 of 4 NTP servers, falseticker pool.localhost:{port} (127.0.0.2)");
    assert!(text(&outcome).1.ends_with(&line), "{}", outcome.stdout);
    assert!(outcome.stdout.contains(" ntp_servers=3;;;0;4\n"), "{}", outcome.stdout);
    // The same addresses again are no more votes.
    let literal = format!("--ntp=127.0.0.2:{port}");
    let outcome = check_with(&names, &[&ntp, &literal]);
    assert!(outcome.stdout.contains(" ntp_servers=3;;;0;4\n"), "{}", outcome.stdout);
}

/// A name has more addresses than are asked. Those that are not asked are not duplicates.
#[test]
fn a_server_that_is_named_by_its_address_is_a_vote_in_any_order() {
    let names = getent::fake("pool.localhost) for n in 2 3 4 5 6; do echo \"127.0.0.$n STREAM\"; done ;;");
    let all = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"].map(|address| (address, 0.0));
    let (_servers, port) = pool(&all);
    let (name, literal) = (format!("--ntp=pool.localhost:{port}"), format!("--ntp=127.0.0.6:{port}"));
    for order in [[&*name, &literal], [&*literal, &name]] {
        let outcome = check_with(&names, &order);
        assert!(outcome.stdout.contains(" ntp_servers=5;;;0;5\n"), "{order:?}: {}", outcome.stdout);
    }
}

#[test]
fn this_machine_is_no_reference_for_itself() {
    let names =
        getent::fake("blocked) printf '0.0.0.0 STREAM\\n:: STREAM\\n' ;; ntp1) echo '127.0.1.1 STREAM' ;;");
    let (_server, good) = ntp(|question| vec![answer(question, -7.0)]);
    let by = "which is this machine: a blocklist or a hosts file?";
    for (arguments, code, line) in [
        (&["--ntp=blocked"][..], 3, format!("NTP server blocked: blocked resolves to 0.0.0.0, {by}")),
        (&["--hostname=blocked", "--timeout=3:critical"], 3, format!("blocked resolves to 0.0.0.0, {by}")),
        (
            &["--ntp=0.0.0.0"],
            3,
            "NTP server 0.0.0.0: 0.0.0.0 is not an address that a host can have".to_owned(),
        ),
        // None of them outvotes the one that is another machine. What may be a blocklist is a missing vote.
        (&["--ntp=blocked", "--ntp=ntp1", "--ntp=127.0.0.1", "--ntp=::1", &good], 1, String::new()),
    ] {
        let outcome = check_with(&names, arguments);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        match code {
            3 => assert_eq!(text(&outcome).1, format!("CLOCK_OFFSET UNKNOWN - {line}")),
            _ => assert!(text(&outcome).1.contains(" only 1 of 3 NTP servers gave"), "{}", outcome.stdout),
        }
    }
    let told = check_with(&names, &["--ntp=ntp1", &good]).stdout;
    assert!(
        told.contains(" fast by NTP server 127.0.0.1:") && told.contains(" ntp_servers=1;;;0;1\n"),
        "{told}"
    );
    assert!(
        told.contains(
            "\nNTP server ntp1: ntp1 resolves to 127.0.1.1, which is this machine: a hosts file?\n"
        ),
        "{told}"
    );
}

/// All hosts have one list of servers, and these hosts are servers too.
#[test]
fn this_machine_is_no_vote_that_is_missing() {
    let names = getent::fake("ntp[1-3]) echo '127.0.1.1 STREAM' ;; blocked) echo '0.0.0.0 STREAM' ;;");
    let (_server, good) = ntp(|question| vec![answer(question, 0.0)]);
    let dead = UdpSocket::bind("127.0.0.1:0").unwrap();
    let dead = format!("--ntp={}", dead.local_addr().unwrap());
    for own in ["--ntp=ntp1", "--ntp=127.0.0.1", "--ntp=::1"] {
        let outcome = check_with(&names, &[own, &good, &dead]);
        assert_eq!(outcome.code, Some(0), "{own}: {}", outcome.stdout);
        assert!(text(&outcome).1.ends_with(" of 1 of 2 NTP servers, 1 gave no time"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(" ntp_servers=1;;;0;2\n"), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(" this machine"), "{}", outcome.stdout);
        let silent = check_with(&names, &[own, &dead, "--timeout=2:critical"]);
        let line = format!("CLOCK_OFFSET CRITICAL - NTP server {}: ", &dead[6..]);
        assert!(silent.stdout.starts_with(&line), "{}", silent.stdout);
    }
    // Several names are not all this machine.
    let rows: [&[&str]; 4] = [
        &["--ntp=blocked", &good, &dead],
        &["--ntp=ntp1", "--ntp=ntp2", &good],
        &["--ntp=ntp1", "--ntp=blocked", &good],
        &["--ntp=ntp1", "--ntp=ntp2", "--ntp=ntp3", &good],
    ];
    for others in rows {
        let outcome = check_with(&names, others);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        let few = format!(" only 1 of {} NTP servers gave a time", others.len());
        assert!(text(&outcome).1.contains(&few), "{}", outcome.stdout);
    }
}

#[test]
fn an_address_of_a_pool_that_is_dead_has_a_substitute() {
    let names = getent::fake("pool.localhost) for n in 2 3 4 5 6 7; do echo \"127.0.0.$n STREAM\"; done ;;");
    let good = ["127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7"].map(|address| (address, 0.0));
    let (_servers, port) = pool(&good);
    let _silent = silent("127.0.0.3", port);
    let outcome = check_with(&names, &[&format!("--ntp=pool.localhost:{port}")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(text(&outcome).1.ends_with(" of 4 of 6 NTP servers, 2 gave no time"), "{}", outcome.stdout);
    let refused = format!("\nNTP server pool.localhost:{port} (127.0.0.2): connection refused\n");
    assert!(outcome.stdout.contains(&refused), "{}", outcome.stdout);
}

#[test]
fn a_resolver_that_hangs_is_the_silence_of_the_timeout() {
    let names = getent::fake("hang) exec sleep 60 ;;");
    let agent = good_agent();
    let host = format!("--hostname={}", agent.address());
    for (arguments, code, words) in [
        (&["--hostname=hang", "--timeout=1.2:critical"][..], 2, "resolving hang: no answer within 0."),
        (&["--ntp=hang", "--timeout=1.2:warning"], 1, "NTP server hang: resolving hang: no answer within 0."),
        (&["--ntp=hang", "--timeout=1.2"], 3, "NTP server hang: resolving hang: no answer within 0."),
        // The agent, which has an address, is asked, and not blamed.
        (
            &[&host, "--ntp=hang", "--timeout=1.5:critical"],
            2,
            " s, see check_resolver, by this monitor alone 127.0.0.1:",
        ),
    ] {
        // Without a host there is nobody to ask for a variable.
        let is_of_a_host = arguments.iter().any(|option| option.starts_with("--hostname"));
        let fresh = if is_of_a_host { &FRESH[..] } else { &[] };
        let outcome = check_with(&names, &[fresh, arguments].concat());
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        assert!(text(&outcome).1.contains(words), "{}", outcome.stdout);
        assert!(outcome.stdout.contains(" | offset=U;-5:5;-60:60 "), "{}", outcome.stdout);
    }
    let (_server, good) = ntp(|question| vec![answer(question, 0.0)]);
    let outcome = check_with(&names, &["--ntp=hang", &good, "--timeout=1.5"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(text(&outcome).1.ends_with(" of 1 of 2 NTP servers, 1 gave no time"), "{}", outcome.stdout);
}

#[test]
fn a_name_that_does_not_exist_is_unknown_whatever_the_timeout_says() {
    let names = getent::fake("*) exit 2 ;;");
    for (option, line) in [
        ("--hostname=nosuch", "resolving nosuch: no address found, see check_resolver"),
        ("--ntp=nosuch", "NTP server nosuch: resolving nosuch: no address found, see check_resolver"),
    ] {
        let outcome = check_with(&names, &[option, "--timeout=3:critical"]);
        assert_eq!(text(&outcome), (3, format!("CLOCK_OFFSET UNKNOWN - {line}").as_str()));
    }
}

#[test]
fn one_family_alone_is_asked_if_wanted() {
    let names = getent::fake(
        "proxy7.localhost) case $1 in ahostsv4) echo '127.0.0.1 STREAM' ;; ahostsv6) exit 2 ;; esac ;;",
    );
    let agent = good_agent();
    let host = format!("--hostname=proxy7.localhost:{}", agent.port());
    for option in ["-4", "--ipv4", "--source=127.0.0.1"] {
        let outcome = check_with(&names, &[&FRESH[..], &[&host, option]].concat());
        assert_eq!(outcome.code, Some(0), "{option}: {}", outcome.stdout);
    }
    for option in ["-6", "--source=::1"] {
        let outcome = check_with(&names, &[&FRESH[..], &[&host, option]].concat());
        let line = "CLOCK_OFFSET UNKNOWN - resolving proxy7.localhost: no IPv6 address found";
        assert_eq!(text(&outcome), (3, line), "{option}");
    }
}

#[test]
fn questions_come_from_the_source_and_it_must_be_bound_here() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let server = format!("--ntp={}", socket.local_addr().unwrap());
    let asked = std::thread::spawn(move || socket.recv_from(&mut [0; 512]).unwrap().1.ip().to_string());
    let silent = check(&[&server, "--source=127.0.0.9", "--timeout=0.5"]);
    assert_eq!(silent.code, Some(3), "{}", silent.stdout);
    assert_eq!(asked.join().unwrap(), "127.0.0.9");
    let foreign = check(&[&server, "--source=192.0.2.1"]);
    let line = "CLOCK_OFFSET UNKNOWN - --source=192.0.2.1 is not an address of this machine";
    assert_eq!(text(&foreign), (3, line));
}

#[test]
fn a_source_that_no_question_can_have_is_refused() {
    let (server, agent) = ("--ntp=127.0.0.1:9", "--hostname=127.0.0.2:9");
    for given in [&[server, "--source=::1"][..], &[agent, "--source=::1"], &[server, agent, "--source=::1"]] {
        let line = "CLOCK_OFFSET UNKNOWN - --source=::1: no host is asked at an IPv6 address";
        assert_eq!(text(&check(given)), (3, line), "{given:?}");
    }
    let other = check(&["--ntp=localhost:9", "-6", "--source=127.0.0.1"]);
    let line = "CLOCK_OFFSET UNKNOWN - --source=127.0.0.1: no host is asked at an IPv4 address";
    assert_eq!(text(&other), (3, line));
    // One of several is enough, whether of the sources or of the hosts.
    for given in [[server, "--source=127.0.0.1", "--source=::1"], [server, "--ntp=[::1]:9", "--source=::1"]] {
        let outcome = check(&[&given[..], &["--timeout=2"]].concat());
        assert!(!outcome.stdout.contains("no host is asked"), "{given:?}: {}", outcome.stdout);
    }
}

#[test]
fn a_run_that_is_stopped_says_what_it_knows() {
    let start = now() + 600;
    let (asked, heard) = std::sync::mpsc::channel();
    // A value that never moves is as old as it can be: it is read again and again.
    let agent = agent(move || {
        let _ = asked.send(());
        integer(start)
    });
    let host = format!("--hostname={}", agent.address());
    let mut command = Command::new(BINARY);
    command.args([&host, FRESH[0], "--timeout=20"]).stdout(Stdio::piped());
    let child: Child = command.spawn().unwrap();
    // Each question takes two values; with the second question the first answer has been judged.
    for _ in 0..3 {
        heard.recv_timeout(Duration::from_secs(15)).unwrap();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(line.starts_with("CLOCK_OFFSET CRITICAL - stopped by SIGTERM after "), "{line}");
    assert!(line.contains(", partial: 1 of 1 answered, 127.0.0.1:"), "{line}");
}

/// A run with four servers, of which the first ones are these seconds ahead and the others silent, stopped
/// once those have answered: what it says after "partial: ".
fn stopped_with_servers(ahead: &'static [f64], more: &[&str]) -> (Option<i32>, String) {
    let (answered, heard) = std::sync::mpsc::channel();
    let servers: Vec<(Responder, String)> = (0..4)
        .map(|number| {
            let answered = answered.clone();
            ntp(move |question| {
                let answers = ahead.get(number).map(|ahead| answer(question, *ahead));
                answers.inspect(|_| answered.send(()).unwrap()).into_iter().collect()
            })
        })
        .collect();
    let mut command = Command::new(BINARY);
    command.args(servers.iter().map(|(_, option)| option)).args(more).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    for _ in ahead {
        heard.recv_timeout(Duration::from_secs(15)).unwrap();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap().lines().next().unwrap().to_owned();
    (
        output.status.code(),
        line.split_once(" s, partial: ").map_or(line.clone(), |(_, known)| known.to_owned()),
    )
}

/// The run is stopped when the answers are on their way: where the signal is faster, or the others' time
/// over, it is run again.
#[test]
fn a_run_that_is_stopped_tells_the_answers_of_servers() {
    let rows: [(&[f64], i32, &str); 3] = [
        (&[-90.0; 3], 2, "3 of 4 answered, this host is "),
        (&[0.0; 3], 3, "3 of 4 answered, this host is right within 0."),
        // The others could be right.
        (&[-90.0; 2], 3, "2 of 4 answered, this host is "),
    ];
    for (ahead, code, start) in rows {
        let mut seen = (None, String::new());
        for _ in 0..20 {
            seen = stopped_with_servers(ahead, &["--timeout=20"]);
            if seen.1.starts_with(&start[..17]) {
                break;
            }
        }
        assert_eq!(seen.0, Some(code), "{}", seen.1);
        assert!(seen.1.starts_with(start) && seen.1.contains(" | offset="), "{}", seen.1);
        assert!(seen.1.contains(&format!(" ntp_servers={};;;0;4", ahead.len())), "{}", seen.1);
    }
}

/// The resolver of a run that is stopped would wait on for a silent nameserver.
#[test]
fn no_getent_outlives_a_run_that_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("number");
    let new = folder.path().join("new");
    let cases = format!(
        "hang) echo $$ >{new}; mv {new} {file}; exec sleep 60 ;;",
        new = new.display(),
        file = file.display()
    );
    let names = getent::fake(&cases);
    let child =
        names.command(BINARY).args(["--ntp=hang", "--timeout=60"]).stdout(Stdio::piped()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let number: i32 = loop {
        match fs::read_to_string(&file) {
            Ok(number) => break number.trim().parse().unwrap(),
            Err(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(10)),
            Err(why) => panic!("getent was not started: {why}"),
        }
    };
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("CLOCK_OFFSET UNKNOWN - stopped by SIGTERM after "), "{line}");
    // Whoever has become its parent reaps it.
    let is_running = || {
        let status = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    while is_running() {
        assert!(Instant::now() < until, "getent still runs, as {number}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
