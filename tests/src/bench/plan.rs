//! How much is measured, by the command line of a benchmark.

use std::time::Duration;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// A part of a row's name.
    pub(super) filter: String,
    /// How long the rounds of one row may go on.
    pub(super) budget: Duration,
    /// The fewest rounds of a row.
    pub(super) rounds: usize,
    /// The rounds before them that are not counted.
    pub(super) warm_up: usize,
    /// How often memory and the processors' time are taken.
    pub(super) samples: usize,
    /// Whether it only shows that it runs.
    pub(super) is_quick: bool,
}

impl Plan {
    pub(super) fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut plan = Self {
            filter: String::new(),
            budget: Duration::from_secs(12),
            rounds: 25,
            warm_up: 2,
            samples: 5,
            is_quick: false,
        };
        for argument in arguments {
            match argument.as_str() {
                "--quick" => {
                    plan = Self {
                        budget: Duration::ZERO,
                        rounds: 1,
                        warm_up: 0,
                        samples: 1,
                        is_quick: true,
                        ..plan
                    };
                }
                // What cargo itself passes on.
                "--bench" => {}
                _ => plan.filter = argument,
            }
        }
        plan
    }
}
