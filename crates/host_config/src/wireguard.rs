//! `/etc/wireguard/*.conf` by wg-quick(8): the addresses of `[Interface]`, on the interface that the file is
//! named after, and those that `PreUp` and `PostUp` bind. Only an interface that a unit brings up at boot is
//! expected.

mod at_boot;

use std::borrow::Cow;

use crate::ifupdown::{Hook, Steps, bring_up};
use crate::located::Located;
use crate::mask;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

const FOLDER: &str = "/etc/wireguard";

/// Returns the addresses of the tunnels that come up at boot: `None` if there is no file.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut all = Promises::default();
    let enabled = at_boot::tunnels(tree)?;
    // The folder is for root alone: where no tunnel comes up at boot, it need not be read.
    if enabled.is_empty() {
        return Ok(None);
    }
    let mut found = false;
    for name in tree.names(FOLDER)?.into_iter().filter_map(|name| name.into_string().ok()) {
        let Some(interface) = name.strip_suffix(".conf") else { continue };
        found = true;
        let place = Place::new(&format!("{FOLDER}/{name}"), 1);
        if !enabled.contains(interface) {
            all.remarks.push(place.remark(format!("{interface}: not brought up at boot")));
            continue;
        }
        all.add_name(interface);
        let content = all.readable(tree.read(&place.file))?.unwrap_or_default();
        let read = tunnel(tree, interface, &place.file, &content, &mut all);
        all.survive(read)?;
    }
    Ok(found.then_some(all))
}

fn tunnel(
    tree: &Tree<'_>,
    interface: &str,
    path: &str,
    content: &[u8],
    all: &mut Promises,
) -> Result<(), ConfigError> {
    let text = str::from_utf8(content).map_or_else(|_| String::from_utf8_lossy(content), Cow::from);
    let mut own = false;
    let mut steps = Steps::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim_ascii();
        if line.starts_with('[') {
            own = line.eq_ignore_ascii_case("[Interface]");
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| own) else { continue };
        let place = Place::new(path, number);
        // wg-quick inserts the name before it passes a command to the shell.
        let hook = |key| {
            let value = value.trim_ascii().replace("%i", interface);
            Hook { key, command: Located { value, place: place.clone() } }
        };
        match key.trim_ascii().to_ascii_lowercase().as_str() {
            "preup" => steps.before.push(hook("PreUp")),
            "postup" => steps.after.push(hook("PostUp")),
            "address" => {
                // wg-quick takes each word, and iproute2 a netmask of either form.
                let is_between = |c: char| c == ',' || c.is_ascii_whitespace();
                for text in value.split(is_between).filter(|text| !text.is_empty()) {
                    let read = mask::parse(text).map_err(|error| place.error(error)).map(|value| {
                        let promise = Located { value, place: place.clone() }.promise(Some(interface));
                        steps.addresses.push(promise);
                    });
                    all.survive(read)?;
                }
            }
            _ => {}
        }
    }
    bring_up(tree, interface, "INTERFACE", steps, all)
}
