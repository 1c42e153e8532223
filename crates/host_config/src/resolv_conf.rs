//! resolv.conf(5) as the GNU C library reads it (resolv/res_init.c), which differs from what the page and
//! other readers say:
//!
//! - a keyword begins in the first column, a blank or a tab follows it, and case matters;
//! - what follows the address after a blank is ignored; anything else, as `#53` or a carriage return, belongs
//!   to the address;
//! - the last line of `search` and `domain` wins; `domain` takes one word, `search` all of them;
//! - options add up, each is known by how it starts, and unknown ones are ignored.
//!
//! It tells what the file means. Which servers are asked, and what that is worth, is the plugins' part.

mod number;
mod options;
mod server;
mod words;

use std::collections::BTreeMap;

use server::{NO_BREAK_SPACE, shown};
pub use server::{NotAServer, Server};
use words::{BLANKS, words};

/// What some editors write before the first line of a file in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many servers the C library asks (resolv.h, MAXNS).
pub const SERVERS_ASKED: usize = 3;

/// What a resolv.conf means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvConf {
    /// The servers in their order, each as often as it is there, with the number of its line, from 1. The C
    /// library asks the first [`SERVERS_ASKED`], and 127.0.0.1 if there is none.
    pub servers: Vec<(usize, Server)>,
    /// The domains to search, as they are written, without a carriage return at their end.
    pub search: Vec<String>,
    /// The options that change what the library does, with the number where one belongs to it.
    pub options: BTreeMap<&'static str, Option<i32>>,
    /// The words of `sortlist`.
    pub sortlist: Vec<String>,
    /// The lines that are meant as a server and give none, and second addresses on a line.
    pub ignored: Vec<IgnoredServer>,
    /// The keywords of lines whose last value ends in a carriage return, which is part of it.
    pub carriage_returns: Vec<&'static str>,
}

/// A line that is meant as a server and gives none, or the second address of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredServer {
    /// The number of the line, from 1.
    pub line: usize,
    /// Why it is ignored.
    pub why: NotAServer,
}

impl ResolvConf {
    /// Parses the content of the file. Any octets give a result.
    pub fn parse(content: &[u8]) -> Self {
        let mut conf = Self::default();
        if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
            conf.ignored.push(IgnoredServer { line: 1, why: NotAServer::Utf16 });
        }
        for (number, line) in (1..).zip(content.split(|octet| *octet == b'\n')) {
            // The C library handles lines as strings that end with NUL.
            let line = line.split(|octet| *octet == 0).next().unwrap_or_default();
            conf.add_line(number, &String::from_utf8_lossy(line));
        }
        conf.options.retain(|name, value| !options::is_default(name, *value));
        conf
    }

    fn add_line(&mut self, number: usize, line: &str) {
        let former = self.ignored.len();
        self.add_keyword(number, line);
        if self.ignored.len() == former && has_another_server(line) {
            self.ignored.push(IgnoredServer { line: number, why: NotAServer::CarriageReturns });
        }
    }

    fn add_keyword(&mut self, number: usize, line: &str) {
        if let Some(value) = value(line, "nameserver") {
            self.add_server(number, value);
        } else if let Some(value) = value(line, "domain") {
            self.set_search("domain", words(value).take(1));
        } else if let Some(value) = value(line, "search") {
            self.set_search("search", words(value));
        } else if let Some(value) = value(line, "options") {
            self.options.extend(options::read_all(value));
        } else if let Some(value) = value(line, "sortlist") {
            self.sortlist.extend(words(value).map(|word| word.trim_end_matches('\r').to_owned()));
        } else if let Some(why) = meant_as_a_server(line) {
            self.ignored.push(IgnoredServer { line: number, why });
        }
    }

    fn add_server(&mut self, line: usize, value: &str) {
        let address = words(value).next().unwrap_or_default();
        match Server::parse(address) {
            Ok(server) => {
                self.servers.push((line, server));
                let second = words(value).nth(1).filter(|word| is_address(word));
                let why = second.map(|word| NotAServer::Second(word.to_owned()));
                self.ignored.extend(why.map(|why| IgnoredServer { line, why }));
            }
            Err(why) => {
                if why == NotAServer::CarriageReturn {
                    self.carriage_returns.push("nameserver");
                }
                self.ignored.push(IgnoredServer { line, why });
            }
        }
    }

    fn set_search<'a>(&mut self, keyword: &'static str, words: impl Iterator<Item = &'a str>) {
        let words: Vec<&str> = words.collect();
        let Some(last) = words.last() else { return };
        if last.ends_with('\r') {
            self.carriage_returns.push(keyword);
        }
        let bare = words.iter().map(|word| word.strip_suffix('\r').unwrap_or(word));
        self.search = bare.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    }
}

