//! The list of servers: their names by their places, and all pairs.

use crate::server::Server;

/// Returns what the server at this place is called.
pub(crate) fn name(servers: &[Server], place: usize) -> &str {
    servers.get(place).map(|server| server.asked.as_str()).unwrap_or_default()
}

/// Returns all pairs, the first with the later ones.
pub(super) fn pairs(servers: &[Server]) -> impl Iterator<Item = (&Server, &Server)> {
    servers
        .iter()
        .enumerate()
        .flat_map(|(place, one)| servers.iter().skip(place + 1).map(move |other| (one, other)))
}
