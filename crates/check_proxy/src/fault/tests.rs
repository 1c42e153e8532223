//! Rows of faults and their texts.

use rustix::io::Errno;

use super::*;

#[test]
fn errors_of_this_machine_have_their_words() {
    let rows = [
        // One of net's words, this crate's own, and the system's.
        (Errno::NETUNREACH, "no route from here"),
        (Errno::ADDRNOTAVAIL, "no local port left, or --source not bound here"),
        (Errno::ADDRINUSE, "no local port left, or --source not bound here"),
        (Errno::IO, "input/output error"),
    ];
    for (errno, words) in rows {
        let fault = Fault::of_connecting(std::io::Error::from(errno).into());
        assert_eq!(fault, Fault::Local(words.to_owned()), "{errno:?}");
    }
}
