//! The targets of a control's family, and whether most of them are worse.

use crate::judged::JudgedTarget;

/// Of so many targets at least, two thirds worse at once point to this machine's own network.
const TOGETHER: usize = 3;

/// The targets that are no control: those that a control is compared with. A router that is a target too is
/// no witness of its own trouble.
pub(super) fn compared<'a>(targets: &'a [JudgedTarget], controls: &[JudgedTarget]) -> Vec<&'a JudgedTarget> {
    let is_control = |target: &JudgedTarget| {
        controls.iter().any(|control| control.target.address == target.target.address)
    };
    targets.iter().filter(|target| !is_control(target)).collect()
}

/// The compared targets of a control's family.
pub(super) fn family<'a>(
    control: &JudgedTarget,
    compared: &'a [&JudgedTarget],
) -> impl Iterator<Item = &'a JudgedTarget> {
    let v6 = control.is_v6();
    compared.iter().copied().filter(move |target| target.is_v6() == v6)
}

/// Whether so many of all are two thirds at least, of enough.
pub(super) fn is_most((worse, all): (usize, usize)) -> bool {
    all >= TOGETHER && worse * 3 >= all * 2
}
