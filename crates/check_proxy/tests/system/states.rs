//! Every state of one proxy, one row each: what it does, and what the plugin says. All of them run side by
//! side on a host that has no other network.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;

use suite::host::{Host, bare};
use suite::needs::{Need, missing};
use suite::process::run;

use crate::fake::{Origin, Who, answer, hang, listen_tls, nonce, page, proxy, refusal, tunnel};
use crate::{inside, room_for_neighbours};

type Serve = Box<dyn Fn(Who, &str, &mut TcpStream) + Send + Sync>;

/// Where the proxies are, each on a port of its own.
pub(crate) const ADDRESS: &str = "192.0.2.1";
const CONNECTED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// Answers everyone by a text.
pub(crate) fn says(text: impl Fn(Who, &str) -> String + Send + Sync + 'static) -> Serve {
    Box::new(move |who, head, stream| drop(stream.write_all(text(who, head).as_bytes())))
}

/// Answers the customer by a text, and refuses others.
pub(crate) fn to_customer(text: impl Fn(&str) -> String + Send + Sync + 'static) -> Serve {
    says(move |who, head| if who == Who::Customer { text(head) } else { refusal() })
}

/// Serves these by http and https as a proxy does, and refuses others.
fn serves(https: u16, serves: impl Fn(Who, bool) -> bool + Send + Sync + 'static) -> Serve {
    Box::new(move |who, head, stream| match head.starts_with("CONNECT") {
        secure if !serves(who, secure) => drop(stream.write_all(refusal().as_bytes())),
        true => tunnel((ADDRESS, https), stream),
        false => drop(stream.write_all(page(head, ADDRESS).as_bytes())),
    })
}

