//! What strangers, who have no login, should get from the proxies.

/// What strangers should get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Strangers {
    /// Nothing: the page in their hands is CRITICAL.
    #[default]
    Refuse,
    /// Whatever the proxy gives them: they are not tried.
    Allow,
    /// Nothing, and only that is checked: no login is needed.
    Only,
}
