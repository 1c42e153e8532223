//! Tests of spool.rs: rows of what is given and what must come of it.
