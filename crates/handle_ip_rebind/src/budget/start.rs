//! When this host or container started: the kernel tells one start from another also where the clock is
//! wrong after it.

use std::fs;

use rustix::system::sysinfo;
use serde::{Deserialize, Serialize};

/// A start of this host or container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// The boot, as /proc/sys/kernel/random/boot_id names it. `None` if it cannot be read.
    boot: Option<String>,
    /// When process 1 started, in seconds after the boot: that of a container is younger. `None` if it
    /// cannot be read, as with `ProtectProc=invisible` of systemd.
    first: Option<i64>,
}

impl Start {
    /// Reads the last start.
    pub(crate) fn read() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
        let stat = fs::read_to_string("/proc/1/stat").ok();
        Self {
            boot: boot.map(|boot| boot.trim_end().to_owned()),
            first: stat.and_then(|stat| host_config::process_start(&stat)),
        }
    }

    /// Returns for how long this host or container runs, in seconds.
    pub(crate) fn age(&self) -> u64 {
        u64::try_from(sysinfo().uptime.saturating_sub(self.first.unwrap_or(0))).unwrap_or(0)
    }

    /// Returns whether it is another one than that of an `earlier` run. `None` if that is not known.
    pub(super) fn differs(&self, earlier: &Self) -> Option<bool> {
        let boots = self.boot.as_ref().zip(earlier.boot.as_ref())?;
        if boots.0 != boots.1 {
            return Some(true);
        }
        self.first.zip(earlier.first).map(|(first, before)| first != before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_told_by_the_boot_and_by_process_1() {
        let start = |boot: &str, first| Start { boot: (!boot.is_empty()).then(|| boot.to_owned()), first };
        let rows = [
            (start("a", Some(0)), start("a", Some(0)), Some(false)),
            (start("b", Some(0)), start("a", Some(0)), Some(true)),
            (start("a", Some(900)), start("a", Some(5)), Some(true)),
            // A unit of systemd may not see process 1.
            (start("a", None), start("a", Some(5)), None),
            (start("a", Some(5)), start("a", None), None),
            (start("b", None), start("a", Some(5)), Some(true)),
            (start("", Some(5)), start("a", Some(9)), None),
            (start("a", Some(5)), Start::default(), None),
        ];
        for (now, earlier, expected) in rows {
            assert_eq!(now.differs(&earlier), expected, "{now:?} {earlier:?}");
        }
        let now = Start::read();
        assert!(now.boot.as_ref().is_some_and(|boot| boot.len() == 36), "{now:?}");
        assert_eq!((now.first.is_some(), now.differs(&now)), (true, Some(false)));
    }
}
