//! How long the plugins take and how much memory, against what else there is: `cargo bench -p suite [-- [--quick] [FILTER]]`.
//!
//! Whole processes run in turn (A, B, C, then B, A, C ...), and only ratios within one run are compared: the table has the median of
//! the paired ratios and their middle half, and each command against itself, which is the noise of the machine. It prints and
//! never fails on a time. FILTER is a part of a row's name, as in start or 60000; --quick shows that it runs, with too few rounds
//! to mean much.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and ends where it cannot be set up")]

#[path = "suite/check_clock_offset.rs"]
mod check_clock_offset;
#[path = "suite/check_ip_bound.rs"]
mod check_ip_bound;
#[path = "suite/check_replication.rs"]
mod check_replication;
#[path = "suite/check_tcp_each_ip.rs"]
mod check_tcp_each_ip;
#[path = "suite/measure.rs"]
mod measure;
#[path = "suite/notify_stomp.rs"]
mod notify_stomp;
#[path = "suite/programs.rs"]
mod programs;
#[path = "suite/table.rs"]
mod table;

use std::env;
use std::time::Duration;

/// What the command line asks for.
struct Plan {
    /// A part of a row's name.
    filter: String,
    /// How long the rounds of one row may go on.
    budget: Duration,
    /// The fewest rounds of a row.
    rounds: usize,
    /// The rounds before them that are not counted.
    warm_up: usize,
    /// After how many seconds a peer that goes on for minutes is stopped.
    patience: u32,
}

impl Plan {
    fn read(arguments: impl Iterator<Item = String>) -> Self {
        let mut plan = Self { filter: String::new(), budget: Duration::from_secs(12), rounds: 25, warm_up: 2, patience: 60 };
        for argument in arguments {
            match argument.as_str() {
                "--quick" => {
                    plan = Self { budget: Duration::from_millis(200), rounds: 3, warm_up: 1, patience: 5, ..plan };
                }
                // What cargo itself passes on.
                "--bench" => {}
                _ => plan.filter = argument,
            }
        }
        plan
    }

    /// The same for a row whose single round takes seconds.
    fn slow(&self) -> Self {
        Self { filter: self.filter.clone(), rounds: self.rounds.min(5), ..*self }
    }

    fn wants(&self, name: &str) -> bool {
        name.contains(&self.filter)
    }
}

fn main() {
    let plan = Plan::read(env::args().skip(1));
    let programs = programs::build();
    println!("{}", programs::machine());
    table::head();
    check_ip_bound::run(&plan, &programs);
    check_clock_offset::run(&plan, &programs);
    check_replication::run(&plan, &programs);
    check_tcp_each_ip::run(&plan, &programs);
    notify_stomp::run(&plan, &programs);
}
