//! Real message brokers, each in a host of its own: RabbitMQ with its STOMP plugin, and ActiveMQ.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::host::{Host, public_folder, succeed, write};
use crate::needs::Need;
use crate::process::run;
use crate::wait::eventually;

/// What a test needs that starts a RabbitMQ.
pub const RABBITMQ: [Need; 4] =
    [Need::Root, Need::Program("ip"), Need::Program("ss"), Need::Program("rabbitmqctl")];
/// What a test needs that starts an ActiveMQ.
pub const ACTIVEMQ: [Need; 5] =
    [Need::Root, Need::Program("ip"), Need::Program("ss"), Need::Program("java"), Need::Program("activemq")];

/// The user of both, and its password.
pub const LOGIN: (&str, &str) = ("lab", "not-so-secret");
/// The port of STOMP.
pub const PORT: u16 = 61613;
/// The port of STOMP by TLS, which only the RabbitMQ of these tests has.
pub const TLS_PORT: u16 = 61614;

/// The largest message that both take, in octets.
pub const LARGEST: usize = 200_000;

/// A client may show a certificate, whose common name is its login where it gives none.
const CLIENTS: &str = "ssl_options.verify = verify_peer\nssl_options.fail_if_no_peer_cert = false\n\
                       stomp.ssl_cert_login = true\nssl_cert_login_from = common_name\n";

/// How long a broker may take to start: on an idle machine RabbitMQ takes 8 s, ActiveMQ 3 s.
const LIMIT: Duration = Duration::from_secs(90);

/// A running broker. Dropping it stops it; its messages stay until its host is dropped.
#[derive(Debug)]
pub struct Broker<'a> {
    host: &'a Host,
    daemon: Option<Daemon>,
    folder: TempDir,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    RabbitMq,
    ActiveMq,
}

impl<'a> Broker<'a> {
    /// Starts a RabbitMQ in `host`, and one of each in one host would share no port but STOMP's.
    ///
    /// # Panics
    /// If it does not start.
    pub fn rabbitmq(host: &'a Host) -> Self {
        let folder = public_folder();
        let top = folder.path();
        certificate(top);
        let tls = format!(
            "{top}/authority.pem\nssl_options.certfile = {top}/server.pem\nssl_options.keyfile = {top}/server.key\n",
            top = top.display()
        );
        let settings = format!(
            "listeners.tcp.1 = 127.0.0.1:5672\nstomp.listeners.tcp.1 = 127.0.0.1:{PORT}\nstomp.listeners.ssl.1 = 127.0.0.1:{TLS_PORT}\n\
             max_message_size = {LARGEST}\ndefault_user = {}\ndefault_pass = {}\nssl_options.cacertfile = {tls}{CLIENTS}",
            LOGIN.0, LOGIN.1
        );
        write(&top.join("rabbitmq.conf"), &settings);
        write(&top.join("enabled_plugins"), "[rabbitmq_stomp].\n");
        Self::start(host, folder, Kind::RabbitMq)
    }

