//! Tests of the order in which clients ask, and of what is asked again.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::*;

/// The answer of a SOCKS5 server to a stranger does not tell which login it wants.
#[test]
fn clients_of_socks_wait_for_no_offer() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = RequestOptions {
        socks: true,
        ..RequestOptions::sample(Duration::from_secs(30), Duration::from_secs(30))
    };
    let clients = Clients {
        options: &options,
        proxy,
        url: &"http://192.0.2.80/NONCE".parse().unwrap(),
        suspicion: &Suspicion::default(),
        strangers: Strangers::Refuse,
        login: None,
        random: &random_login(),
        tries: 1,
        waiting: &AtomicUsize::new(0),
    };
    let (silent, start) = (Hint::default(), Instant::now());
    assert_eq!(clients.offers(&silent, 0, false).map(|offers| offers.len()), Ok(0));
    assert_eq!(clients.ask_at_random(&silent).unwrap().fault, Some(Fault::Refused));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

/// Asks a proxy for a page as the customer, who has up to two tries.
fn ask(proxy: SocketAddr, options: &RequestOptions, suspicion: &Suspicion, login: Option<&Login>) -> Answer {
    let clients = Clients {
        options,
        proxy,
        url: &"http://192.0.2.80/NONCE".parse().unwrap(),
        suspicion,
        strangers: if login.is_some() { Strangers::Refuse } else { Strangers::Allow },
        login,
        random: &random_login(),
        tries: 2,
        waiting: &AtomicUsize::new(0),
    };
    clients.ask().customer.unwrap()
}

/// Who reads the lines of -v must see each request that had the password.
#[test]
fn a_login_that_the_end_of_the_run_cuts_short_is_no_secret() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = RequestOptions::sample(Duration::from_secs(1), Duration::from_millis(2_300));
    let login = Login { user: "cust".to_owned(), password: "x".to_owned() };
    let answer = ask(silent.local_addr().unwrap(), &options, &Suspicion::default(), Some(&login));
    assert_eq!((answer.scheme, answer.took.is_some()), (Some("Basic"), true));
    // The stranger and the unknown user waited long enough.
    assert_eq!(answer.fault, Some(Fault::Silent));
}

/// In so short a time, a proxy that is well may not have offered Digest yet.
#[test]
fn a_short_run_sends_no_login_at_a_guess() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = RequestOptions {
        least: LEAST,
        ..RequestOptions::sample(Duration::from_secs(1), Duration::from_secs(4))
    };
    let login = Login { user: "cust".to_owned(), password: "x".to_owned() };
    let answer = ask(silent.local_addr().unwrap(), &options, &Suspicion::default(), Some(&login));
    let sent = answer.before.iter().chain([&answer]).any(|answer| answer.took.is_some());
    assert_eq!((answer.fault, sent), (Some(Fault::Silent), false));
}

/// One proxy alone does not raise the suspicion that needs two.
#[test]
fn a_proxy_that_is_silent_to_all_is_counted_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = RequestOptions::sample(Duration::from_millis(300), Duration::from_secs(30));
    let login = Login { user: "cust".to_owned(), password: "x".to_owned() };
    let suspicion = Suspicion::default();
    let answer = ask(silent.local_addr().unwrap(), &options, &suspicion, Some(&login));
    assert_eq!((answer.fault, answer.before.len()), (Some(Fault::Silent), 1));
    assert!(suspicion.is_raised(1) && !suspicion.is_raised(2), "{suspicion:?}");
}

#[test]
fn a_try_that_the_end_of_the_run_cuts_short_is_listed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        let _ = first.read(&mut [0; 1024]).and_then(|_| first.write_all(b"HTTP/1.1 503 No\r\n\r\n"));
        drop(first);
        let _second = listener.accept().unwrap();
        thread::park();
    });
    let options = RequestOptions::sample(Duration::from_secs(30), Duration::from_secs(2));
    let answer = ask(proxy, &options, &Suspicion::default(), None);
    assert!(matches!(answer.fault, Some(Fault::Status(Status { code: 503, .. }))), "{answer:?}");
    let after: Vec<_> = answer.after.iter().map(|later| later.fault.clone()).collect();
    assert_eq!(after, [Some(Fault::Silent)]);
}

/// The page is searched for in answers to strangers, who must not get it.
#[test]
fn the_page_is_looked_for_where_it_must_not_come() {
    let page = "HTTP/1.1 403 No\r\nContent-Length: 21\r\n\r\npong 0123456789abcdef";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(page.as_bytes()));
        }
    });
    let options = RequestOptions::sample(Duration::from_secs(30), Duration::from_secs(30));
    let url = "http://192.0.2.80/NONCE".parse().unwrap();
    let login = Login { user: "cust".to_owned(), password: "x".to_owned() };
    let rows = [
        (As::Stranger, true),
        (As::Random(&login, &Scheme::Basic), true),
        (As::Customer(None), false),
        (As::Customer(Some((&login, &Scheme::Basic))), false),
    ];
    for (who, came) in rows {
        assert_eq!(options.ask(proxy, &url, who).came, came, "{who:?}");
    }
}

/// A port that takes no connection for a moment, and then serves all, is open.
#[test]
fn whose_connection_was_not_made_is_asked_again() {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let proxy = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
    thread::spawn(move || {
        thread::sleep(PAUSE / 2);
        listen(&socket, 16).unwrap();
        for mut stream in TcpListener::from(socket).incoming().flatten() {
            let mut room = [0; 1024];
            let length = stream.read(&mut room).unwrap_or_default();
            let request = String::from_utf8_lossy(&room[..length]).into_owned();
            let nonce = request.split([' ', '/']).nth(4).unwrap_or_default().to_owned();
            let page = format!("pong {nonce}");
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len());
        }
    });
    let options = RequestOptions::sample(Duration::from_secs(5), Duration::from_secs(30));
    let clients = Clients {
        options: &options,
        proxy,
        url: &"http://192.0.2.80/NONCE".parse().unwrap(),
        suspicion: &Suspicion::default(),
        strangers: Strangers::Refuse,
        login: Some(&Login { user: "cust".to_owned(), password: "x".to_owned() }),
        random: &random_login(),
        tries: 2,
        waiting: &AtomicUsize::new(0),
    };
    let seen = clients.ask();
    assert!(seen.has_served(), "{seen:?}");
    let others: Vec<Got> = seen.of_others().map(got).collect();
    assert_eq!(others, [Got::Page, Got::Page]);
}
