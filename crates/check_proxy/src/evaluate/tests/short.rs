//! What the time was too short for, in the state of `--timeout`.

use super::*;
use crate::ask::Tried;

fn short(words: &str) -> Fault {
    Fault::Short { what: format!("{words} within 1.2 s"), any: false }
}

fn judged(pages: [Option<Answer>; 3], forbidden: Vec<Tried>) -> String {
    let targets = ["127.0.0.1:22", "192.0.2.9:25"].map(|target| target.parse().unwrap());
    let seen = Observation { forbidden, ..http(pages) };
    let observations =
        Observations { forbidden: targets.to_vec(), short: State::Warning, ..observed(vec![seen]) };
    output(&observations).split(" | ").next().unwrap().strip_prefix("PROXY ").unwrap().to_owned()
}

#[test]
fn a_forbidden_target_that_there_was_too_little_time_for_has_the_state_of_the_timeout() {
    let asked = || Tried {
        answer: failing(short("no answer to a login")).unwrap(),
        ..Passage::Unasked(short("no answer to a login")).into()
    };
    let unasked = |fault: Fault| Tried::from(Passage::Unasked(fault));
    let unclear = || Passage::Unclear(Fault::Status(Status { code: 429, ..Status::default() })).into();
    let cut = "WARNING - 192.0.2.1 forbidden 127.0.0.1:22: no answer to a login within 1.2 s";
    let undecided = "UNKNOWN - 192.0.2.1 forbidden 192.0.2.9:25: undecided: 429";
    let no_thread = || Fault::Local("no thread left here".to_owned());
    let not_asked = "192.0.2.1 was not asked for";
    let rows = [
        (vec![asked()], cut.to_owned()),
        (vec![asked(), Passage::Refused.into()], cut.to_owned()),
        (vec![asked(), unclear()], undecided.to_owned()),
        (vec![unasked(Fault::Late)], format!("WARNING - {not_asked} 127.0.0.1:22: not reached in time")),
        (
            vec![unasked(short("no answer"))],
            format!("WARNING - {not_asked} 127.0.0.1:22: no answer within 1.2 s"),
        ),
        (
            vec![asked(), unasked(no_thread())],
            format!("UNKNOWN - {not_asked} 192.0.2.9:25: no thread left here"),
        ),
    ];
    for (forbidden, line) in rows {
        assert_eq!(judged(closed(), forbidden.clone()), line, "{forbidden:?}");
    }
}

#[test]
fn what_more_time_would_not_tell_is_unknown() {
    let local = || failing(Fault::Local("no route from here".to_owned()));
    let cut = || failing(short("no answer to a login"));
    let unclear = || vec![Passage::Unclear(Fault::Status(Status { code: 429, ..Status::default() })).into()];
    let unknown = "UNKNOWN - 192.0.2.1 no route from here";
    let rows = [
        ([code(407), cut(), cut()], Vec::new(), "WARNING - 192.0.2.1 no answer to a login within 1.2 s"),
        (
            [code(407), cut(), well()],
            Vec::new(),
            "WARNING - 192.0.2.1 serves the customer, to others no answer to a login within 1.2 s",
        ),
        ([code(407), cut(), local()], Vec::new(), unknown),
        ([local(), cut(), cut()], Vec::new(), unknown),
        (
            [code(407), code(407), cut()],
            unclear(),
            "UNKNOWN - 192.0.2.1 forbidden 127.0.0.1:22: undecided: 429",
        ),
    ];
    for (pages, forbidden, line) in rows {
        assert_eq!(judged(pages.clone(), forbidden), line, "{pages:?}");
    }
}