/// Returns what follows the keyword and a blank: `None` if the line has another one.
fn value<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    line.strip_prefix(keyword).filter(|rest| rest.starts_with(BLANKS))
}

/// Returns why a line is not read as a server although it looks like one.
fn meant_as_a_server(line: &str) -> Option<NotAServer> {
    let marked = line.strip_prefix(BYTE_ORDER_MARK);
    let bare = marked.unwrap_or(line).trim_start_matches([' ', '\t', '\r', '\x0b', '\x0c']);
    let Some(rest) = bare.strip_prefix("nameserver") else { return another_keyword(bare) };
    match rest {
        "" | "\r" => Some(NotAServer::Empty),
        _ if !rest.starts_with(BLANKS) => another_keyword(bare),
        _ if marked.is_some() => Some(NotAServer::ByteOrderMark),
        _ => Some(NotAServer::Indented),
    }
}

/// Returns why a line with an address is not a nameserver line: its keyword is misspelled, or no blank
/// follows it.
fn another_keyword(line: &str) -> Option<NotAServer> {
    const SIGNS: [char; 3] = [':', '=', NO_BREAK_SPACE];
    let is_marked = line.starts_with(NO_BREAK_SPACE);
    let line = line.trim_start_matches(NO_BREAK_SPACE);
    let end = line.find(|letter: char| !letter.is_ascii_alphabetic())?;
    let (keyword, rest) = line.split_at_checked(end)?;
    if !["nameserver", "nameservers"].iter().any(|known| keyword.eq_ignore_ascii_case(known)) {
        return None;
    }
    let bare = rest.trim_start_matches(BLANKS);
    let sign = bare.strip_prefix(SIGNS).map(|rest| rest.trim_start_matches(BLANKS));
    let begins = |text: &&str| text.split(char::is_whitespace).next().is_some_and(is_address);
    // ::1 begins like a sign.
    let address = Some(bare).into_iter().chain(sign).find(begins)?;
    let (written, _) = line.split_at_checked(line.len() - address.len())?;
    Some(match is_marked || written.contains(NO_BREAK_SPACE) {
        true => NotAServer::NoBreakSpace,
        false => NotAServer::Keyword(shown(written.trim_end())),
    })
}

/// Whether a word is an address as one writes it: the C library takes plain numbers too.
fn is_address(word: &str) -> bool {
    word.contains(['.', ':']) && Server::parse(word).is_ok()
}

