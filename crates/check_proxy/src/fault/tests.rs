//! Rows of faults and their texts.

use rustix::io::Errno;

use super::*;

#[test]
fn errors_of_this_machine_have_their_words() {
    let rows = [
        // One of net's words, and the system's.
        (Errno::NETUNREACH, "no route from here"),
        (Errno::IO, "input/output error"),
    ];
    for (errno, words) in rows {
        let fault = Fault::of_connecting(std::io::Error::from(errno).into());
        assert_eq!(fault, Fault::Local(words.to_owned()), "{errno:?}");
    }
}

#[test]
fn a_key_that_is_unknown_here_is_no_fault_of_a_proxy() {
    use net::tls::{Fault as Tls, Kind, Unverifiable};
    let of = |fault| Fault::of_handshake(net::Cause::Tls(fault));
    let what = Unverifiable { kind: Kind::Ed448, of_authority: false };
    let words = "the server has an Ed448 key, which cannot be verified here";
    let fault = of(Tls::Unverifiable(what, None));
    assert_eq!(fault, Fault::Tunnel(Tunnel::Unverifiable(words.to_owned())));
    assert_eq!((fault.brief(), fault.brief_without_proxy()), (words.to_owned(), words.to_owned()));
    assert!(!fault.is_past_login() && !fault.is_local());
    assert!(matches!(of(Tls::Purpose), Fault::Tunnel(Tunnel::Certificate(_))));
}

/// What was too short never reads like the time that is enough.
#[test]
fn the_time_of_a_silence_is_rounded_down() {
    for (millis, words) in [(1_499, "1.4 s"), (1_400, "1.4 s"), (40, "0.0 s"), (1_050, "1.0 s")] {
        let fault = Fault::Silent.cut_short(Duration::from_millis(millis), true);
        let what = format!("no answer to a login within {words}");
        assert_eq!(fault, Fault::Short { what, any: false });
    }
}
