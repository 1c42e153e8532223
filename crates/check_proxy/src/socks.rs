//! SOCKS5 (RFC 1928) with user and password (RFC 1929), as far as a client of it goes.

use std::io::Read;

use net::{Cause, Host, Stream};

use crate::fault::Fault;
use crate::login::Login;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;

/// Which methods of login a client offers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Methods<'a> {
    /// None but no login.
    NoLogin,
    /// This login or none. A server that wants no login refuses a client that offers only one with a login.
    Either(&'a Login),
    /// This login, whether it is needed or not.
    Password(&'a Login),
}

/// Opens a connection to a host through a SOCKS5 server.
pub(crate) fn open(
    stream: &mut Stream<'_>,
    methods: Methods<'_>,
    host: &Host,
    port: u16,
) -> Result<(), Fault> {
    let (offered, login): (&[u8], _) = match methods {
        Methods::NoLogin => (&[VERSION, 1, NO_LOGIN], None),
        Methods::Either(login) => (&[VERSION, 2, NO_LOGIN, PASSWORD], Some(login)),
        Methods::Password(login) => (&[VERSION, 1, PASSWORD], Some(login)),
    };
    say(stream, offered)?;
    let login = match (take(stream, false)?, login) {
        ([VERSION, NO_LOGIN], _) => false,
        ([VERSION, PASSWORD], Some(login)) => {
            say(stream, &password(login))?;
            let [_, status] = take(stream, false).map_err(|fault| silent(fault, Fault::SocksLoginSilent))?;
            if status != 0 {
                return Err(Fault::SocksLogin);
            }
            true
        }
        // 255 says that none is accepted. One that was not offered insists on it.
        ([VERSION, _], _) => return Err(Fault::SocksMethod),
        _ => return Err(Fault::NotSocks),
    };
    say(stream, &request(host, port))?;
    take_reply(stream).map_err(|fault| silent(fault, Fault::SocksRequestSilent { login }))
}

/// Which silence it is, of a server that has spoken before.
fn silent(fault: Fault, stage: Fault) -> Fault {
    if fault == Fault::Silent { stage } else { fault }
}

fn password(login: &Login) -> Vec<u8> {
    let mut message = vec![1];
    for text in [&login.user, &login.password] {
        // The options allow no more than 255 octets.
        message.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        message.extend(text.bytes().take(usize::from(u8::MAX)));
    }
    message
}

fn request(host: &Host, port: u16) -> Vec<u8> {
    let mut message = vec![VERSION, 1, 0];
    match host {
        Host::V4(address) => {
            message.push(1);
            message.extend(address.octets());
        }
        Host::V6(address, _) => {
            message.push(4);
            message.extend(address.octets());
        }
        Host::Name(_) => {
            let name = host.bare();
            message.extend([3, u8::try_from(name.len()).unwrap_or(u8::MAX)]);
            message.extend(name.bytes().take(usize::from(u8::MAX)));
        }
    }
    message.extend(port.to_be_bytes());
    message
}

pub(crate) fn take_reply(stream: &mut impl Read) -> Result<(), Fault> {
    let [version, code, _, kind] = take(stream, false)?;
    if version != VERSION {
        return Err(Fault::NotSocks);
    }
    if code != 0 {
        return Err(Fault::SocksReply(code));
    }
    // The address from which the server connects, and its port: read, because the octets of the page follow.
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let [length] = take(stream, true)?;
            usize::from(length)
        }
        _ => return Err(Fault::NotSocks),
    };
    for _ in 0..length + 2 {
        let [_] = take(stream, true)?;
    }
    Ok(())
}

fn say(stream: &mut Stream<'_>, message: &[u8]) -> Result<(), Fault> {
    match stream.send_all(message) {
        // What it said before it closed may still be read.
        Ok(()) | Err(Cause::Reset) => Ok(()),
        Err(cause) => Err(Fault::of_talking(cause, false)),
    }
}

fn take<const LENGTH: usize>(stream: &mut impl Read, mut any: bool) -> Result<[u8; LENGTH], Fault> {
    let mut octets = [0; LENGTH];
    let mut length = 0;
    while let Some(room) = octets.get_mut(length..).filter(|room| !room.is_empty()) {
        match stream.read(room) {
            Ok(0) => return Err(Fault::Closed),
            Ok(more) => length += more,
            Err(error) => return Err(Fault::of_talking(error.into(), any)),
        }
        any = true;
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn requests_have_the_kind_of_their_host() {
        let octets = |host: &str| request(&host.parse().unwrap(), 258);
        assert_eq!(octets("192.0.2.1"), [5, 1, 0, 1, 192, 0, 2, 1, 1, 2]);
        assert_eq!(octets("a.example."), [b"\x05\x01\x00\x03\x09a.example".as_slice(), &[1, 2]].concat());
        assert_eq!(octets("2001:db8::1").len(), 22);
        let login = Login { user: "u".to_owned(), password: "p".repeat(255) };
        assert_eq!(password(&login).get(..4), Some([1, 1, b'u', 255].as_slice()));
    }

    #[test]
    fn replies_are_read_to_their_end() {
        let rows: [(&[u8], Result<(), &str>, usize); 9] = [
            (&[5, 0, 0, 1, 1, 2, 3, 4, 5, 6, 9], Ok(()), 1),
            (&[5, 0, 0, 3, 1, 2, 3, 4, 9], Ok(()), 1),
            (&[5, 0, 0, 3, 0, 3, 4], Ok(()), 0),
            (&[5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2], Ok(()), 0),
            (&[5, 2, 0, 1], Err("SOCKS reply 2 (not allowed)"), 0),
            (&[5, 200, 0, 1], Err("SOCKS reply 200 (unknown)"), 0),
            (&[5, 0, 0, 7], Err("no SOCKS5"), 0),
            (&[4, 0, 0, 1], Err("no SOCKS5"), 0),
            (&[5, 0, 0], Err("closed without an answer"), 0),
        ];
        for (octets, expected, left) in rows {
            let mut stream = Cursor::new(octets);
            let result = take_reply(&mut stream).map_err(|fault| fault.brief());
            assert_eq!(
                result.as_ref().map_err(String::as_str),
                expected.as_ref().map_err(|why| *why).map(|()| &()),
                "{octets:?}"
            );
            assert!(
                expected.is_err() || octets.len() - usize::try_from(stream.position()).unwrap() == left,
                "{octets:?}"
            );
        }
    }
}