/// Whether a line goes on with a server after a carriage return, which ends no line.
fn has_another_server(line: &str) -> bool {
    line.split('\r').skip(1).any(|rest| value(rest, "nameserver").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file's meaning in words: servers, search list, options, ignored lines, lines that end in CR.
    fn read(text: &str) -> String {
        let conf = ResolvConf::parse(text.as_bytes());
        let servers = conf.servers.iter().map(|(_, server)| server.to_string());
        let options = conf.options.iter().map(|(name, value)| match value {
            Some(value) => format!("{name}{value}"),
            None => (*name).to_owned(),
        });
        let ignored = conf.ignored.iter().map(|ignored| format!("!{} {}", ignored.line, ignored.why));
        let returns = conf.carriage_returns.iter().map(|keyword| format!("CR {keyword}"));
        let search = conf.search.iter().cloned();
        servers.chain(search).chain(options).chain(ignored).chain(returns).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn is_read_as_the_c_library_reads_it() {
        let before = "nameserver and a blank must stand before the address";
        let rows = [
            ("", ""),
            ("nameserver 192.0.2.1\nnameserver\t192.0.2.2", "192.0.2.1, 192.0.2.2"),
            ("nameserver 192.0.2.1 # office\nnameserver 192.0.2.2 nonsense\n", "192.0.2.1, 192.0.2.2"),
            // Every form of inet_aton(3).
            ("nameserver 134744072\nnameserver 1.1\n", "8.8.8.8, 1.0.0.1"),
            ("nameserver 010.0.0.53\nnameserver 0xc0.0.2.53\n", "8.0.0.53, 192.0.2.53"),
            ("nameserver 192.0.2.053\nnameserver 0\n", "192.0.2.43, 0.0.0.0"),
            ("nameserver 192.0.2.1#x\n", "!1 192.0.2.1#x is not an address"),
            ("nameserver 192.0.2.1;x\n", "!1 a semicolon follows 192.0.2.1"),
            ("nameserver 192.0.2.1;\n", "!1 a semicolon follows 192.0.2.1"),
            ("nameserver ::1, ::2\n", "!1 a comma follows ::1"),
            ("nameserver ::1#53\n", "!1 ::1#53 is not an address"),
            ("nameserver 192.0.2.1\r\n", "!1 it ends with a carriage return, CR nameserver"),
            // After a blank it is not part of the address.
            (
                "nameserver 192.0.2.1 \r\ndomain a.example \r\noptions rotate\r\n",
                "192.0.2.1, a.example, rotate",
            ),
            // A search list has it as one more domain.
            ("search a.example \r\n", "a.example, CR search"),
            ("search a.example\r\n", "a.example, CR search"),
            ("search \r\nnameserver \r\n", "!2 no address follows nameserver, CR search"),
            (" nameserver ::1\n", "!1 a blank stands before nameserver"),
            (
                "nameserver\nnameserver \n",
                "!1 no address follows nameserver, !2 no address follows nameserver",
            ),
            ("#nameserver ::1\n;nameserver ::1\n search a\n", ""),
            ("NAMESERVER\nnameserver-x 192.0.2.1\nnameservers are below\nname server 192.0.2.1\n", ""),
            ("NAMESERVER 192.0.2.1\n", &format!("!1 {before}, not NAMESERVER")),
            (" Nameserver ::1\n", &format!("!1 {before}, not Nameserver")),
            ("nameservers 192.0.2.1\n", &format!("!1 {before}, not nameservers")),
            ("nameserver: 192.0.2.1\n", &format!("!1 {before}, not nameserver:")),
            ("nameserver=192.0.2.1\n", &format!("!1 {before}, not nameserver=")),
            ("nameserver = ::1\n", "!1 = is not an address"),
            ("nameservers = ::1\n", &format!("!1 {before}, not nameservers =")),
            ("nameserver192.0.2.1\n", &format!("!1 {before}, not nameserver")),
            ("nameserver\u{a0}192.0.2.1\n", "!1 a no-break space stands in place of a blank"),
            ("\u{a0}nameserver 192.0.2.1\n", "!1 a no-break space stands in place of a blank"),
            ("nameserver \u{a0}192.0.2.1\n", "!1 a no-break space stands in place of a blank"),
            (
                "nameserver 192.0.2.1 192.0.2.2\n",
                "192.0.2.1, !1 its second address 192.0.2.2 is ignored, each needs a line of its own",
            ),
            ("nameserver 192.0.2.1 2 # 192.0.2.2\nnameserver ::1 #192.0.2.2\n", "192.0.2.1, ::1"),
            ("domain a.example b.example\n", "a.example"),
            ("options timeout:01 ndots: 3 x\noptions rotate attempts:2\n", "ndots:3, rotate, timeout:1"),
            ("domain a.example\nsearch b.example c.example\nsearch\nsearch \n", "b.example, c.example"),
            ("search b.example\ndomain a.example\n", "a.example"),
            ("nameserver ::ffff:192.0.2.1\nnameserver ::1%lo\n", "192.0.2.1, ::1"),
            ("nameserver fe80::1\nnameserver fe80::1%eth0\n", "fe80::1, fe80::1%eth0"),
            ("nameserver 192.0.2.1\0x\n", "192.0.2.1"),
            (
                "\u{feff}nameserver ::1\nnameserver ::2\n",
                "::2, !1 a byte order mark stands before nameserver",
            ),
            ("\u{feff}nameserver\n\u{feff}search a\n", "!1 no address follows nameserver"),
            ("nameserver ::1\rnameserver ::2\r", "!1 carriage returns stand in place of line ends"),
            ("# x\rnameserver ::1\r", "!1 carriage returns stand in place of line ends"),
            ("nameserver ::1 \rnameserver ::2\r", "::1, !1 carriage returns stand in place of line ends"),
            ("# nameserver\r\n#\rnameservers\n", ""),
            // What inet6 did is the default since glibc 2.26, and unknown options are none.
            ("options inet6 ip6-bytestring debug no-aaaa\n", "no-aaaa"),
            ("options no_tld_query\noptions no-tld-query strict-error\n", "no-tld-query, strict-error"),
        ];
        for (text, meaning) in rows {
            assert_eq!(read(text), meaning, "{text:?}");
        }
    }

    #[test]
    fn any_octets_and_any_number_of_lines_give_a_result() {
        assert_eq!(ResolvConf::parse(&b"nameserver 192.0.2.1\n".repeat(50_000)).servers.len(), 50_000);
        assert_eq!(ResolvConf::parse(&b"nameserver \xff\n".repeat(50_000)).ignored.len(), 50_000);
        assert_eq!(ResolvConf::parse(&[0xff; 70_000]), ResolvConf::default());
        for start in [[0xff, 0xfe], [0xfe, 0xff]] {
            let conf = ResolvConf::parse(&[&start[..], b"n\0a\0m\0e\0\n\0"].concat());
            assert_eq!(conf.ignored, [IgnoredServer { line: 1, why: NotAServer::Utf16 }]);
        }
    }
}
