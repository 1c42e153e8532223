//! What every plugin that talks to a network shares, under one [`plugin::Deadline`].
//!
//! It knows nothing of any plugin, and of no protocol above TLS and ICMP echo.
