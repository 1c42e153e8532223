//! Answers that are not the target's: of another address, or with another payload.

use suite::needs::missing;

use crate::NEEDS;
use crate::far_end::Vice;
use crate::paths::{Lab, line, metric};

#[test]
fn strange_answers_are_neither_replies_nor_loss() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for (address, other) in [("192.0.2.1", "192.0.2.250"), ("2001:db8:2::1", "2001:db8:2::250")] {
        let target = format!("--ip={address}");
        let vices = [
            (Vice { as_other: Some(other), ..Vice::default() }, format!("answers as {other}")),
            (Vice { flips: true, ..Vice::default() }, "answers with another payload".to_owned()),
            (Vice { cuts: 16, ..Vice::default() }, "answers with another payload".to_owned()),
            (Vice { cuts: 4, ..Vice::default() }, "answers with another payload".to_owned()),
        ];
        for (vice, expected) in vices {
            lab.far.set(address, vice.clone());
            let told = lab.run(&[&target]);
            assert_eq!(line(&told), format!("LATENCY WARNING - {address} {expected}"), "{vice:?}");
            assert_eq!((told.code, metric(&told, "silent")), (Some(1), "0".to_owned()));
            assert_eq!(metric(&told, "learning"), "1", "nothing is known of it");
        }
    }
}

/// The path loses 19 of 20 pings, and the one answer is of another address, or broken.
#[test]
fn loss_is_told_beside_a_single_strange_answer() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for (address, other) in [("192.0.2.1", "192.0.2.250"), ("2001:db8:2::1", "2001:db8:2::250")] {
        let target = format!("--ip={address}");
        lab.far.set(address, Vice::default());
        lab.learn(&[&target], 4);
        let lossy = Vice { loses: (19, 20), ..Vice::default() };
        let rows = [
            (Vice { as_other: Some(other), ..lossy.clone() }, format!("answers as {other}")),
            (Vice { flips: true, ..lossy }, "answers with another payload".to_owned()),
        ];
        for (vice, detail) in rows {
            lab.far.set(address, vice);
            let told = lab.run(&[&target, "--no-learn"]);
            let expected = format!("LATENCY CRITICAL - {address} loses 95% (usual 0%) since HH:MM");
            assert_eq!((line(&told), told.code), (expected, Some(2)), "{}", told.stdout);
            assert!(told.stdout.contains(&format!("\n{address} {detail}\n")), "{}", told.stdout);
            assert_eq!((metric(&told, "lost"), metric(&told, "silent")), ("95%".to_owned(), "0".to_owned()));
        }
    }
}
