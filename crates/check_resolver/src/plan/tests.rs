//! Rows of what comes back, and what is asked then.

use std::time::Duration;

use super::*;
use crate::message::Reply;
use crate::outcome::tests::{answered, reply};

const PLAIN: Form = Form { edns: false, ..FIRST };
const PLAIN_TCP: Form = Form { tcp: true, ..PLAIN };
const TCP: Form = Form { tcp: true, ..FIRST };
const CD: Form = Form { unchecked: true, ..FIRST };

fn ok(rcode: OptRcode) -> Ended {
    Ok(answered(reply(rcode)))
}

fn cut() -> Ended {
    Ok(answered(Reply { tc: true, ..reply(OptRcode::NOERROR) }))
}

fn stale() -> Ended {
    Ok(answered(Reply { errors: vec![(3, String::new())], ..reply(OptRcode::NOERROR) }))
}

fn signed() -> Ended {
    Ok(answered(Reply { is_signed: true, ..reply(OptRcode::NOERROR) }))
}

fn expired() -> Ended {
    Ok(answered(Reply { errors: vec![(7, String::new())], ..reply(OptRcode::SERVFAIL) }))
}

fn without_edns(rcode: OptRcode) -> Ended {
    Ok(answered(Reply { edns: false, ..reply(rcode) }))
}

/// What comes of these ends, in words, with what is asked on the way.
fn told(ends: Vec<(Form, Ended)>) -> String {
    let form = |form: &Form| match (form.tcp, form.edns, form.unchecked) {
        (false, true, false) => "udp",
        (false, false, false) => "plain",
        (true, true, false) => "tcp",
        (true, false, false) => "plain tcp",
        (_, _, true) => "cd",
    };
    let mut plan = Plan::default();
    let mut told = Vec::new();
    for (asked, ended) in ends {
        told.push(match plan.ended(asked, ended) {
            Next::Wait => "wait".to_owned(),
            Next::Ask(forms) => forms.iter().map(form).collect::<Vec<_>>().join("+"),
            Next::Done(outcome) => {
                let is_repeated = outcome.answer.as_ref().is_ok_and(|got| got.is_repeated);
                let is_stale = outcome.answer.as_ref().is_ok_and(|got| got.reply.is_stale());
                let answer =
                    outcome.answer.map_or_else(|fault| fault.to_string(), |got| got.reply.rcode.to_string());
                let marks = [
                    (outcome.is_plain, " plain"),
                    (outcome.is_plain_by_silence, " by silence"),
                    (outcome.is_dnssec, " dnssec"),
                    (is_stale, " stale"),
                    (is_repeated, " again"),
                ];
                marks.iter().filter(|(is, _)| *is).fold(answer, |text, (_, mark)| text + mark)
            }
        });
    }
    told.join(", ")
}

