//! What a proxy answers, by HTTP and by SOCKS5: nothing panics, nothing is read without end.

pub(crate) fn run(input: &[u8]) {
    check_proxy::fuzzing::answer(input);
    check_proxy::fuzzing::socks_reply(input);
}
