//! Where the monitor's state comes from: status.dat, Icinga's API or Livestatus, all as the same list of
//! sources.

use monitor_state::{FileError, Monitor, Written, file};
use plugin::Deadline;

use crate::api::{self, Account, ApiError};
use crate::config::Config;
use crate::livestatus::{self, LivestatusError};
use crate::moment::now;
use crate::options::Args;
use crate::sources::chooser::Chooser;
use crate::sources::{ChoiceError, Observations};

/// Why the monitor's state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// status.dat.
    #[error(transparent)]
    File(#[from] FileError),
    /// Icinga's API.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Livestatus.
    #[error(transparent)]
    Livestatus(#[from] LivestatusError),
    /// An option without which the API cannot be asked.
    #[error("--icinga-api needs --api-user, and --api-password by --extra-opts, see --help")]
    NoLogin,
    /// It does not serve the configuration.
    #[error(transparent)]
    Choice(#[from] ChoiceError),
}

/// The monitor's state, as far as the configuration names it.
#[derive(Debug)]
pub(crate) struct Sources {
    /// What the monitor says of itself.
    pub(crate) monitor: Monitor,
    /// When it was written, in seconds since 1970.
    pub(crate) modified: u64,
    /// The unit of check intervals, in seconds.
    pub(crate) interval_length: u64,
    /// What it knows of the sources.
    pub(crate) seen: Observations,
}

impl Sources {
    /// Returns how old it is, in seconds; `None` if it is from the future, so that nothing tells.
    pub(crate) fn age(&self, now: u64) -> Option<u64> {
        let written = Written { modified: self.modified, created: Some(self.monitor.created), read: now };
        written.ahead().is_none().then(|| written.age())
    }
}

/// Reads it.
///
/// # Errors
/// [`SourceError`].
pub(crate) fn read(args: &Args, config: &Config, deadline: &Deadline) -> Result<Sources, SourceError> {
    let mut chooser = Chooser::new(config);
    let now = now();
    let (monitor, modified, interval_length) = match (&args.api.icinga_api, &args.livestatus) {
        (Some(url), _) => {
            let (Some(user), Some(password)) = (&args.api.api_user, &args.api.api_password) else {
                return Err(SourceError::NoLogin);
            };
            let account = Account { url, user, password, authorities: args.api.tls_ca.clone() };
            (api::read(&account, now, &mut chooser, deadline)?, now, 1)
        }
        (None, Some(socket)) => {
            let (monitor, unit) = livestatus::read(socket, now, &mut chooser, deadline)?;
            (monitor, now, if unit == 0 { config.interval_length } else { unit })
        }
        (None, None) => {
            let path = match &args.status_file {
                Some(path) => path.as_path(),
                None => file::find()?,
            };
            let file = file::read(path, &mut chooser, deadline)?;
            (file.monitor, file.modified, config.interval_length)
        }
    };
    Ok(Sources { monitor, modified, interval_length, seen: chooser.finish()? })
}
