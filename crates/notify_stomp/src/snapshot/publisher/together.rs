//! Sends several objects so that a broker confirms each of them.
//!
//! A receipt says that the broker took its own frame. Of the frames before it, it says only that they arrived
//! (STOMP 1.2, RECEIPT): ActiveMQ reports one of these that it refuses from another thread, and so sometimes
//! after a later receipt. So each object asks for a receipt. Where the broker is faster with transactions,
//! they share that of a transaction, which the broker takes back if it refuses one of them.

use std::ops::RangeInclusive;

use crate::deliver::{BATCH, DOING, SendOptions, queue_transaction};
use crate::session::{Session, SessionError};

/// An object on its way: its number, and its JSON.
pub(super) type Sent = (u64, Vec<u8>);

/// How many objects, and how many octets, are sent together in a transaction.
const TRANSACTION: (usize, usize) = (1000, 1 << 20);
/// The same where each has a receipt. The receipts that are due must fit into the buffers of the connection:
/// a broker that cannot send them reads nothing more.
const EACH: (usize, usize) = (250, 1 << 20);

/// Returns how many objects, and how many octets, are sent together.
pub(super) fn limits(options: &SendOptions<'_>, session: &Session<'_>) -> (usize, usize) {
    if options.is_in_transactions(session) { TRANSACTION } else { EACH }
}

/// The objects that each receipt confirms. It is called like the last of them.
pub(super) fn receipts<'s>(
    options: &SendOptions<'_>,
    session: &Session<'_>,
    mut group: impl DoubleEndedIterator<Item = &'s Sent>,
) -> Vec<RangeInclusive<u64>> {
    if !options.is_in_transactions(session) {
        return group.map(|(number, _)| *number..=*number).collect();
    }
    let last = group.next_back();
    let first = group.next().or(last);
    first.zip(last).map(|((first, _), (last, _))| *first..=*last).into_iter().collect()
}

/// Sends these objects, and asks for their receipts.
pub(super) fn send<'s>(
    options: &SendOptions<'_>,
    session: &mut Session<'_>,
    group: impl ExactSizeIterator<Item = &'s Sent> + DoubleEndedIterator + Clone,
) -> Result<(), SessionError> {
    let Some((last, _)) = group.clone().next_back() else { return Ok(()) };
    if group.len() > 1 && options.is_in_transactions(session) {
        let frames = group.map(|(_, json)| options.frame(None, json.clone()));
        queue_transaction(session, *last, frames)?;
    } else {
        for (number, json) in group {
            session.queue(&options.frame(Some(*number), json.clone()))?;
            if session.unsent() >= BATCH {
                session.send(DOING)?;
            }
        }
    }
    session.send(DOING)
}
