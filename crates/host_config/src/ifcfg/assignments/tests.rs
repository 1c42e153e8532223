//! What a shell makes of the assignments, row by row.

use super::*;

fn value(content: &str, name: &str) -> String {
    let all = Assignments::parse("f", content.as_bytes());
    match all.bad().into_iter().next() {
        Some(bad) => format!("{}: {}", bad.place, bad.what),
        None => known(&all, name),
    }
}

fn known(all: &Assignments, name: &str) -> String {
    match all.get(name) {
        Ok(value) => value.map_or_else(|| "-".to_owned(), |value| format!("{} {}", value.line, value.text)),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_no_assignment_hides_nothing_else() {
    let told_by_a_shell = "f line 3: A: 2 needs a shell to tell";
    let rows = [
        ("junk\nA=1", "1 bad", "2 1"),
        ("A=1\n. /etc/more\n[ -e /x ] && B=2\n", "2 bad", "1 1"),
        ("A=1\nB=\"2\nC=3\n", "1 bad", "1 1"),
        ("A=1\nif x; then\nA=2\nfi", "2 bad", told_by_a_shell),
        ("if x; then\nB=2\nfi\nA=1", "2 bad", "4 1"),
        ("if x; then B=2; fi\nA=1", "1 bad", "2 1"),
        ("A=1\n\nif x; then A=2; fi", "1 bad", told_by_a_shell),
        ("A=1\n\n[ -e /x ] && A=2", "1 bad", told_by_a_shell),
        ("f() {\n\nA=2\n}\n", "2 bad", told_by_a_shell),
        ("case $x in\na)\nA=2\n;;\nesac\nB=1", "3 bad", told_by_a_shell),
        ("A+=1\n:=2\n", "1 bad", "1 1"),
        ("A=1; export A", "0 bad", "1 1"),
        ("A=1\nexport A B=2 C # both\n", "0 bad", "1 1"),
        ("export A=1 B\n", "0 bad", "1 1"),
        ("A=1; B=2 c", "0 bad", "1 1"),
        ("A=1\nA=2 c", "0 bad", "1 1"),
        ("A=1; c", "1 bad", "1 1"),
        ("if x; then\nB=2; fi\nA=1", "2 bad", "3 1"),
    ];
    for (content, bad, expected) in rows {
        let all = Assignments::parse("f", content.as_bytes());
        assert_eq!(format!("{} bad", all.bad().len()), bad, "{content:?}");
        assert_eq!(known(&all, "A"), expected, "{content:?}");
    }
    let binary = "no assignment\n".repeat(1000) + "A=1";
    let bad = Assignments::parse("f", binary.as_bytes()).bad();
    assert_eq!(bad.len(), 16);
    assert_eq!(bad[15].what, "no assignment is no assignment (and 984 more bad lines)");
    assert_eq!(bad[15].place.line, 16);
}

#[test]
fn reads_values_as_the_shell_does() {
    let rows = [
        ("A=1", "1 1"),
        ("# A=0\n\nexport A=1 # one\n", "3 1"),
        ("A=1\nA=2", "2 2"),
        ("A=1; B=2 A=3\r\n", "1 3"),
        ("A='1 $B \\ 2'", "1 1 $B \\ 2"),
        ("A=\"1 \\\"2\\\" \\3\"", "1 1 \"2\" \\3"),
        ("A=1\\\n2", "1 12"),
        ("A=\"1\n2\"\nB=", "1 1\n2"),
        ("B=x; A=$B/24", "1 x/24"),
        ("B=x; A=\"${B}y $B\"", "1 xy x"),
        ("A=1\nA+=' 2'", "2 1 2"),
        ("A=", "-"),
        ("A=\"\"", "-"),
        ("B=1", "-"),
        ("A=a#b", "1 a#b"),
        ("A=$UNSET", "f line 1: A: $UNSET needs a shell to tell"),
        ("A=`hostname -i`", "f line 1: A: `hostname -i` needs a shell to tell"),
        ("B=$(hostname -i; echo $((1+1))) A=1", "1 1"),
        ("B=(x y) A=1", "1 1"),
        ("A=1\nB=x y z\nC=2", "1 1"),
        ("A=x y\nC=2", "-"),
        ("B=1\nif x", "f line 2: if x is no assignment"),
        ("A =1", "f line 1: A =1 is no assignment"),
        ("B=1\nA=\"1\n", "f line 2: a quote (\") that is not closed"),
    ];
    for (content, expected) in rows {
        assert_eq!(value(content, "A"), expected, "{content:?}");
    }
    let doubling: String = "A=xxxxxxxx\n".to_owned() + &"A=$A$A\n".repeat(64);
    assert_eq!(value(&doubling, "A"), "f line 22: A: values grow too long");
}
