//! Serves one page by HTTP on all addresses: `page_server PORT`. It answers `/pong?n=TEXT` by `pong TEXT from
//! ADDRESS`, with the address of the client.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::process::ExitCode;

fn main() -> ExitCode {
    let port = std::env::args().nth(1).and_then(|port| port.parse::<u16>().ok());
    let Some(listener) = port.and_then(|port| TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).ok()) else {
        return ExitCode::FAILURE;
    };
    listener.incoming().flatten().for_each(|stream| {
        std::thread::spawn(move || serve(&stream));
    });
    ExitCode::SUCCESS
}

/// Answers one request. A client that goes meanwhile is none of our business.
fn serve(stream: &TcpStream) -> Option<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next()?;
    let text =
        request.split_once("n=").map_or("", |(_, rest)| rest.split([' ', '&']).next().unwrap_or_default());
    lines.find(String::is_empty)?;
    let page = format!("pong {text} from {}\n", stream.peer_addr().ok()?.ip().to_canonical());
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nConnection: close\r\n";
    write!(&*stream, "{head}Content-Length: {}\r\n\r\n{page}", page.len()).ok()
}
