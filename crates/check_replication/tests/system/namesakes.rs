//! A chain of three of MariaDB whose last server has the id of the first, which is not asked.

use suite::host::Host;
use suite::mariadb::{HOST_NEEDS, Setup, start_all};
use suite::needs::missing;

use super::check;

#[test]
fn the_last_of_a_chain_has_the_id_of_the_first() {
    if missing(&HOST_NEEDS) {
        return;
    }
    let host = Host::create();
    host.etc("hosts", "192.0.2.2 db-02\n192.0.2.3 db-03\n");
    let setup = |place: u32, id: u32| Setup::new(id).at(&host, &format!("192.0.2.{place}"));
    let [first, middle, last] = start_all([setup(1, 1), setup(2, 2), setup(3, 1)]);
    middle.replicate("", &first);
    last.replicate("", &middle);
    first.sql("CREATE DATABASE shop");
    middle.await_applied(&first);
    last.await_applied(&first);
    assert_eq!(last.value("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name='shop'"), "0");
    let arguments = ["--hostname=db-02", "--hostname=db-03", "--expect-shape=tree"];
    let port = first.port();
    let line = format!(
        "REPLICATION CRITICAL - db-03 has the server id 1 of 192.0.2.1:{port}, source of db-02: drops all it writes"
    );
    assert_eq!(check(&host, &last, &arguments).summary(), (2, line.as_str()));
}
