//! The lines below the first one.

use super::*;

fn output(options: &[&str], judged: &Judged, verbosity: u8) -> String {
    evaluate(&judging(options), judged).render("LATENCY", verbosity)
}

#[test]
fn what_is_allowed_is_not_called_ok_below() {
    let dead = |name: &str| known(name, seen(20, 0));
    let alone = output(&["--warning=1"], &all(vec![dead("a"), usual("b")]), 0);
    assert_eq!(alone.lines().count(), 1, "{alone}");
    let several = output(&["--warning=2"], &all(vec![dead("a"), dead("b"), usual("c")]), 0);
    let beside = Judged { unusable: vec![unresolved(false)], ..all(vec![dead("a"), usual("b")]) };
    let problem =
        Judged { problem: Some("/x/paths.json: full".to_owned()), ..all(vec![dead("a"), usual("b")]) };
    for (output, names) in [
        (several, &["a", "b"][..]),
        (output(&["--warning=1"], &beside, 0), &["a"]),
        (output(&["--warning=1"], &problem, 0), &["a"]),
    ] {
        for name in names {
            assert!(output.contains(&format!("\nallowed: {name} does not answer since ")), "{output}");
        }
        assert!(!output.contains("\nOK: "), "{output}");
    }
}
