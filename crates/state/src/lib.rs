//! What a program keeps on disk, so that neither a crash nor another user can turn it against its host.
//!
//! It knows nothing of any plugin and of what the files mean.
