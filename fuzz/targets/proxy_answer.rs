//! What a proxy answers, by HTTP and by SOCKS5: nothing panics, nothing is read without end.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    check_proxy::fuzzing::answer(input);
    check_proxy::fuzzing::socks_reply(input);
});
