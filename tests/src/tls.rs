//! Certificates of every kind, made for a test, and a TLS server that shows one: openssl's own, which breaks
//! no rule by mistake.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::host::{public_folder, succeed};
use crate::needs::Need;
use crate::process::run;

/// What a test needs that makes certificates.
pub const NEEDS: [Need; 1] = [Need::Program("openssl")];

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
/// What openssl needs to sign with any two dates, which only its `ca` command takes.
const SETTINGS: &str = "[ca]\ndefault_ca = one\n[one]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\n\
    policy = any\nunique_subject = no\nx509_extensions = extensions\n[any]\ncommonName = supplied\n[extensions]\n";

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

/// An authority with a folder of its own, which goes when this is dropped.
#[derive(Debug)]
pub struct Authority(TempDir);

impl Authority {
    /// Makes an authority called `name` that is valid from 2000 to 2125; two of one name differ in their
    /// keys.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn create(name: &str) -> Self {
        Self::create_by(name, KEY)
    }

    /// The same with a key by these arguments of `openssl req`, as in `-newkey rsa:1024 -nodes`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn create_by(name: &str, key: &str) -> Self {
        let authority = Self(public_folder());
        fs::write(authority.path("index.txt"), "").unwrap_or_default();
        authority.openssl(&format!("req {key} -subj /CN={name} -keyout ca.key -out ca.csr"));
        authority.renew("ca", "20000101000000Z", "21250101000000Z");
        authority
    }

    /// Writes its own certificate once more, valid from one time to another, into a file called `name`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn renew(&self, name: &str, from: &str, until: &str) {
        const OWN: &str = "basicConstraints = critical,CA:TRUE\nsubjectKeyIdentifier = hash\n";
        fs::write(self.path("ca.cnf"), format!("{SETTINGS}{OWN}")).unwrap_or_default();
        let sign = "ca -batch -notext -config ca.cnf -selfsign -keyfile ca.key -in ca.csr";
        self.openssl(&format!("{sign} -startdate {from} -enddate {until} -out {name}.pem"));
    }

    /// The path of a file in its folder.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    /// Its own certificate, which is that of an authority.
    pub fn own(&self) -> Pair {
        Pair { certificate: self.path("ca.pem"), key: self.path("ca.key") }
    }

    /// A certificate called `name` with these X.509 extensions, one a line, valid from yesterday to tomorrow.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign(&self, name: &str, extensions: &str) -> Pair {
        self.sign_key(name, extensions, KEY)
    }

    /// The same with a key by these arguments of `openssl req`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_key(&self, name: &str, extensions: &str, key: &str) -> Pair {
        self.request(name, key);
        self.finish("ca", name, extensions, "-days 2 -sha256")
    }

    /// A certificate for 90 days that another one of this authority signed, which is called `issuer`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_below(&self, issuer: &str, name: &str, extensions: &str) -> Pair {
        self.request(name, KEY);
        self.finish(issuer, name, extensions, "-days 90 -sha256")
    }

    /// The same with these further arguments of `openssl x509`, as in `-sha1`; without extensions it is of
    /// version 1.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_by(&self, name: &str, extensions: &str, arguments: &str) -> Pair {
        self.sign_by_key(name, extensions, arguments, KEY)
    }

    /// The same with a key by these arguments of `openssl req`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_by_key(&self, name: &str, extensions: &str, arguments: &str, key: &str) -> Pair {
        self.request(name, key);
        self.finish("ca", name, extensions, arguments)
    }

    /// The same with a validity of `from` and `until`, as in `20200131000000Z`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_between(&self, name: &str, extensions: &str, from: &str, until: &str) -> Pair {
        self.sign_key_between(name, extensions, KEY, (from, until))
    }

    /// The same with a key by these arguments of `openssl req`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_key_between(
        &self,
        name: &str,
        extensions: &str,
        key: &str,
        (from, until): (&str, &str),
    ) -> Pair {
        self.request(name, key);
        fs::write(self.path("ca.cnf"), format!("{SETTINGS}{extensions}\n")).unwrap_or_default();
        let sign = "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key";
        self.openssl(&format!("{sign} -startdate {from} -enddate {until} -in {name}.csr -out {name}.pem"));
        self.pair(name)
    }

    /// Another certificate, called `name`, for the key and the subject of the one that is called `of`, with
    /// these further arguments of `openssl x509`.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn sign_again(&self, of: &str, name: &str, extensions: &str, arguments: &str) {
        fs::copy(self.path(&format!("{of}.csr")), self.path(&format!("{name}.csr"))).unwrap_or_default();
        self.finish("ca", name, extensions, arguments);
    }

    /// Writes the certificates of these names into one file, called `name`.
    pub fn join(&self, name: &str, of: &[&str]) {
        let read = |one: &&str| fs::read_to_string(self.path(&format!("{one}.pem"))).unwrap_or_default();
        fs::write(self.path(&format!("{name}.pem")), of.iter().map(read).collect::<String>())
            .unwrap_or_default();
    }

    /// A certificate that signs itself, with these X.509 extensions.
    ///
    /// # Panics
    /// If openssl refuses.
    pub fn self_signed(&self, name: &str, extensions: &[&str]) -> Pair {
        let extensions: String = extensions.iter().map(|extension| format!(" -addext {extension}")).collect();
        self.openssl(&format!(
            "req -x509 {KEY} -days 2 -subj /CN={name}{extensions} -keyout {name}.key -out {name}.pem"
        ));
        self.pair(name)
    }

    fn request(&self, name: &str, key: &str) {
        self.openssl(&format!("req {key} -subj /CN={name} -keyout {name}.key -out {name}.csr"));
    }

    fn finish(&self, issuer: &str, name: &str, extensions: &str, arguments: &str) -> Pair {
        fs::write(self.path("extensions"), extensions).unwrap_or_default();
        // From 3.4 on, x509 makes no certificate of version 1.
        let is_first = extensions.is_empty() && makes_first();
        fs::write(self.path("first"), "[req]\ndistinguished_name = dn\n[dn]\n").unwrap_or_default();
        let more = if extensions.is_empty() { "" } else { "-extfile extensions " };
        let sign = if is_first { "req -x509 -x509v1 -config first" } else { "x509 -req -CAcreateserial" };
        let sign = format!("{sign} -CA {issuer}.pem -CAkey {issuer}.key");
        self.openssl(&format!("{sign} {more}{arguments} -in {name}.csr -out {name}.pem"));
        self.pair(name)
    }

    fn pair(&self, name: &str) -> Pair {
        Pair { certificate: self.path(&format!("{name}.pem")), key: self.path(&format!("{name}.key")) }
    }

    fn openssl(&self, arguments: &str) {
        succeed(Command::new("openssl").args(arguments.split_ascii_whitespace()).current_dir(self.0.path()));
    }
}