#[test]
fn each_end_leads_to_what_the_table_says() {
    use OptRcode as R;
    let silent = || Err(Fault::NoAnswer);
    let rows = [
        (vec![(FIRST, ok(R::NOERROR))], "NOERROR"),
        (vec![(FIRST, ok(R::NXDOMAIN))], "NXDOMAIN"),
        (vec![(FIRST, ok(R::REFUSED)), (PLAIN, ok(R::REFUSED))], "plain, REFUSED"),
        (vec![(FIRST, ok(R::REFUSED)), (PLAIN, silent())], "plain, REFUSED"),
        (
            vec![
                (FIRST, ok(R::REFUSED)),
                (PLAIN, ok(R::NOERROR)),
                (FIRST, ok(R::REFUSED)),
                (FIRST, ok(R::REFUSED)),
                (PLAIN, ok(R::NOERROR)),
            ],
            "plain, udp, udp, plain, NOERROR plain",
        ),
        // It fails at times, with and without EDNS.
        (
            vec![
                (FIRST, ok(R::REFUSED)),
                (PLAIN, ok(R::NOERROR)),
                (FIRST, ok(R::REFUSED)),
                (FIRST, ok(R::NOERROR)),
            ],
            "plain, udp, udp, REFUSED",
        ),
        (
            vec![
                (FIRST, ok(R::REFUSED)),
                (PLAIN, ok(R::NOERROR)),
                (FIRST, ok(R::REFUSED)),
                (FIRST, ok(R::REFUSED)),
                (PLAIN, ok(R::REFUSED)),
            ],
            "plain, udp, udp, plain, REFUSED",
        ),
        // For a moment.
        (
            vec![(FIRST, ok(R::REFUSED)), (PLAIN, ok(R::NOERROR)), (FIRST, ok(R::NOERROR))],
            "plain, udp, NOERROR again",
        ),
        // An answer that needs TCP shows no more than one that does not.
        (
            vec![
                (FIRST, ok(R::BADVERS)),
                (PLAIN, cut()),
                (PLAIN_TCP, ok(R::NOERROR)),
                (FIRST, ok(R::BADVERS)),
                (FIRST, ok(R::BADVERS)),
                (PLAIN, cut()),
            ],
            "plain, plain tcp, udp, udp, plain, NOERROR plain",
        ),
        (
            vec![
                (FIRST, ok(R::BADVERS)),
                (PLAIN, cut()),
                (PLAIN_TCP, ok(R::NOERROR)),
                (FIRST, cut()),
                (TCP, ok(R::NOERROR)),
            ],
            "plain, plain tcp, udp, tcp, NOERROR again",
        ),
        (
            vec![(FIRST, ok(R::REFUSED)), (PLAIN, cut()), (PLAIN_TCP, ok(R::SERVFAIL))],
            "plain, plain tcp, REFUSED",
        ),
        (
            vec![(FIRST, ok(R::REFUSED)), (PLAIN, cut()), (PLAIN_TCP, silent())],
            "plain, plain tcp, truncated, and TCP no answer",
        ),
        // Silence shows nothing of EDNS.
        (vec![(FIRST, ok(R::REFUSED)), (PLAIN, ok(R::NOERROR)), (FIRST, silent())], "plain, udp, REFUSED"),
        (vec![(FIRST, ok(R::FORMERR)), (PLAIN, ok(R::FORMERR))], "plain, FORMERR"),
        (
            vec![
                (FIRST, ok(R::FORMERR)),
                (PLAIN, ok(R::NXDOMAIN)),
                (FIRST, ok(R::FORMERR)),
                (FIRST, ok(R::FORMERR)),
                (PLAIN, ok(R::NXDOMAIN)),
            ],
            "plain, udp, udp, plain, NXDOMAIN plain",
        ),
        (
            vec![(FIRST, silent()), (FIRST, without_edns(R::FORMERR)), (PLAIN, ok(R::NOERROR))],
            "plain+tcp, plain, NOERROR plain",
        ),
        (vec![(FIRST, Err(Fault::Refused))], "refused: nothing listens there"),
        (vec![(FIRST, cut()), (TCP, ok(R::NOERROR))], "tcp, NOERROR"),
        (vec![(FIRST, cut()), (TCP, Err(Fault::Refused))], "tcp, truncated, and TCP refused"),
        (
            vec![(FIRST, cut()), (TCP, Err(Fault::Local(Local::Port)))],
            "tcp, truncated, and TCP no local port left",
        ),
        (
            vec![(FIRST, cut()), (TCP, Err(Fault::NotSent("link down here")))],
            "tcp, truncated, and TCP link down here",
        ),
        (
            vec![(FIRST, cut()), (TCP, Err(Fault::Local(Local::Prohibited)))],
            "tcp, truncated, and TCP prohibited here",
        ),
        (
            vec![(FIRST, cut()), (TCP, Err(Fault::Local(Local::NeighbourTable)))],
            "tcp, truncated, and TCP neighbour table full here",
        ),
        (
            vec![(FIRST, cut()), (TCP, Err(Fault::Local(Local::Other("no memory".to_owned()))))],
            "tcp, truncated, and TCP not made here",
        ),
        (vec![(FIRST, cut()), (TCP, silent())], "tcp, truncated, and TCP no answer"),
        (vec![(FIRST, cut()), (TCP, Err(Fault::Truncated(Tcp::Closed)))], "tcp, truncated, and TCP closed"),
        (vec![(FIRST, cut()), (TCP, cut())], "tcp, truncated, and TCP malformed"),
        (vec![(FIRST, without_edns(R::FORMERR)), (PLAIN, ok(R::NOERROR))], "plain, NOERROR plain"),
        (vec![(FIRST, without_edns(R::NOTIMP)), (PLAIN, ok(R::NOTIMP))], "plain, NOTIMP"),
        (vec![(FIRST, without_edns(R::NOTIMP)), (PLAIN, silent())], "plain, NOTIMP"),
        (
            vec![(FIRST, without_edns(R::FORMERR)), (PLAIN, cut()), (TCP, ok(R::NOERROR))],
            "plain, plain tcp, NOERROR plain",
        ),
        (vec![(FIRST, without_edns(R::NOTIMP)), (PLAIN, ok(R::REFUSED))], "plain, REFUSED plain"),
        (
            vec![
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::NXDOMAIN)),
                (FIRST, ok(R::SERVFAIL)),
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::NXDOMAIN)),
            ],
            "cd, udp, udp, cd, SERVFAIL dnssec",
        ),
        // The server shows it by itself.
        (
            vec![(FIRST, ok(R::SERVFAIL)), (CD, signed()), (FIRST, ok(R::SERVFAIL))],
            "cd, udp, SERVFAIL dnssec",
        ),
        (vec![(FIRST, expired()), (CD, ok(R::NOERROR)), (FIRST, expired())], "cd, udp, SERVFAIL dnssec"),
        // It fails at times.
        (
            vec![
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::NOERROR)),
                (FIRST, ok(R::SERVFAIL)),
                (FIRST, ok(R::NOERROR)),
            ],
            "cd, udp, udp, SERVFAIL",
        ),
        (
            vec![
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::NOERROR)),
                (FIRST, ok(R::SERVFAIL)),
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::SERVFAIL)),
            ],
            "cd, udp, udp, cd, SERVFAIL",
        ),
        // For a moment.
        (
            vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::NOERROR)), (FIRST, ok(R::NOERROR))],
            "cd, udp, NOERROR again",
        ),
        (
            vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::NOERROR)), (FIRST, cut()), (TCP, ok(R::NOERROR))],
            "cd, udp, tcp, NOERROR again",
        ),
        (vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::NOERROR)), (FIRST, silent())], "cd, udp, SERVFAIL"),
        (
            vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::SERVFAIL)), (PLAIN, ok(R::SERVFAIL))],
            "cd, plain, SERVFAIL",
        ),
        (
            vec![
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::SERVFAIL)),
                (PLAIN, ok(R::NOERROR)),
                (FIRST, ok(R::SERVFAIL)),
                (FIRST, ok(R::SERVFAIL)),
                (PLAIN, ok(R::NOERROR)),
            ],
            "cd, plain, udp, udp, plain, NOERROR plain",
        ),
        (
            vec![
                (FIRST, ok(R::SERVFAIL)),
                (CD, ok(R::SERVFAIL)),
                (PLAIN, cut()),
                (PLAIN_TCP, ok(R::NOERROR)),
                (FIRST, ok(R::NOERROR)),
            ],
            "cd, plain, plain tcp, udp, NOERROR again",
        ),
        (vec![(FIRST, ok(R::SERVFAIL)), (CD, silent())], "cd, SERVFAIL"),
        (
            vec![(FIRST, silent()), (PLAIN, ok(R::NOERROR)), (FIRST, silent())],
            "plain+tcp, udp, NOERROR plain by silence",
        ),
        (
            vec![(FIRST, silent()), (TCP, ok(R::NOERROR)), (PLAIN, ok(R::NOERROR)), (FIRST, silent())],
            "plain+tcp, wait, udp, NOERROR plain by silence",
        ),
        // Packets are lost.
        (
            vec![(FIRST, silent()), (PLAIN, ok(R::NOERROR)), (FIRST, ok(R::NOERROR))],
            "plain+tcp, udp, NOERROR again",
        ),
        (
            vec![(FIRST, silent()), (TCP, ok(R::NOERROR)), (PLAIN, silent())],
            "plain+tcp, wait, no answer by UDP, TCP answers",
        ),
        (
            vec![(FIRST, silent()), (PLAIN, silent()), (TCP, ok(R::NOERROR))],
            "plain+tcp, wait, no answer by UDP, TCP answers",
        ),
        (vec![(FIRST, silent()), (PLAIN, silent()), (TCP, silent())], "plain+tcp, wait, no answer"),
        // A resolver may refresh only after it has answered.
        (vec![(FIRST, stale()), (FIRST, ok(R::NOERROR))], "udp, NOERROR"),
        (vec![(FIRST, stale()), (FIRST, stale())], "udp, NOERROR stale"),
        (vec![(FIRST, stale()), (FIRST, silent())], "udp, NOERROR stale"),
        (vec![(FIRST, stale()), (FIRST, ok(R::SERVFAIL))], "udp, NOERROR stale"),
        (vec![(FIRST, cut()), (TCP, stale())], "tcp, NOERROR stale"),
        // Late answers to the first question.
        (vec![(FIRST, silent()), (FIRST, ok(R::NOERROR))], "plain+tcp, NOERROR"),
        (vec![(FIRST, silent()), (TCP, silent()), (FIRST, cut())], "plain+tcp, wait, tcp"),
        (vec![(FIRST, silent()), (FIRST, ok(R::SERVFAIL)), (CD, silent())], "plain+tcp, cd, SERVFAIL"),
        (
            vec![(FIRST, Err(Fault::WrongId)), (PLAIN, Err(Fault::WrongId)), (TCP, ok(R::NOERROR))],
            "plain+tcp, wait, answers carry a wrong id",
        ),
    ];
    for (ends, expected) in rows {
        assert_eq!(told(ends.clone()), expected, "{ends:?}");
    }
}