    /// Starts an ActiveMQ in `host`. Nobody may write to a queue called `denied.NAME`. Queues whose names
    /// have a dot are called `open.NAME`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn activemq(host: &'a Host) -> Self {
        let folder = public_folder();
        let settings = ACTIVEMQ_SETTINGS
            .replace("@port@", &PORT.to_string())
            .replace("@largest@", &LARGEST.to_string())
            .replace("@top@", &folder.path().display().to_string());
        write(
            &folder.path().join("activemq.xml"),
            &settings.replace("@login@", LOGIN.0).replace("@passcode@", LOGIN.1),
        );
        Self::start(host, folder, Kind::ActiveMq)
    }

    /// A command in the host of a RabbitMQ, in which `rabbitmqctl` speaks to it.
    pub fn administrator(&self, program: &str) -> Command {
        let mut command = self.host.command(program);
        // The `rabbitmqctl` of Debian's own PATH becomes another user first, who has another cookie.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("/usr/lib/rabbitmq/bin:{path}"));
        command.env("HOME", self.folder.path()).env("RABBITMQ_NODENAME", "sop@localhost");
        command.env("LANG", "C.UTF-8").env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        command
    }

    fn start(host: &'a Host, folder: TempDir, kind: Kind) -> Self {
        let mut broker = Self { host, daemon: None, folder, kind };
        broker.start_again();
        broker
    }

    /// Stops it, as its administrator would.
    ///
    /// # Panics
    /// If its port stays open.
    pub fn stop(&mut self) {
        self.daemon = None;
        eventually("the broker stops", Duration::from_secs(20), || !self.listens());
    }

    /// Starts it with what it had.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        let top = self.folder.path();
        let at = |name: &str| top.join(name);
        let mut command = match self.kind {
            Kind::RabbitMq => self.host.command("/usr/lib/rabbitmq/bin/rabbitmq-server"),
            Kind::ActiveMq => self.host.command("java"),
        };
        match self.kind {
            Kind::RabbitMq => {
                command.env("HOME", top).env("RABBITMQ_NODENAME", "sop@localhost").env("LANG", "C.UTF-8");
                command.env("RABBITMQ_MNESIA_BASE", at("mnesia")).env("RABBITMQ_LOG_BASE", at("log"));
                command
                    .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
                    .env("RABBITMQ_CONFIG_FILE", at("rabbitmq"));
                command.env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
                // Erlang's schedulers burn what they wait.
                command.env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "+sbwt none +sbwtdcpu none +sbwtdio none");
            }
            Kind::ActiveMq => {
                let base = top.display();
                // With less, a queue of 50,000 messages that nobody takes fills its memory, and it stops
                // reading.
                command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
                command
                    .args(["-Xmx1g", "-Dactivemq.home=/usr/share/activemq"])
                    .arg(format!("-Dactivemq.base={base}"));
                command.args(["-jar", "/usr/share/activemq/bin/activemq.jar", "start"]);
                command.arg(format!("xbean:file:{base}/activemq.xml"));
            }
        }
        self.daemon = Some(Daemon::start_within(LIMIT, &mut command, &at("output"), |_| self.listens()));
    }

    fn listens(&self) -> bool {
        let open = run(self.host.command("ss").args(["-Hltn"])).stdout;
        // RabbitMQ opens the port of TLS last.
        open.contains(&format!(":{} ", if self.kind == Kind::RabbitMq { TLS_PORT } else { PORT }))
    }

    /// The file of the authority that signed the certificate of the RabbitMQ, which is for 127.0.0.1 and
    /// broker.example.com.
    pub fn authority(&self) -> String {
        self.folder.path().join("authority.pem").display().to_string()
    }

    /// The files of a client's certificate and key: those of the user of [`LOGIN`], signed by the authority.
    pub fn client(&self) -> [String; 2] {
        self.pair("client")
    }

    /// The same for the same user, but signed by itself.
    pub fn foreign_client(&self) -> [String; 2] {
        self.pair("foreign")
    }

    fn pair(&self, name: &str) -> [String; 2] {
        ["pem", "key"].map(|kind| self.folder.path().join(format!("{name}.{kind}")).display().to_string())
    }
}

/// An authority, certificates that it has signed for the server and a client, and one of a client that it has
/// not.
fn certificate(top: &Path) {
    let script = "cd \"$0\" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout authority.key -out authority.pem \
        && openssl req -newkey rsa:2048 -nodes -subj /CN=broker.example.com -keyout server.key -out server.csr \
        && printf 'subjectAltName=DNS:broker.example.com,IP:127.0.0.1\\n' >extensions \
        && openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile extensions -out server.pem \
        && openssl req -newkey rsa:2048 -nodes -subj /CN=$1 -keyout client.key -out client.csr \
        && echo basicConstraints=CA:FALSE >extensions \
        && openssl x509 -req -in client.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 -extfile extensions -out client.pem \
        && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$1 -keyout foreign.key -out foreign.pem \
        && chmod 644 server.key";
    succeed(std::process::Command::new("sh").args(["-c", script]).arg(top).arg(LOGIN.0));
}

const ACTIVEMQ_SETTINGS: &str = r#"<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="
    http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" brokerName="sop" dataDirectory="@top@/data">
    <plugins><simpleAuthenticationPlugin><users>
      <authenticationUser username="@login@" password="@passcode@" groups="users"/>
    </users></simpleAuthenticationPlugin>
    <authorizationPlugin><map><authorizationMap><authorizationEntries>
      <authorizationEntry queue="*" read="users" write="users" admin="users"/>
      <authorizationEntry queue="open.>" read="users" write="users" admin="users"/>
      <authorizationEntry queue="denied.>" read="users" write="nobody" admin="nobody"/>
      <authorizationEntry topic=">" read="users" write="users" admin="users"/>
    </authorizationEntries></authorizationMap></map></authorizationPlugin></plugins>
    <transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:@port@?wireFormat.maxDataLength=@largest@"/></transportConnectors>
  </broker>
</beans>
"#;
