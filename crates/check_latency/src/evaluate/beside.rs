//! The words of a gateway beside its targets.

use super::words::{milliseconds, percent, strange};
use crate::control::{Beside, Bystander, Which};

/// How the gateway is while targets are worse.
pub(super) fn beside(Bystander { which, how }: &Bystander) -> String {
    let gateway = match which {
        Which::Only => "the gateway".to_owned(),
        Which::One(address) => format!("the gateway {address}"),
        Which::Several(2, 2) => return "both gateways are as usual".to_owned(),
        Which::Several(count, all) if count == all => return "all gateways are as usual".to_owned(),
        Which::Several(count, all) => return format!("{count} of {all} gateways are as usual"),
    };
    match *how {
        Beside::Usual => format!("{gateway} is as usual"),
        Beside::Silent => format!("{gateway} does not answer"),
        Beside::Strange(address) => format!("{gateway} {}", strange(address)),
        Beside::Loses { now, usual } => {
            format!("{gateway} loses {} (usual {})", percent(now), percent(usual))
        }
        Beside::Takes { now, usual } => {
            format!("{gateway} takes {} (usual {})", milliseconds(now), milliseconds(usual))
        }
    }
}