/// Opens a tunnel for the customer, and does this in it.
fn in_tunnel(act: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Serve {
    Box::new(move |who, _, stream| match who {
        Who::Customer => {
            let _ = stream.write_all(CONNECTED);
            act(stream);
        }
        _ => drop(stream.write_all(refusal().as_bytes())),
    })
}

/// Refuses these, and keeps silent to others.
fn hangs_for(hangs: impl Fn(Who) -> bool + Send + Sync + 'static) -> Serve {
    Box::new(
        move |who, _, stream| {
            if hangs(who) { hang(stream) } else { drop(stream.write_all(refusal().as_bytes())) }
        },
    )
}

/// Disconnecting a socket resets its connection.
fn reset(stream: &mut TcpStream) {
    let _ = rustix::net::connect_unspec(&*stream);
}

/// Serves customers, and answers CONNECT to any other target by this text: silence where it is empty.
fn forbids(text: &'static str) -> Serve {
    Box::new(move |who, head, stream| match (who, head.starts_with("CONNECT 192.0.2.9:22 "), text) {
        (Who::Stranger | Who::Unknown, ..) => drop(stream.write_all(refusal().as_bytes())),
        (_, false, _) => drop(stream.write_all(page(head, ADDRESS).as_bytes())),
        (_, true, "") => hang(stream),
        (_, true, text) => drop(stream.write_all(text.as_bytes())),
    })
}

/// Serves the customer, whose login it has kept, and asks its helper for others in vain.
fn keeps_logins() -> Serve {
    Box::new(|who, head, stream| match who {
        Who::Stranger => drop(stream.write_all(refusal().as_bytes())),
        Who::Unknown => hang(stream),
        Who::Customer => drop(stream.write_all(page(head, ADDRESS).as_bytes())),
    })
}

/// What a proxy does, the further arguments, and the line without its performance data: `OK` stands for that
/// of a proxy that is as it should be, else it begins with the state.
type Row = (Serve, String, &'static str);

fn rows(origin: &Origin, other: u16) -> Vec<Row> {
    let (http, https, both) =
        (origin.url("pong"), origin.https_url(), origin.url("pong") + " " + &origin.https_url());
    let secure = origin.https;
    let forbid = format!("{http} --forbid=192.0.2.9:22");
    let of = |serve: Serve, arguments: &str, line| (serve, arguments.to_owned(), line);
    let status = |status: &'static str, lines: &'static str| to_customer(move |_| answer(status, lines, ""));
    let customer = |who| who == Who::Customer;
    let hangs = |who| who != Who::Stranger;
    let mut rows = vec![
        of(serves(secure, move |who, _| customer(who)), &both, "OK"),
        of(serves(secure, move |who, _| customer(who)), &origin.url("chunked"), "OK"),
        of(to_customer(|head| format!("HTTP/1.1 103 Early\r\n\r\n{}", page(head, ADDRESS))), &http, "OK"),
        of(
            to_customer(|head| format!("HTTP/1.0 200 OK\r\n\r\npong {} from {ADDRESS}", nonce(head))),
            &http,
            "OK",
        ),
        of(
            says(
                move |who, head| {
                    if customer(who) { page(head, ADDRESS) } else { answer("403 Forbidden", "", "") }
                },
            ),
            &http,
            "OK",
        ),
        of(
            says(move |who, head| if customer(who) { page(head, ADDRESS) } else { String::new() }),
            &http,
            "OK",
        ),
        of(says(|_, _| refusal()), &format!("{both} --strangers=only"), "OK - 192.0.2.1 refuses strangers"),
        of(serves(secure, |who, _| who != Who::Unknown), &format!("{both} --strangers=allow"), "OK"),
        of(forbids("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), &forbid, "OK"),
        of(forbids("HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n"), &forbid, "OK"),
        of(serves(secure, |_, _| true), &both, "open: serves strangers by http and https"),
        of(
            serves(secure, move |who, secure| secure || customer(who)),
            &both,
            "open: serves strangers by https",
        ),
        of(
            serves(secure, move |who, secure| !secure || customer(who)),
            &both,
            "open: serves strangers by http",
        ),
        of(
            serves(secure, |_, _| true),
            &format!("{both} --strangers=only"),
            "open: serves strangers by http and https",
        ),
        of(
            says(move |who, head| {
                if customer(who) {
                    page(head, ADDRESS)
                } else {
                    page(head, ADDRESS).replacen("200 OK", "407 No", 1)
                }
            }),
            &http,
            "open: the 407 carries the page",
        ),
        of(serves(secure, |who, _| who != Who::Stranger), &both, "takes any password"),
        of(keeps_logins(), &http, "answers no new login: its authentication helper hangs or is slow"),
        of(
            serves(secure, move |who, secure| customer(who) || (secure && who == Who::Unknown)),
            &both,
            "takes any password for https",
        ),
        of(forbids("HTTP/1.1 200 OK\r\n\r\n"), &forbid, "lets customers through to 192.0.2.9:22"),
        of(forbids("HTTP/1.1 503 No\r\n\r\n"), &forbid, "lets customers through to 192.0.2.9:22"),
        of(forbids(""), &forbid, "lets customers through to 192.0.2.9:22"),
        of(to_customer(|head| page(head, "192.0.2.99")), &http, "leaves by 192.0.2.99"),
        of(
            to_customer(|head| {
                answer(
                    "200 OK",
                    "",
                    &format!("pong {} from {ADDRESS}\nx-forwarded-for: 10.0.0.1", nonce(head)),
                )
            }),
            &http,
            "the page sees X-Forwarded-For",
        ),
        of(says(|_, _| refusal()), &both, "password refused (407)"),
        of(
            serves(secure, move |who, secure| customer(who) && !secure),
            &both,
            "password refused (407 for https)",
        ),
        of(status("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0\r\n"), &both, "403 ERR_ACCESS_DENIED"),
        of(
            Box::new(move |who, head, stream| match (who, head.starts_with("CONNECT")) {
                (Who::Customer, true) => drop(stream.write_all(
                    answer("403 Forbidden", "X-Squid-Error: ERR_ACCESS_DENIED 0\r\n", "").as_bytes(),
                )),
                (Who::Customer, false) => drop(stream.write_all(page(head, ADDRESS).as_bytes())),
                _ => drop(stream.write_all(refusal().as_bytes())),
            }),
            &both,
            "403 ERR_ACCESS_DENIED for https",
        ),
        of(status("503 No", "X-Squid-Error: ERR_CONNECT_FAIL 111\r\n"), &http, "503 ERR_CONNECT_FAIL"),
        of(status("429 Too many", ""), &http, "429"),
        of(
            status("302 Found", "Location: https://portal.example.net/?t=secret\r\n"),
            &http,
            "302 to portal.example.net",
        ),
        of(
            to_customer(|head| answer("200 OK", "", &format!("blocked: {head}"))),
            &http,
            "another page in place of ours",
        ),
        of(
            to_customer(|_| answer("200 OK", "", "pong 0123456789abcdef from 192.0.2.1")),
            &http,
            "an old copy of the page",
        ),
        of(
            to_customer(|head| format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\npong {}", nonce(head))),
            &http,
            "page cut",
        ),
        of(
            to_customer(|_| "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\npong".to_owned()),
            &http,
            "page cut",
        ),
        of(to_customer(|_| answer("200 OK", "", &"x".repeat(300_000))), &http, "page longer than 256 KiB"),
    ];
    rows.extend([
        of(in_tunnel(|_| {}), &https, "CONNECT 200, then closed"),
        of(in_tunnel(reset), &https, "CONNECT 200, then reset"),
        of(
            in_tunnel(|stream| {
                drop(stream.write_all(b"220 mail.example.com\r\n220 more than a record of TLS\r\n"))
            }),
            &https,
            "no TLS after CONNECT",
        ),
        of(in_tunnel(hang), &https, "tunnel opened, then no answer"),
        of(
            Box::new(move |who, _, stream| match who {
                Who::Customer => tunnel((ADDRESS, other), stream),
                _ => drop(stream.write_all(refusal().as_bytes())),
            }),
            &https,
            "wrong certificate after CONNECT: ",
        ),
        of(
            to_customer(|_| "220 mail.example.com ESMTP\r\n".to_owned()),
            &http,
            "no HTTP: 220 mail.example.com ESMTP",
        ),
        of(
            to_customer(|_| format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(100_000))),
            &http,
            "header without end",
        ),
        of(
            Box::new(move |who, _, stream| match who {
                Who::Customer => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le");
                    hang(stream);
                }
                _ => drop(stream.write_all(refusal().as_bytes())),
            }),
            &http,
            "answer incomplete at the deadline",
        ),
        of(to_customer(|_| String::new()), &http, "closed without an answer"),
        of(
            Box::new(|who, _, stream| {
                if who == Who::Customer {
                    reset(stream)
                } else {
                    drop(stream.write_all(refusal().as_bytes()))
                }
            }),
            &http,
            "reset without an answer",
        ),
        of(
            hangs_for(hangs),
            &http,
            "refuses strangers, does not answer any login: its authentication helper hangs",
        ),
        of(
            hangs_for(customer),
            &http,
            "takes the password, then no page: its DNS or its way to the page hangs",
        ),
        of(hangs_for(|_| true), &http, "connects, no answer"),
        of(hangs_for(|_| true), &https, "connects, no answer"),
        of(
            says(|_, _| {
                answer("407 No", "Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n", "")
            }),
            &http,
            "UNKNOWN - 192.0.2.1 offers NTLM and Negotiate only, which this check does not speak",
        ),
        of(
            says(|_, _| refusal()),
            &format!("{http} --username=a:b"),
            "UNKNOWN - 192.0.2.1 wants Basic, which takes no user name with a colon",
        ),
    ]);
    rows
}

/// What is there without any proxy: the address, the port, and what is said.
const NONE: [(&str, &str, &str); 5] = [
    ("192.0.2.1", "9", "CRITICAL - 192.0.2.1 refused"),
    ("192.0.2.1", "99", "CRITICAL - 192.0.2.1 no answer"),
    ("198.51.100.1", "3128", "UNKNOWN - 198.51.100.1 no route from here"),
    ("198.51.100.2", "3128", "UNKNOWN - 198.51.100.2 prohibited here"),
    ("198.51.100.3", "3128", "UNKNOWN - 198.51.100.3 no route from here"),
];

#[test]
fn each_has_its_line() {
    if missing(&NEEDS) {
        return;
    }
    let _room = room_for_neighbours();
    let host = machine();
    inside(&host, || {
        let origin = Origin::start();
        hold(&host, &origin, &started(&origin));
    });
}

/// What a host needs on which all of these states are.
pub(crate) const NEEDS: [Need; 4] =
    [Need::Root, Need::Program("ip"), Need::Program("nft"), Need::Program("openssl")];

/// A host with the address of all proxies, and with addresses and a port that take no connection.
pub(crate) fn machine() -> Host {
    let host = bare();
    host.ip_batch("addr add 192.0.2.1/32 dev lo\nroute add prohibit 198.51.100.2/32\n");
    let rules = "add table inet x; add chain inet x i { type filter hook input priority 0; }; \
                 add rule inet x i tcp dport 99 drop";
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    host
}

/// Starts the proxies of all states, and returns the arguments with the line for each.
pub(crate) fn started(origin: &Origin) -> Vec<(String, &'static str)> {
    let other = listen_tls(&Origin::start().authority.sign("other", "subjectAltName=IP:127.0.0.1"));
    let none = NONE
        .map(|(address, port, line)| (format!("--ip={address} --port={port} {}", origin.url("pong")), line));
    let rows = rows(origin, other).into_iter().map(|(serve, arguments, line)| {
        (format!("--ip={ADDRESS} --port={} {arguments}", proxy(serve)), line)
    });
    rows.chain(none).collect()
}

/// Runs all rows side by side, and names those whose line is another one.
pub(crate) fn hold(host: &Host, origin: &Origin, rows: &[(String, &str)]) {
    let wrong: Vec<String> = thread::scope(|scope| {
        let run = |(arguments, line): &'_ (String, &str)| {
            let (arguments, line) = (arguments.clone(), (*line).to_owned());
            scope.spawn(move || inside(host, || wrong(origin, &arguments, &line)))
        };
        let running: Vec<_> = rows.iter().map(run).collect();
        running.into_iter().filter_map(|running| running.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is said, if it is not the line of the row.
pub(crate) fn wrong(origin: &Origin, arguments: &str, line: &str) -> Option<String> {
    let login = origin.login();
    let fixed = ["--not-expect=X-Forwarded-For", "--tries=1", "--no-direct", "--connect-timeout=1.5"];
    let login = Some(login.as_str()).filter(|_| !arguments.contains("--strangers=only"));
    let all: Vec<&str> = fixed.into_iter().chain(login).chain(arguments.split(' ')).collect();
    let outcome = origin.check(&all);
    let said = outcome.first_line().split(" | ").next().unwrap().strip_prefix("PROXY ").unwrap_or_default();
    let is_right = match line {
        "OK" => said.starts_with("OK - 192.0.2.1 serves customers in "),
        line if line.contains(" - ") => said == line,
        // What rustls says of a certificate is its own.
        line if line.ends_with(": ") => said.starts_with(&format!("CRITICAL - {ADDRESS} {line}")),
        line => said == format!("CRITICAL - {ADDRESS} {line}"),
    };
    (!is_right).then(|| format!("{line}: {}", outcome.stdout))
}
