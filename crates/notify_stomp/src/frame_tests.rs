//! Tests of frame.rs: rows of what is given and what must come of it.
