//! Words for the system's errors that mean that this machine cannot send.

use rustix::io::Errno;

/// Returns in few words why this machine cannot send, for an error of socket(2), connect(2) or send(2) that
/// no answer from the network caused. `None` for other errors.
pub fn local_words(errno: Errno) -> Option<&'static str> {
    Some(match errno {
        Errno::NETUNREACH => "no route from here",
        Errno::HOSTUNREACH => "unreachable by a route here",
        Errno::ACCESS | Errno::PERM => "prohibited here",
        // A blackhole route, or an address that needs an interface.
        Errno::INVAL => "not reachable from here",
        Errno::NETDOWN => "link down here",
        Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT => "protocol family missing here",
        Errno::MFILE | Errno::NFILE => "no file descriptors left",
        Errno::NOBUFS | Errno::NOMEM => "no memory left for sockets here",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_of_this_machine_has_its_words() {
        let rows = [
            (Errno::NETUNREACH, Some("no route from here")),
            (Errno::HOSTUNREACH, Some("unreachable by a route here")),
            (Errno::ACCESS, Some("prohibited here")),
            (Errno::PERM, Some("prohibited here")),
            (Errno::INVAL, Some("not reachable from here")),
            (Errno::NETDOWN, Some("link down here")),
            (Errno::AFNOSUPPORT, Some("protocol family missing here")),
            (Errno::PROTONOSUPPORT, Some("protocol family missing here")),
            (Errno::MFILE, Some("no file descriptors left")),
            (Errno::NFILE, Some("no file descriptors left")),
            (Errno::NOBUFS, Some("no memory left for sockets here")),
            (Errno::NOMEM, Some("no memory left for sockets here")),
            (Errno::CONNREFUSED, None),
            (Errno::TIMEDOUT, None),
            (Errno::MSGSIZE, None),
            (Errno::IO, None),
        ];
        for (errno, words) in rows {
            assert_eq!(local_words(errno), words, "{errno:?}");
        }
    }
}