/// Whether `openssl req` can make certificates of version 1.
fn makes_first() -> bool {
    run(Command::new("openssl").args(["req", "-help"])).stderr.contains("-x509v1")
}

/// Returns the time so many days after now, as openssl takes it.
///
/// # Panics
/// If there is no `date`.
pub fn in_days(days: u16) -> String {
    let mut date = Command::new("date");
    let time = run(date.args(["-u", "-d", &format!("{days} days"), "+%Y%m%d%H%M%SZ"]));
    time.stdout.trim().to_owned()
}

/// A running `openssl s_server` on a free port of 127.0.0.1. Dropping it ends it.
#[derive(Debug)]
pub struct TlsServer {
    child: Child,
    address: String,
}

impl TlsServer {
    /// Starts one that shows `pair` with these further arguments of `openssl s_server`, as in `-tls1_1`.
    ///
    /// # Panics
    /// If it does not start.
    #[expect(clippy::panic, reason = "a test's helper: a server that does not start must fail the test")]
    pub fn start(pair: &Pair, arguments: &str) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-no-CAfile", "-no-CApath", "-no-CAstore", "-accept", "127.0.0.1:0", "-cert"])
            .arg(&pair.certificate)
            .arg("-key")
            .arg(&pair.key);
        command.args(arguments.split_ascii_whitespace()).current_dir(folder(&pair.certificate));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap_or_else(|| panic!("no output"))).lines();
        let place = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        let address = place.unwrap_or_else(|| panic!("{command:?} did not start"));
        // What it prints is taken, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }

    /// Where it listens, as in `127.0.0.1:40000`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its port.
    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    /// Sends this to the first client, once that has come.
    ///
    /// # Errors
    /// What the system says.
    pub fn say(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.child.stdin.as_mut().map_or(Ok(()), |input| input.write_all(octets).and_then(|()| input.flush()))
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        // Does nothing where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
