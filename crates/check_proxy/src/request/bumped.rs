//! Answers inside a tunnel that squid ends itself (SslBump). It says 200 to CONNECT before its rules decide,
//! and what they decide inside TLS, under a certificate of its own.

use std::time::Instant;

use net::tls::Client;
use net::{HostPort, Stream, Waiting};

use crate::fault::{Fault, Status};
use crate::http::{Head, Reader};
use crate::request_options::{RequestOptions, USER_AGENT, send};

/// Returns whether squid itself made this answer inside a tunnel. It asks for no login there, so that 401 and
/// 407 are the page's unless its rules made them (deny_info).
pub(super) fn is_of_squid(head: &Head, status: &Status) -> bool {
    names_squid(head) && (status.is_by_rule || !matches!(head.code, 401 | 407))
}

fn names_squid(head: &Head) -> bool {
    head.first("X-Squid-Error").is_some() || head.names_server(&["squid"])
}

impl RequestOptions {
    /// Asks inside a tunnel to a target that must not be reached, under whichever certificate, and returns
    /// what squid itself says there: `None` if nothing came, or what a target may say.
    ///
    /// # Errors
    /// [`Fault::Short`]: the time was too short for an answer of squid.
    pub(crate) fn ask_inside(
        &self,
        reader: Reader<Stream<'static>>,
        target: &HostPort,
    ) -> Result<Option<Status>, Fault> {
        let Some(client) = &self.unverified else { return Ok(None) };
        let start = Instant::now();
        match self.head_inside(client, reader, target) {
            Ok(head) => {
                let status = head.status(&self.secrets);
                Ok(is_of_squid(&head, &status).then_some(status))
            }
            Err(fault) => {
                let fault = self.certain(fault.in_tunnel(), start, None);
                if fault.is_short() { Err(fault) } else { Ok(None) }
            }
        }
    }

    fn head_inside(
        &self,
        client: &Client,
        reader: Reader<Stream<'static>>,
        target: &HostPort,
    ) -> Result<Head, Fault> {
        let (stream, early) = reader.into_parts();
        let stream = stream.wait_by(&Waiting::until(&self.deadline()));
        let mut stream = stream.secure(client, &target.host.bare(), early).map_err(Fault::of_handshake)?;
        // squid takes the port from here, and its rules may name it.
        let request = format!("GET / HTTP/1.1\r\nHost: {target}\r\n{USER_AGENT}Connection: close\r\n\r\n");
        send(&mut stream, &request)?;
        Reader::new(stream).head()
    }
}
