//! Rows of faults and their words.

use super::*;

#[test]
fn errors_of_this_machine_have_their_words() {
    let rows = [
        (Errno::NETUNREACH, "no route from here"),
        (Errno::INVAL, "not reachable from here"),
        (Errno::NETDOWN, "link down here"),
        (Errno::MFILE, "no file descriptors left"),
        (Errno::NOBUFS, "no memory left for sockets here"),
        (Errno::AFNOSUPPORT, "protocol family missing here"),
        (Errno::ADDRNOTAVAIL, "no local port left, or --source not bound here"),
        (Errno::IO, "input/output error"),
    ];
    for (errno, words) in rows {
        let fault = Fault::of_connecting(std::io::Error::from(errno).into());
        assert_eq!(fault, Fault::Local(words.to_owned()), "{errno:?}");
    }
}
