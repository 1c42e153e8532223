//! What is said before TLS, and greetings with a wrong octet.

use super::*;

/// Whoever wants TLS says nothing before it.
#[test]
fn without_tls_nothing_is_said_where_it_is_wanted() {
    for level in ["require", "verify-ca", "verify-identity"] {
        let (address, heard) = server(|stream, _| drop(stream.write_all(&greeting(PLAIN))));
        let outcome = check(&address, &["--tls", level]);
        let line = format!("REPLICATION UNKNOWN - {address}: the server offers no TLS, which --tls asks for");
        assert_eq!(outcome.summary(), (3, line.as_str()), "{level}");
        assert_eq!(heard.recv_timeout(Duration::from_secs(10)).unwrap(), b"", "{level}");
    }
}

/// All four octets of a packet's header, and every one of a greeting, changed one by one.
#[test]
fn a_greeting_with_a_wrong_octet_never_breaks_anything() {
    let good = greeting(PLAIN);
    thread::scope(|scope| {
        for chunk in (0..good.len()).collect::<Vec<_>>().chunks(10) {
            let (chunk, good) = (chunk.to_vec(), good.clone());
            scope.spawn(move || {
                for place in chunk {
                    let mut wrong = good.clone();
                    wrong[place] ^= 0xff;
                    let (address, _heard) = server(move |stream, octets| {
                        let _ = stream.write_all(&wrong);
                        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
                        hear(stream, octets);
                        let _ = stream.shutdown(std::net::Shutdown::Both);
                    });
                    let outcome = check(&address, &[]);
                    assert!(matches!(outcome.code, Some(2 | 3)), "{place}: {}", outcome.stdout);
                    assert!(!outcome.stdout.contains("panick"), "{place}: {}", outcome.stdout);
                }
            });
        }
    });
}
