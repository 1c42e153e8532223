//! One connection to a server: packets, statements and their answers, all of them bounded. The protocol's own
//! parts are `mysql_common`'s; its sister crate `mysql` would resolve names by itself, trust more authorities
//! than we are told to, and wait for each read anew.

use std::io::{self, Read, Write};

use bytes::BytesMut;
use mysql_common::constants::CapabilityFlags as Capabilities;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{Column, ErrPacket};
use mysql_common::proto::MySerialize;
use mysql_common::proto::codec::PacketCodec;
use mysql_common::proto::codec::error::PacketCodecError;
use mysql_common::proto::sync_framed::MySyncFramed;
use net::tls::Client;
use net::{Cause, Stream};

use crate::failure::{Failure, Kind, Step};
use crate::row::Row;

/// The largest packet that is taken, in octets: one row of SHOW REPLICA STATUS with a GTID set of some ten
/// thousand intervals.
pub(crate) const LARGEST: usize = 1 << 20;
/// The most columns of an answer: MySQL's own limit of a table.
const COLUMNS: u64 = 4096;
/// The most rows of an answer: MySQL's limit is 256 channels.
const ROWS: usize = 1024;
/// The most that a server may say to one check, in octets: the widest honest answer, 256 channels with full
/// errors, has less than 2 MiB.
const MOST: u64 = 8 << 20;
/// What is read and written at once, in octets.
const ROOM: usize = 16 << 10;

