//! What the fuzz targets feed: everything that reads what a proxy sends.

use std::io::Read;

use crate::challenge::parse;
use crate::http::Reader;
use crate::login::{Login, choose};
use crate::page::Expected;
use crate::socks;
use crate::url::Url;

/// Reads an answer of HTTP, its page and its challenges, and answers these.
pub fn answer(octets: &[u8]) {
    let mut reader = Reader::new(octets);
    let Ok(head) = reader.head() else { return };
    let (page, _) = reader.page(&head);
    let login = Login { user: "u".to_owned(), password: "p ä%".to_owned() };
    let secrets = login.secrets();
    let _ = head.status(&secrets);
    let _ = secrets.mask(&String::from_utf8_lossy(&page));
    let expected =
        Expected { text: "pong NONCE from PROXY".to_owned(), not: vec!["X-Forwarded-For".to_owned()] };
    let _ = expected.judge(&page, "0123456789abcdef", Some(std::net::Ipv4Addr::LOCALHOST.into()));
    if let Ok(scheme) = choose(&parse(head.all("Proxy-Authenticate"))) {
        let _ = scheme.authorization(&login, "GET", "/", "0");
    }
}

/// Reads the reply of a SOCKS5 server.
pub fn socks_reply(mut octets: impl Read) {
    let _ = socks::take_reply(&mut octets);
}

/// Reads the address of a page, and returns how it prints.
pub fn url(text: &str) -> Option<String> {
    Some(text.parse::<Url>().ok()?.to_string())
}
