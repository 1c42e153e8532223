//! What the benchmarks of the plugins have in common: `cargo bench --bench speed [-- [--quick] [FILTER]]`
//! runs those of all plugins, `cargo bench -p check_x --bench speed` those of one.
//!
//! Whole processes run in turn (A, B, C, then B, A, C ...), and only ratios within one run are compared: the
//! table has the median of the paired ratios and their middle half, and each command against itself, which is
//! the noise of the machine. It prints and never fails on a time. FILTER is a part of a row's name, as in
//! start or 60000; --quick shows that it runs, by a single round. With UPDATE_DOCS=1 what a
//! full run measured is written into the table of README.md.

mod machine;
mod measure;
mod plan;
mod programs;
mod readme;
mod table;

use std::env;
use std::process::{Command, ExitStatus};
use std::time::Duration;

pub use machine::enter;
pub use measure::{Subject, Times};
pub use programs::{again, command, other, says, write};

use crate::host::Host;
use plan::Plan;
use programs::Programs;
use table::Table;

/// The benchmark of one plugin.
#[derive(Clone, Debug)]
pub struct Bench<'a> {
    plan: Plan,
    programs: &'a Programs,
    table: &'a Table,
}

/// Runs the benchmark of a plugin, which is `rows`, and prints its table.
pub fn run(plugin: &str, rows: impl FnOnce(&Bench<'_>)) {
    let plan = Plan::read(env::args().skip(1));
    let is_quick = plan.is_quick;
    let programs = Programs::build(plugin);
    let table = Table::begin(plugin);
    rows(&Bench { plan, programs: &programs, table: &table });
    if !is_quick {
        table.keep();
    }
}

/// The same on a host with its own network and files: the benchmark runs itself once more there.
///
/// # Panics
/// If it fails there.
pub fn run_on(host: impl FnOnce() -> Host, plugin: &str, rows: impl FnOnce(&Bench<'_>)) {
    const INSIDE: &str = "SUITE_BENCH_INSIDE";
    if env::var_os(INSIDE).is_some() {
        return run(plugin, rows);
    }
    let host = host();
    let mut command = host.command(env::current_exe().unwrap_or_default());
    let status = command.args(env::args_os().skip(1)).env(INSIDE, "1").status();
    assert!(status.as_ref().is_ok_and(ExitStatus::success), "{command:?}: {status:?}");
}

impl Bench<'_> {
    /// Returns the same for rows whose single round takes seconds.
    pub fn slow(&self) -> Self {
        Self { plan: Plan { rounds: self.plan.rounds.min(5), ..self.plan.clone() }, ..self.clone() }
    }

    /// Whether a row of this name was asked for.
    pub fn wants(&self, name: &str) -> bool {
        name.contains(&self.plan.filter)
    }

    /// Whether it only has to show that it runs.
    pub fn is_quick(&self) -> bool {
        self.plan.is_quick
    }

    /// After how many seconds a peer that goes on for minutes is stopped.
    pub fn patience(&self) -> u32 {
        if self.is_quick() { 5 } else { 60 }
    }

    /// Returns the path of one of our own release binaries.
    pub fn own(&self, name: &str) -> std::path::PathBuf {
        self.programs.own(name)
    }

    /// Runs the subjects in turn until the time of the plan is used up.
    ///
    /// # Panics
    /// If one of them fails: a program that fails early would look fast.
    pub fn in_turn(&self, subjects: &mut [Subject]) -> Times {
        measure::in_turn(&self.plan, subjects)
    }

    /// Returns the most that a program has resident, in MiB: the greatest of five runs.
    ///
    /// # Panics
    /// If it fails.
    pub fn peak(&self, command: &Command) -> f64 {
        measure::resident(&self.own("peak"), self.plan.samples, command)
    }

    /// Adds a row: the time that two programs keep processors busy, for what mostly waits; `target` is the
    /// greatest ratio that is good enough.
    ///
    /// # Panics
    /// If one of them fails.
    pub fn busy(&self, own: (&str, &Command), peer: (&str, &Command), target: Option<f64>) {
        let times = measure::busy(&self.own("peak"), self.plan.samples, [own.1, peer.1]);
        self.table.ratio(&times, (own.0, 0), (peer.0, 1), target);
    }

    /// Adds a row: a comparison of two subjects of `times`; `target` is the greatest ratio that is good
    /// enough.
    pub fn ratio(&self, times: &Times, subject: (&str, usize), peer: (&str, usize), target: Option<f64>) {
        self.table.ratio(times, subject, peer, target);
    }

    /// Adds a row: the time of a single run, and the most that is good enough, in seconds.
    pub fn seconds(&self, own: (&str, Duration), most: (&str, f64)) {
        self.table.seconds(own, most);
    }

    /// Adds a row: the memory that a program has resident, and a peer's, in MiB; `target` is the most that is
    /// good enough.
    pub fn memory(&self, own: (&str, f64), peer: (&str, f64), target: Option<f64>) {
        self.table.memory(own, peer, self.plan.samples, target);
    }
}
