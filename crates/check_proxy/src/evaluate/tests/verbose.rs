//! The lines of -v: one for each request, and for what was not asked.

use super::*;
use crate::ask::Tried;

#[test]
fn verbose_output_has_each_request_and_never_a_login() {
    let seen =
        both(closed(), [code(407), code(407), Some(Answer { scheme: Some("Digest"), ..well().unwrap() })]);
    let text = evaluate(&Allowed::new(&Limits::default()), &observed(vec![seen])).render("PROXY", 1);
    let expected = "PROXY OK - 192.0.2.1 serves customers in 0.012 s, strangers refused | failed=0;;0;0;1 open=0;;;0;1 slowest=0.012s;;;0 http=0.012s;;;0 https=0.012s;;;0\n\
                    192.0.2.1 stranger by http: 407 in 3500.0 ms\n\
                    192.0.2.1 unknown user by http: 407 in 3500.0 ms\n\
                    192.0.2.1 customer by http: the page in 12.0 ms\n\
                    192.0.2.1 stranger by https: 407 in 3500.0 ms\n\
                    192.0.2.1 unknown user by https: 407 in 3500.0 ms\n\
                    192.0.2.1 customer by https (Digest): the page in 12.0 ms\n";
    assert_eq!(text, expected);
}

/// Other tries, forbidden targets, the direct request, and what was not asked.
#[test]
fn verbose_output_leaves_no_request_out() {
    let status = |code| Fault::Status(Status { code, ..Status::default() });
    let first = Answer { scheme: Some("Basic"), ..failing(status(503)).unwrap() };
    let last = Answer { scheme: Some("Basic"), ..failing(Fault::Silent).unwrap() };
    let customer = Answer {
        before: vec![first],
        after: vec![last],
        scheme: Some("Basic"),
        ..failing(status(502)).unwrap()
    };
    let tried =
        |passage: Passage, answer: Option<Answer>| Tried { passage, answer: answer.unwrap_or_default() };
    let seen = Observation {
        forbidden: vec![
            tried(Passage::Refused, code(403)),
            tried(Passage::Connected, well()),
            tried(Passage::Unasked(Fault::Late), None),
        ],
        ..http([code(407), Some(Answer::unasked(Fault::Unspoken(vec!["NTLM".to_owned()]))), Some(customer)])
    };
    let silent = http([failing(Fault::Silent), failing(Fault::Silent), Some(Answer::unasked(Fault::Silent))]);
    let direct = Direct::Fails(Fault::Refused);
    let observations = Observations {
        forbidden: ["127.0.0.1:22", "192.0.2.9:25", "192.0.2.9:22"]
            .map(|host| host.parse().unwrap())
            .to_vec(),
        pages: vec![AskedPage { name: "page".to_owned(), direct, took: Some(Duration::from_millis(1)) }],
        ..observed(vec![seen, silent])
    };
    let text = evaluate(&Allowed::new(&Limits::default()), &observations).render("PROXY", 1);
    let expected = "192.0.2.1 stranger by http: 407 in 3500.0 ms\n\
                    192.0.2.1 unknown user by http: not asked, offers NTLM only, which this check does not speak\n\
                    192.0.2.1 customer by http (Basic), try 1: 503 in 3500.0 ms\n\
                    192.0.2.1 customer by http (Basic), try 2: 502 in 3500.0 ms\n\
                    192.0.2.1 customer by http (Basic), try 3: connects, no answer in 3500.0 ms\n\
                    192.0.2.1 customer for 127.0.0.1:22: 403 in 3500.0 ms\n\
                    192.0.2.1 customer for 192.0.2.9:25: connected in 12.0 ms\n\
                    192.0.2.1 customer for 192.0.2.9:22: not asked\n\
                    192.0.2.2 stranger by http: connects, no answer in 3500.0 ms\n\
                    192.0.2.2 unknown user by http: connects, no answer in 3500.0 ms\n\
                    192.0.2.2 customer by http: not asked\n\
                    page without a proxy: refused in 1.0 ms\n";
    assert!(text.ends_with(expected), "{text}");
}
