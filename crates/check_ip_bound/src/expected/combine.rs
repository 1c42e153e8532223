//! Puts together what the command line, the lists and the configuration say.

use std::collections::BTreeSet;

use addresses::{Entry, List};
use host_config::{Promises, Remark, Source};

use super::{Expected, ListSource, merge, unique};
use crate::Expectations;
use crate::contradictions::reconcile;

impl Expected {
    /// Returns the addresses of the command line, of the lists and of the configuration.
    pub(crate) fn new(expectations: &Expectations, lists: Vec<List>, found: Vec<(Source, Promises)>) -> Self {
        let complete = !expectations.addresses.file.is_empty() || !found.is_empty();
        let mut expected = Self { complete, ..Self::of_options(expectations) };
        for mut list in lists {
            // A single list, the usual case, is taken over as it is.
            if expected.entries.is_empty() {
                expected.entries = list.entries
            } else {
                expected.entries.append(&mut list.entries)
            }
            expected.files.push(list.source);
        }
        expected.entries.extend(expectations.addresses.ip.iter().map(|&expected| Entry {
            expected,
            list: u32::MAX,
            line: 0,
        }));
        if !found.is_empty() {
            expected.take_configuration(expectations, found);
        }
        expected.interfaces.sort();
        expected.additional.sort();
        expected.vlans.sort();
        expected.entries = unique(expected.entries);
        expected.add_floating(Vec::new());
        expected
    }

    /// Returns what the options say beside the addresses.
    fn of_options(expectations: &Expectations) -> Self {
        Self {
            entries: Vec::new(),
            files: Vec::new(),
            source: ListSource::Named,
            floating: expectations
                .floating
                .iter()
                .map(|&address| (address, "--floating".to_owned()))
                .collect(),
            interfaces: Vec::new(),
            additional: Vec::new(),
            on_each: Vec::new(),
            listed: Vec::new(),
            unnamed: Vec::new(),
            on: expectations.interface.clone(),
            absent: expectations.absent.clone(),
            gateways: expectations.gateway.clone(),
            ignored: expectations.ignore.clone(),
            complete: false,
            notes: Vec::new(),
            remarks: Vec::new(),
            one_of: Vec::new(),
            possible: Vec::new(),
            guessed: Vec::new(),
            named: BTreeSet::new(),
            dynamic: Vec::new(),
            no_lease: Vec::new(),
            demands_dynamic: !expectations.no_dynamic,
            ports: Vec::new(),
            vlans: Vec::new(),
            shadowed: Vec::new(),
            unknown: Vec::new(),
            refused: Vec::new(),
            aborting: Vec::new(),
            stopping: Vec::new(),
            unusable: Vec::new(),
            unread: Vec::new(),
            failing: Vec::new(),
            unfit: Vec::new(),
        }
    }

    fn take_configuration(&mut self, expectations: &Expectations, mut found: Vec<(Source, Promises)>) {
        self.notes = reconcile(&mut found);
        let demands = self.demands_dynamic;
        let promises = |(_, promises): &&(Source, Promises)| {
            promises.promises.iter().any(|promise| !promise.floating)
                || !promises.one_of.is_empty()
                || demands && !promises.dynamic.is_empty()
        };
        let mut names: Vec<&'static str> =
            found.iter().filter(promises).map(|(source, _)| source.name()).collect();
        names.extend((!expectations.addresses.file.is_empty()).then_some("--file"));
        names.extend((!expectations.addresses.ip.is_empty()).then_some("--ip"));
        self.source = ListSource::Configured(names);
        for (source, mut promises) in found {
            self.take_rest(&mut promises);
            let remark = |remark: Remark| format!("{source}: {} ({})", remark.what, remark.place);
            self.remarks.extend(promises.remarks.into_iter().map(remark));
            for promise in promises.promises {
                self.take(promise);
            }
        }
    }

    /// Takes over all but the addresses and the remarks.
    fn take_rest(&mut self, promises: &mut Promises) {
        merge::dynamic(&mut self.dynamic, promises.dynamic.drain(..));
        merge::ports(&mut self.ports, promises.ports.drain(..));
        self.vlans.append(&mut promises.vlans);
        self.unnamed.append(&mut promises.unnamed);
        self.named.append(&mut promises.named);
        self.one_of.append(&mut promises.one_of);
        self.possible.append(&mut promises.possible);
        self.additional.append(&mut promises.additional);
        let shadowed = promises.shadowed.drain(..);
        self.shadowed.extend(
            shadowed.map(|shadowed| (shadowed.expected.address, shadowed.why, shadowed.place.to_string())),
        );
        let in_words = |line: Remark| format!("{}: {}", line.place, line.what);
        self.refused.extend(promises.refused.drain(..).map(in_words));
        self.aborting.extend(promises.aborting.drain(..).map(in_words));
        self.stopping.extend(promises.stopping.drain(..).map(in_words));
        self.unknown.extend(promises.unknown.drain(..).map(in_words));
        self.notes.append(&mut promises.notes);
        self.failing.append(&mut promises.failing);
        self.unfit.append(&mut promises.unfit);
    }
}
