//! Logging in to a real server: every method, every kind of TLS, and every way to be refused, each with its
//! line.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use suite::host::succeed;
use suite::mariadb::{NEEDS, Server, Setup};
use suite::needs::{Need, missing};
use suite::plugins;
use suite::process::{Outcome, run};
use suite::wait::eventually;

use super::LIMIT;

const SECRET: &str = "another-secret-word";
/// nobody, on every Linux.
const NOBODY: &str = "65534";
const OK: &str = "not a replica, as expected";

/// An authority with its certificate for 127.0.0.1, and one that nobody asked.
fn authorities(folder: &Path) {
    let openssl =
        |arguments: &str| succeed(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
    let key = "-newkey rsa:2048 -nodes -days 2";
    for authority in ["ca", "stranger"] {
        openssl(&format!(
            "req -x509 {key} -subj /CN=authority -keyout {authority}-key.pem -out {authority}.pem"
        ));
    }
    for (name, more) in [("server", "subjectAltName=IP:127.0.0.1"), ("client", "basicConstraints=CA:FALSE")] {
        fs::write(folder.join("extensions"), more).unwrap();
        openssl(&format!(
            "req {} -subj /CN={name} -keyout {name}-key.pem -out {name}.csr",
            key.trim_end_matches(" -days 2")
        ));
        let sign = "x509 -req -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile extensions";
        openssl(&format!("{sign} -in {name}.csr -out {name}.pem"));
    }
}

/// A server with TLS that replicates from nobody, and accounts of all kinds.
fn start() -> (Server, tempfile::TempDir) {
    let folder = suite::host::public_folder();
    authorities(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let server = Setup::new(1)
        .option("--plugin-load-add=auth_ed25519")
        .option(format!("--ssl-ca={}", at("ca.pem")))
        .option(format!("--ssl-cert={}", at("server.pem")))
        .option(format!("--ssl-key={}", at("server-key.pem")))
        .start();
    let account = |user: &str, how: &str| {
        let host = if user == "nobody" { "localhost" } else { "127.0.0.1" };
        format!("CREATE USER {user}@{host} IDENTIFIED {how}; GRANT SLAVE MONITOR ON *.* TO {user}@{host};")
            .replace("@127.0.0.1", "@'127.0.0.1'")
    };
    let by = |more: &str| format!("BY '{SECRET}' {more}");
    let accounts = [
        account("native", &by("")),
        account("ed", &format!("VIA ed25519 USING PASSWORD('{SECRET}')")),
        account("nobody", "VIA unix_socket"),
        account("tls", &by("REQUIRE SSL")),
        account("x509", &by("REQUIRE X509")),
        account("subject", &by("REQUIRE SUBJECT '/CN=another'")),
        account("issuer", &by("REQUIRE ISSUER '/CN=another'")),
        account("cipher", &by("REQUIRE CIPHER 'another'")),
        account("expired", &by("PASSWORD EXPIRE")),
        account("locked", &by("ACCOUNT LOCK")),
        account("blocked", &by("")),
        format!(
            "CREATE USER old@'127.0.0.1' IDENTIFIED {}; GRANT REPLICATION CLIENT ON *.* TO old@'127.0.0.1';",
            by("")
        ),
    ];
    server.sql(&accounts.concat());
    (server, folder)
}

/// Asks as `user`, whose file has these lines too.
fn ask(server: &Server, user: &str, lines: &str, options: &[&str]) -> Outcome {
    let file = server.folder().join(format!("{user}.cnf"));
    fs::write(&file, format!("[client]\nuser={user}\npassword={SECRET}\n{lines}\n")).unwrap();
    let mut command = plugins::command("check_replication");
    command
        .arg(format!("--hostname=127.0.0.1:{}", server.port()))
        .arg(format!("--defaults-file={}", file.display()));
    let outcome = run(command.arg("--expect=none").args(options));
    assert!(outcome.stderr.is_empty() && !outcome.stdout.contains(SECRET), "{user}: {outcome:?}");
    outcome
}

#[test]
fn every_way_to_log_in_and_to_be_refused_has_its_line() {
    if missing(&NEEDS) || missing(&[Need::Root, Need::Program("openssl"), Need::Program("setpriv")]) {
        return;
    }
    let (server, folder) = start();
    let says = |what: &str, outcome: &Outcome, code: i32, line: &str| {
        let state = ["OK", "WARNING", "CRITICAL", "UNKNOWN"][code as usize];
        let line = format!("REPLICATION {state} - 127.0.0.1:{}: {line}", server.port());
        assert_eq!(
            (outcome.code, outcome.first_line().split(" | ").next()),
            (Some(code), Some(line.as_str())),
            "{what}"
        );
    };
    let at = |name: &str| folder.path().join(name).display().to_string();
    let authority = format!("--tls-ca={}", at("ca.pem"));
    let certificate = format!("ssl-cert={}\nssl-key={}", at("client.pem"), at("client-key.pem"));
    let denied =
        |user: &str, or: &str| format!("access denied for {user}: wrong user or password, {or}, error 1045");
    let needs_tls = "or the account needs TLS";
    let needs_certificate = "or the account needs a client certificate or another cipher";

    // What the server takes.
    for user in ["native", "ed"] {
        for level in ["--tls=off", "--tls=prefer", "--tls=require"] {
            says(user, &ask(&server, user, "", &[level]), 0, OK);
        }
    }
    says("TLS", &ask(&server, "tls", "", &[]), 0, OK);
    says("X509", &ask(&server, "x509", &certificate, &[]), 0, OK);
    for level in ["--tls=verify-ca", "--tls=verify-identity"] {
        says(level, &ask(&server, "native", "", &[level, &authority]), 0, OK);
    }
    by_socket(&server);

    // What it refuses.
    says(
        "password",
        &ask(&server, "native", "password=wrong", &["--tls=off"]),
        3,
        &denied("native", needs_tls),
    );
    says("no TLS", &ask(&server, "tls", "", &["--tls=off"]), 3, &denied("tls", needs_tls));
    says("no certificate", &ask(&server, "x509", "", &[]), 3, &denied("x509", needs_certificate));
    for user in ["subject", "issuer", "cipher"] {
        says(user, &ask(&server, user, "", &[]), 3, &denied(user, needs_certificate));
        let another = "or the account requires another subject, issuer or cipher";
        says(user, &ask(&server, user, &certificate, &[]), 3, &denied(user, another));
    }
    says("expired", &ask(&server, "expired", "", &[]), 3, "the password of expired has expired, error 1820");
    says("locked", &ask(&server, "locked", "", &[]), 3, "the account locked is locked, error 4151");
    server.sql("SET GLOBAL max_password_errors=1");
    ask(&server, "blocked", "password=wrong", &[]);
    let blocked =
        "the account blocked is blocked after too many wrong passwords, until FLUSH PRIVILEGES, error 4150";
    says("blocked", &ask(&server, "blocked", "", &[]), 3, blocked);
    server.sql("SET GLOBAL max_password_errors=DEFAULT");
    let old = ask(&server, "old", "", &[]);
    says(
        "privilege",
        &old,
        3,
        "old may not see the replication: GRANT SLAVE MONITOR ON *.* TO old@127.0.0.1",
    );
    let statement = old.stdout.lines().nth(1).unwrap();
    server.sql(statement);
    says("granted", &ask(&server, "old", "", &[]), 0, OK);

    // Whom we do not trust.
    let stranger = format!("--tls-ca={}", at("stranger.pem"));
    let wrong = "the server certificate is not signed by a trusted authority";
    says("stranger", &ask(&server, "native", "", &["--tls=verify-ca", &stranger]), 3, wrong);
    let name = format!("--hostname=localhost:{}", server.port());
    let outcome = run(plugins::command("check_replication").args([
        "--user=native",
        "--tls=verify-identity",
        &authority,
        &name,
    ]));
    let wrong = "the server certificate is for 127.0.0.1, not for localhost";
    let line = format!("REPLICATION UNKNOWN - localhost:{}: {wrong}", server.port());
    assert_eq!(outcome.summary(), (3, line.as_str()));

    folders_and_lists(&server, folder.path());
    too_many(&server, |outcome| says("too many", outcome, 2, "too many connections, error 1040"));
    one_connection(&server);
}

/// Folders of authorities, and lists of what these revoked: one that has not the server's certificate, one
/// that has it, and one that has expired.
fn lists(folder: &Path) {
    let openssl =
        |arguments: &str| succeed(Command::new("openssl").args(arguments.split(' ')).current_dir(folder));
    let settings = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n\
        default_crl_days=2\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n";
    for (name, content) in [("lists.cnf", settings), ("index", ""), ("number", "01\n")] {
        fs::write(folder.join(name), content).unwrap();
    }
    let by = "ca -config lists.cnf -keyfile ca-key.pem -cert ca.pem";
    openssl(&format!("{by} -gencrl -out clean.crl"));
    openssl(&format!("{by} -revoke server.pem"));
    openssl(&format!("{by} -gencrl -out revoked.crl"));
    let past = "-crl_lastupdate 20250101000000Z -crl_nextupdate 20250201000000Z";
    openssl(&format!("{by} -gencrl -out old.crl {past}"));
    let hash = openssl("x509 -hash -noout -in ca.pem").stdout.trim().to_owned();
    let files = [("hashed", "ca.pem", "0"), ("other", "stranger.pem", "0"), ("plain", "ca.pem", "pem")];
    let of_lists = [("clean", "clean.crl", "r0"), ("revoked", "revoked.crl", "r0")];
    for (inner, file, end) in files.into_iter().chain(of_lists) {
        fs::create_dir(folder.join(inner)).unwrap();
        fs::copy(folder.join(file), folder.join(inner).join(format!("{hash}.{end}"))).unwrap();
    }
}

/// The stock client connects where we do, and no more.
fn folders_and_lists(server: &Server, folder: &Path) {
    lists(folder);
    let at = |name: &str| folder.join(name).display().to_string();
    let untrusted = "the server certificate is not signed by a trusted authority";
    let revoked = "the server certificate, or one above it, was revoked";
    let no_list = "no revocation list tells of the server certificate, or of one above it";
    let nothing = "no certificate named by its hash (openssl rehash) in it";
    let ca = format!("ssl-ca={}", at("ca.pem"));
    let of_ca = |more: &str, name: &str| format!("{ca}\n{more}={}", at(name));
    let rows = [
        (format!("ssl-capath={}", at("hashed")), OK),
        (format!("ssl-capath={}", at("other")), untrusted),
        (format!("ssl-capath={}", at("plain")), nothing),
        (of_ca("ssl-capath", "plain"), OK),
        (of_ca("ssl-crl", "clean.crl"), OK),
        (of_ca("ssl-crl", "revoked.crl"), revoked),
        (of_ca("ssl-crl", "old.crl"), "the revocation list for the server certificate has expired"),
        (of_ca("ssl-crlpath", "clean"), OK),
        (of_ca("ssl-crlpath", "revoked"), revoked),
        (of_ca("ssl-crlpath", "plain"), no_list),
        // Where nothing is verified, a list is not needed.
        (format!("ssl-crl={}", at("revoked.crl")), OK),
        ("tls-version=TLSv1.2\nssl-cipher=ECDHE-RSA-AES128-GCM-SHA256".to_owned(), OK),
        ("ssl-cipher=AES128-SHA".to_owned(), OK),
    ];
    let client_is_old = run(Command::new("mariadb").arg("--version")).stdout.contains(" 10.");
    for (lines, line) in rows {
        let outcome = ask(server, "native", &lines, &[]);
        assert!(outcome.first_line().contains(line), "{lines}: {outcome:?}");
        assert_eq!(outcome.code, Some(if line == OK { 0 } else { 3 }), "{lines}: {outcome:?}");
        let mut client = Command::new("mariadb");
        client.arg(format!("--defaults-file={}", server.folder().join("native.cnf").display()));
        let port = format!("--port={}", server.port());
        let client = run(client.args(["--host=127.0.0.1", "--protocol=tcp", &port, "--execute=SELECT 1"]));
        // From 11.4 on, the client verifies the server where nothing asks for it.
        let verifies = lines.starts_with("ssl-crl=") && !client_is_old;
        assert_eq!(client.code == Some(0), line == OK && !verifies, "{lines}: {client:?}");
    }
}

/// As the user that the server knows by the socket.
fn by_socket(server: &Server) {
    let binary = server.folder().join("check_replication");
    fs::copy(plugins::binary("check_replication"), &binary).unwrap();
    let socket = format!("--socket={}", server.socket().display());
    let host = server.value("SELECT @@hostname");
    let ask = |user: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&binary);
        run(command.args(["--expect=none", user, &socket]))
    };
    assert_eq!(
        ask("--user=nobody").verdict(),
        (0, format!("REPLICATION OK - {host}: {OK} | channels=0;;;0").as_str())
    );
    let line = format!(
        "REPLICATION UNKNOWN - {}: access denied for native: wrong user or password, or the account needs TLS, error 1045",
        server.socket().display()
    );
    assert_eq!(ask("--user=native").summary(), (3, line.as_str()));
}