/// The stream of a connection: `None` while it becomes one of TLS.
#[derive(Debug)]
struct Line(Option<Stream<'static>>);

impl Line {
    fn open(&mut self) -> io::Result<&mut Stream<'static>> {
        self.0.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Read for Line {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.open()?.read(room)
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.open()?.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open()?.flush()
    }
}

/// The packets of a connection.
#[derive(Debug)]
pub(crate) struct Packets(MySyncFramed<Line>);

impl Packets {
    pub(crate) fn new(stream: Stream<'static>) -> Self {
        let room = || BytesMut::with_capacity(ROOM);
        let mut codec = PacketCodec::default();
        codec.max_allowed_packet = LARGEST;
        Self(MySyncFramed::construct(room(), room(), codec, Line(Some(stream.at_most(MOST)))))
    }

    /// Whether it is a Unix socket.
    pub(crate) fn is_unix(&self) -> bool {
        self.0.get_ref().0.as_ref().is_some_and(Stream::is_unix)
    }

    /// Whether it can be read by no third party.
    pub(crate) fn is_private(&self) -> bool {
        self.0.get_ref().0.as_ref().is_some_and(|stream| stream.is_unix() || stream.is_secure())
    }

    /// The next packet, which is not empty. An error that the server says comes back as one.
    pub(crate) fn read(&mut self, step: Step) -> Result<Vec<u8>, Failure> {
        let mut packet = Vec::new();
        match self.0.next_packet(&mut packet) {
            Ok(true) if packet.is_empty() => {
                Err(Failure::new(step, Kind::Protocol("it sent an empty packet".to_owned())))
            }
            Ok(true) if packet.first() == Some(&0xff) => Err(Failure::new(step, error(&packet))),
            Ok(true) => Ok(packet),
            Ok(false) => Err(Failure::new(step, Kind::Closed)),
            Err(error) => Err(Failure::new(step, kind(error))),
        }
    }

    pub(crate) fn send(&mut self, packet: &impl MySerialize, step: Step) -> Result<(), Failure> {
        let mut octets = Vec::new();
        packet.serialize(&mut octets);
        self.send_octets(&octets, step)
    }

    pub(crate) fn send_octets(&mut self, mut octets: &[u8], step: Step) -> Result<(), Failure> {
        self.0.send(&mut octets).map_err(|error| Failure::new(step, kind(error)))
    }

    /// Goes on in TLS with a server that is called `name`. What came before must have been read: it was not
    /// protected.
    pub(crate) fn secure(&mut self, client: &Client, name: &str) -> Result<(), Failure> {
        let failed = |kind: Kind| Failure::new(Step::Login, kind);
        let nothing =
            MySyncFramed::construct(BytesMut::new(), BytesMut::new(), PacketCodec::default(), Line(None));
        let (early, out, codec, line) = std::mem::replace(&mut self.0, nothing).destruct();
        if !early.is_empty() {
            return Err(failed(Kind::Protocol("it speaks on before TLS has begun".to_owned())));
        }
        let stream = line.0.ok_or_else(|| failed(Kind::Closed))?;
        let stream = stream.secure(client, name, Vec::new()).map_err(|cause| failed(cause.into()))?;
        self.0 = MySyncFramed::construct(early, out, codec, Line(Some(stream)));
        Ok(())
    }

    /// Asks `statement` and takes its rows.
    pub(crate) fn query(&mut self, statement: &str) -> Result<Vec<Row>, Failure> {
        const COM_QUERY: u8 = 3;
        self.0.codec_mut().reset_seq_id();
        let octets: Vec<u8> = [COM_QUERY].into_iter().chain(statement.bytes()).collect();
        self.send_octets(&octets, Step::Statement)?;
        let head = self.read(Step::Statement)?;
        // OK: the statement has no rows at all.
        if head.first() == Some(&0x00) {
            return Ok(Vec::new());
        }
        let count = ParseBuf(&head).checked_eat_lenenc_int().filter(|count| (1..=COLUMNS).contains(count));
        // 0xfb asks for a local file, which is no count either.
        let count = count
            .filter(|_| head.first() != Some(&0xfb))
            .ok_or_else(|| strange("its answer begins strangely"))?;
        let mut names = Vec::new();
        for _column in 0..count {
            let packet = self.read(Step::Statement)?;
            let column = ParseBuf(&packet)
                .parse::<Column>(())
                .map_err(|_| strange("it describes a column strangely"))?;
            names.push(column.name_str().into_owned());
        }
        if !is_end(&self.read(Step::Statement)?) {
            return Err(strange("its columns do not end"));
        }
        self.rows(&names)
    }

    fn rows(&mut self, names: &[String]) -> Result<Vec<Row>, Failure> {
        let mut rows = Vec::new();
        loop {
            let packet = self.read(Step::Statement)?;
            if is_end(&packet) {
                return Ok(rows);
            }
            if rows.len() == ROWS {
                return Err(strange("its answer has more than 1024 rows"));
            }
            rows.push(row(&packet, names).ok_or_else(|| strange("a row of its answer is broken"))?);
        }
    }

    /// Says goodbye, so that the server counts no aborted client. Nothing comes back.
    pub(crate) fn quit(mut self) -> Option<Self> {
        const COM_QUIT: u8 = 1;
        self.0.codec_mut().reset_seq_id();
        // Whoever cannot hear it any more has gone already.
        let _ = self.send_octets(&[COM_QUIT], Step::Statement);
        let (_, _, _, line) = self.0.destruct();
        line.0.into_iter().for_each(Stream::close);
        None
    }
}

fn strange(what: &str) -> Failure {
    Failure::new(Step::Statement, Kind::Protocol(what.to_owned()))
}

/// EOF, as servers end columns and rows unless CLIENT_DEPRECATE_EOF is agreed on. A row may begin with the
/// same octet, but is longer.
fn is_end(packet: &[u8]) -> bool {
    packet.first() == Some(&0xfe) && packet.len() < 9
}

/// Values one after the other, each with its length in front; 0xfb is NULL.
fn row(packet: &[u8], names: &[String]) -> Option<Row> {
    let mut rest = ParseBuf(packet);
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let value = match rest.0.split_first() {
            Some((0xfb, after)) => {
                rest = ParseBuf(after);
                None
            }
            _ => Some(String::from_utf8_lossy(rest.checked_eat_lenenc_str()?).into_owned()),
        };
        columns.push((name.clone(), value));
    }
    rest.is_empty().then(|| Row::new(columns))
}

/// What the server says is wrong. Before the login there is no SQLSTATE in front of the text.
fn error(packet: &[u8]) -> Kind {
    let with_state = packet.get(3) == Some(&b'#');
    let capabilities = if with_state { Capabilities::CLIENT_PROTOCOL_41 } else { Capabilities::empty() };
    match ParseBuf(packet).parse::<ErrPacket<'_>>(capabilities) {
        Ok(ErrPacket::Error(error)) => Kind::Server(error.error_code(), error.message_str().into_owned()),
        Ok(ErrPacket::Progress(_)) | Err(_) => Kind::Protocol("its error is broken".to_owned()),
    }
}

fn kind(error: PacketCodecError) -> Kind {
    match error {
        PacketCodecError::Io(error) => Cause::from(error).into(),
        PacketCodecError::PacketTooLarge => {
            Kind::Protocol(format!("it sent a packet larger than {LARGEST} octets"))
        }
        PacketCodecError::PacketsOutOfSync => Kind::Protocol("its packets are out of order".to_owned()),
        PacketCodecError::BadCompressedPacketHeader => Kind::Protocol("it sent a broken packet".to_owned()),
    }
}
