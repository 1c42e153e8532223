//! Reads the expected addresses: the lists with their comments, and the configuration.

use std::collections::HashSet;
use std::net::IpAddr;

use host_config::{AddressOptions, Origin, Possible, Promise, Tree};
use plugin::Deadline;

use super::Expected;
use super::error::{ExpectedError, check_age, lines_of};
use crate::Expectations;
use crate::on_each::{of_lists, on_each};

impl Expected {
    /// Reads the addresses of --ip, --file and --from. The faults of lists and sources are in
    /// [`Expected::unusable`], because a known address may be missing beside them.
    pub fn read(expectations: &Expectations, deadline: &Deadline) -> Self {
        Self::read_from(expectations, &expectations.addresses.tree(deadline), deadline)
    }

    /// Reads the addresses as [`Expected::read`] does, with the configuration in `tree`.
    pub(crate) fn read_from(expectations: &Expectations, tree: &Tree<'_>, deadline: &Deadline) -> Self {
        let AddressOptions { ip, file, from, .. } = &expectations.addresses;
        let limit = expectations.file_max_age;
        let ages = file.iter().filter_map(|path| check_age(path, limit?, deadline).err());
        let mut errors: Vec<ExpectedError> = ages.collect();
        let (lists, comments, unusable) = expectations.addresses.read_lists_and_comments(deadline);
        errors.extend(unusable.into_iter().map(ExpectedError::Config));
        let named = !ip.is_empty() || !file.is_empty();
        let from = if from.is_empty() && !named { &[Origin::Auto][..] } else { from };
        let (found, unusable) = host_config::read_usable(from, tree);
        errors.extend(unusable.into_iter().map(ExpectedError::from));
        let said = found.iter().map(|(_, promises)| promises.promises.as_slice());
        let lists_say: Vec<Vec<Promise>> = of_lists(&comments.promises).collect();
        let on_each = on_each(said.chain(lists_say.iter().map(Vec::as_slice)));
        let configured = found.iter().flat_map(|(_, promises)| &promises.promises);
        let certain = configured.map(|promise| &promise.expected).chain(ip);
        let guessed = without(comments.guessed, certain.map(|certain| certain.address));
        let run: Vec<String> = found.iter().flat_map(|(_, promises)| promises.unread.clone()).collect();
        let mut expected = Self { on_each, guessed, ..Self::new(expectations, lists, found) };
        expected.dynamic.extend(comments.dynamic);
        let (floating, placed): (Vec<Promise>, _) =
            comments.promises.into_iter().partition(|promise| promise.floating);
        expected.add_floating(floating);
        expected.add_interfaces(placed);
        expected.ports.extend(comments.ports);
        expected.notes.extend(comments.notes);
        expected.possible.extend(comments.possible);
        if from.contains(&Origin::Auto) {
            let alone = expected.is_empty() && expected.dynamic.is_empty();
            match host_config::unread(tree, alone) {
                Ok(unread) => expected.unread = unread,
                Err(error) => errors.push(error.into()),
            }
        } else if !from.is_empty()
            && errors.is_empty()
            && expected.is_empty()
            && (expected.dynamic.is_empty() || !expected.demands_dynamic)
        {
            let why = expected.noted().unwrap_or_else(|| "nothing to check".to_owned());
            errors.push(ExpectedError::NothingPromised(expectations.addresses.names(), why));
        }
        let new: Vec<String> = run.into_iter().filter(|path| !expected.unread.contains(path)).collect();
        expected.unread.extend(new);
        let note = |path: &String| format!("note: {path} is here and is not read");
        expected.notes.extend(expected.unread.iter().map(note));
        expected.unusable = lines_of(&errors);
        expected
    }

    /// Adds the interfaces that the addresses of lists are configured on.
    fn add_interfaces(&mut self, promises: Vec<Promise>) {
        let on = |promise: Promise| Some((promise.expected.address, promise.interface?));
        let new = |pair: &(IpAddr, String)| self.interfaces.binary_search(pair).is_err();
        self.listed = promises.into_iter().filter_map(on).filter(new).collect();
        self.listed.sort();
        self.listed.dedup();
        self.interfaces.extend(self.listed.iter().cloned());
        self.interfaces.sort();
        self.interfaces.dedup();
    }
}

/// The guesses that nothing makes certain.
fn without(guessed: Vec<Possible>, certain: impl Iterator<Item = IpAddr>) -> Vec<Possible> {
    if guessed.is_empty() {
        return guessed;
    }
    let certain: HashSet<IpAddr> = certain.collect();
    guessed.into_iter().filter(|possible| !certain.contains(&possible.addresses.address)).collect()
}
