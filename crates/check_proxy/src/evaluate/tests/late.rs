//! The proxies for which there was no time.

use super::*;

fn refused() -> Observation {
    http([code(407), code(407), code(407)])
}

/// Asks these, and has no time for some more.
fn said(asked: Vec<Observation>, late: usize, limits: &Limits, short: State) -> String {
    let count = asked.len() + late;
    let mut observations =
        Observations { unasked: Fault::Late, short, ..observed((0..count).map(|_| refused()).collect()) };
    let seen = asked.into_iter().map(Some).chain(std::iter::repeat_n(None, late));
    observations.proxies.iter_mut().zip(seen).for_each(|(proxy, seen)| proxy.1 = seen);
    evaluate(&Allowed::new(limits), &observations).render("PROXY", 0)
}

fn critical(range: &str) -> Limits {
    Limits { critical: Some(range.parse().unwrap()), ..Limits::default() }
}

/// They are counted on the first line, and make an outage of all others no better.
#[test]
fn how_many_were_not_asked_is_said() {
    let said = |asked, late, limits: Limits| said(asked, late, &limits, State::Unknown);
    let output = said(vec![refused(), http(closed())], 3, Limits::default());
    let line = "PROXY CRITICAL - 1 of 2 asked fail, 3 not asked in time: 192.0.2.1 password refused (407) | failed=1;;0;0;5 ";
    assert!(output.starts_with(line), "{output}");
    assert!(output.ends_with("\nnot asked in time: 192.0.2.3-5\n"), "{output}");
    // One needs no count.
    let output = said(vec![refused()], 3, Limits::default());
    let line = "PROXY CRITICAL - 192.0.2.1 password refused (407), 3 of 4 proxies not asked in time | failed=1;;0;0;1 ";
    assert!(output.starts_with(line), "{output}");
    assert!(output.ends_with("\nnot asked in time: 192.0.2.2-4\n"), "{output}");
    let output = said(vec![refused()], 1, critical("1"));
    let line = "PROXY UNKNOWN - 192.0.2.1 password refused (407), 1 of 2 proxies not asked in time | ";
    assert!(output.starts_with(line), "{output}");
    let output = said(vec![http(closed())], 3, Limits::default());
    let line = "PROXY UNKNOWN - 3 of 4 proxies not asked in time: 192.0.2.2-4 | failed=0;;0;0;4 ";
    assert!(output.starts_with(line), "{output}");
    let output = said(vec![refused(), refused()], 8, critical("50%"));
    let start = "PROXY CRITICAL - 2 of 2 asked fail, 8 not asked in time: 192.0.2.1 password refused (407)";
    assert!(output.starts_with(start) && output.contains(" failed_share=100%;;50;0;100 "), "{output}");
}

/// Of 38 there was no time for 25: 12 fail for certain, and up to 37 may.
#[test]
fn failures_that_may_be_allowed_are_said_beside_those_that_were_not_asked() {
    let said = |limits: Limits, short| {
        let asked = (0..12).map(|_| refused()).chain([http(closed())]).collect();
        said(asked, 25, &limits, short)
    };
    let rows = [
        ("60%", State::Unknown, State::Unknown),
        ("60%", State::Ok, State::Ok),
        ("60%", State::Critical, State::Critical),
        ("31%", State::Unknown, State::Critical),
        ("38", State::Unknown, State::Unknown),
        ("11", State::Unknown, State::Critical),
        ("12", State::Unknown, State::Unknown),
        // 13 and more are no alarm.
        ("13:", State::Unknown, State::Unknown),
        ("38:", State::Unknown, State::Critical),
        ("@20:22", State::Unknown, State::Unknown),
    ];
    for (range, short, state) in rows {
        let output = said(critical(range), short);
        let allowed = match state {
            State::Ok => ", allowed up to 60%",
            _ => "",
        };
        let start = format!(
            "PROXY {state} - 12 of 13 asked fail{allowed}, 25 not asked in time: 192.0.2.1 password refused (407)"
        );
        assert!(output.starts_with(&start), "{range} {short:?}: {output}");
        assert!(output.contains("\nnot asked in time: 192.0.2.14-38\n"), "{output}");
    }
}

/// A page is at fault as far as proxies were asked for it.
#[test]
fn the_page_is_judged_by_the_proxies_that_were_asked() {
    let seen = (0..5).map(|_| http([code(407), code(407), code(503)])).collect();
    let page = AskedPage { name: "page".to_owned(), direct: Direct::Fails(Fault::Refused), took: None };
    let mut observations = Observations { unasked: Fault::Late, pages: vec![page], ..observed(seen) };
    observations.proxies.iter_mut().skip(2).for_each(|(_, seen)| *seen = None);
    let output = output(&observations);
    let page = "UNKNOWN: the page itself does not answer, through none of 2 proxies nor from here: refused\n";
    assert!(output.contains(page), "{output}");
}