/// Holds every connection that the server has to give.
fn too_many(server: &Server, says: impl Fn(&Outcome)) {
    server.sql("SET GLOBAL max_connections=10");
    let held: Vec<TcpStream> =
        (0..12).map(|_| TcpStream::connect((server.address(), server.port())).unwrap()).collect();
    // The last one that the server took in is in its list.
    eventually("no connection left", LIMIT, || ask(server, "native", "", &[]).code != Some(0));
    says(&ask(server, "native", "", &[]));
    drop(held);
    eventually("connections again", LIMIT, || ask(server, "native", "", &[]).code == Some(0));
}

/// What a check of a healthy server that is no replica costs it, by its general log: one connection, three
/// statements, the third for a group, a goodbye.
fn one_connection(server: &Server) {
    server.sql("SET GLOBAL log_output='TABLE', general_log=1; TRUNCATE mysql.general_log");
    assert_eq!(ask(server, "native", "", &[]).code, Some(0));
    server.sql("SET GLOBAL general_log=0");
    let log =
        server.sql("SELECT command_type, COUNT(*) FROM mysql.general_log WHERE user_host LIKE '%native%' GROUP BY 1 ORDER BY 1");
    let counts: Vec<&str> = log.lines().skip(1).collect();
    assert_eq!(counts, ["Connect\t1", "Query\t3", "Quit\t1"]);
    assert_eq!(
        server.value("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='ABORTED_CLIENTS'"),
        "0"
    );
}