/// Who asks waits for both answers.
#[test]
fn an_answer_by_tcp_took_the_time_of_the_one_that_did_not_fit_too() {
    let mut plan = Plan::default();
    assert_eq!(plan.ended(FIRST, cut()), Next::Ask(vec![TCP]));
    let Next::Done(outcome) = plan.ended(TCP, ok(OptRcode::NOERROR)) else { panic!("{plan:?}") };
    assert_eq!(outcome.answer.unwrap().took, Duration::from_millis(24));
}

#[test]
fn who_asks_again_waits_from_the_first_question_on() {
    let mut plan = Plan::default();
    plan.ended(FIRST, Err(Fault::NoAnswer));
    let waited = Duration::from_millis(3200);
    let Ok(plain) = ok(OptRcode::NOERROR) else { unreachable!() };
    plan.ended(PLAIN, Ok(Answered { waited, ..plain }));
    let Next::Done(outcome) = plan.ended(FIRST, ok(OptRcode::NOERROR)) else { panic!("{plan:?}") };
    assert_eq!(outcome.answer.unwrap().took, waited);
    let mut plan = Plan::default();
    plan.ended(FIRST, ok(OptRcode::SERVFAIL));
    plan.ended(CD, ok(OptRcode::NOERROR));
    let Next::Done(outcome) = plan.ended(FIRST, ok(OptRcode::NOERROR)) else { panic!("{plan:?}") };
    assert_eq!(outcome.answer.unwrap().took, Duration::from_millis(24));
}
