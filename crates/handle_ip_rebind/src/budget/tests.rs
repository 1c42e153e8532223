//! The folder of the state as runs find it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::*;
use crate::case::{Fate, example};
use crate::probe::Gateways;

fn private_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    folder
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(8))
}

fn take(path: &Path) -> Result<Option<Held>, BudgetError> {
    Held::take(path, "eth0", &soon())
}

#[test]
fn the_budget_is_that_of_the_last_hour() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let held = take(&state).unwrap().unwrap();
    let acted = |now| held.read(now, &soon()).unwrap().acted;
    let spend = |now| {
        let mut memory = held.read(now, &soon()).unwrap();
        memory.acted.push(now);
        held.write(&mut memory).unwrap();
    };
    assert_eq!(held.read(10_000, &soon()).unwrap(), Memory::default());
    spend(10_000);
    spend(11_000);
    assert_eq!(acted(11_000), [10_000, 11_000]);
    assert_eq!(acted(13_600), [11_000]);
    assert_eq!(acted(8_000), [8_000, 8_000], "the clock was put back: they count as now");
    assert_eq!(acted(8_000 + 3_599), [8_000, 8_000], "and from then on");
    assert_eq!(acted(8_000 + 3_600), [0_u64; 0]);
    assert_eq!(acted(1_000_000), [0_u64; 0]);
    spend(20_000);
    assert_eq!(acted(20_000), [20_000]);
}

#[test]
fn a_clock_that_was_years_ahead_frees_no_budget() {
    let folder = private_folder();
    let held = take(folder.path()).unwrap().unwrap();
    let far = 4_000_000_000;
    let mut memory = Memory { acted: vec![far; 3], ..Memory::default() };
    let failed = example("192.0.2.31", Fate::Failed, "x");
    memory.failed.learn(std::slice::from_ref(&failed), far);
    held.write(&mut memory).unwrap();
    let memory = held.read(10_000, &soon()).unwrap();
    assert_eq!(memory.acted, [10_000; 3]);
    let fate = |now| {
        let mut cases = [Case { fate: Fate::Bindable, ..failed.clone() }];
        held.read(now, &soon()).unwrap().failed.hold_back(&mut cases, now);
        cases[0].fate
    };
    assert_eq!(fate(10_000), Fate::Waiting);
    assert_eq!(fate(10_060), Fate::Bindable);
    assert_eq!(held.read(13_600, &soon()).unwrap().acted, [0_u64; 0]);
}

#[test]
fn no_path_is_made() {
    let folder = private_folder();
    let state = folder.path().join("typo/state");
    let error = take(&state).unwrap_err().to_string();
    let expected = format!("state: making {}: no such file or directory", state.display());
    assert_eq!(error, expected);
    assert!(!folder.path().join("typo").exists());
    assert!(take(&folder.path().join("state")).unwrap().is_some(), "the last folder is made");
}

/// A folder with another's files in it is refused, whatever its mode.
#[test]
fn another_fault_than_the_folders_own_is_named() {
    let top = private_folder();
    let state = top.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("other"), "").unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let error = |path: &Path| take(path).unwrap_err().to_string();
    let foreign = "has other files in it: state must name a directory of its own";
    mode(&state, 0o755);
    assert_eq!(error(&state), format!("state: {} {foreign}", state.display()));
    let link = top.path().join("link");
    std::os::unix::fs::symlink(&state, &link).unwrap();
    let named = "a symbolic link, name the folder itself";
    assert_eq!(error(&link), format!("state: {}: {named}", link.display()));
    mode(&state, 0o700);
    assert_eq!(error(&state), format!("state: {} {foreign}", state.display()));
    let tried = try_state(&state, "eth0", 0, &soon()).unwrap_err().to_string();
    assert_eq!(tried, format!("state: {} {foreign}", state.display()));
    fs::remove_file(state.join("other")).unwrap();
    // What a run that was killed left.
    fs::write(state.join(".budget.json.new"), "").unwrap();
    assert!(take(&state).unwrap().is_some(), "its own");
    mode(top.path(), 0o777);
    assert_eq!(error(&state), format!("state: chmod go-w {}: others can write it", top.path().display()));
    mode(top.path(), 0o700);
}

#[test]
fn the_most_that_can_fail_can_be_read_again() {
    let folder = private_folder();
    let held = take(folder.path()).unwrap().unwrap();
    let why = || Some("x".repeat(300));
    let address = |number| std::net::Ipv6Addr::from_bits(u128::MAX - number).into();
    let case = |number| Case::unlisted(address(number), String::new(), Fate::Failed, why());
    let mut memory = Memory::default();
    memory.failed.learn(&(0..20_001).map(case).collect::<Vec<_>>(), 1_700_000_000);
    held.write(&mut memory).unwrap();
    assert_eq!(held.read(1_700_000_000, &soon()).unwrap(), memory);
}

#[test]
fn the_lock_is_held_by_one() {
    let folder = private_folder();
    let held = take(folder.path()).unwrap();
    assert!(held.is_some());
    assert!(take(folder.path()).unwrap().is_none());
    drop(held);
    assert!(take(folder.path()).unwrap().is_some());
}

#[test]
fn a_file_that_is_not_understood_is_no_budget() {
    let folder = private_folder();
    let held = take(folder.path()).unwrap().unwrap();
    let file = folder.path().join("budget.json");
    let contents: [&[u8]; 7] = [
        b"",
        b"{",
        b"{\"version\":2,\"acted\":[]}",
        b"{\"version\":1,\"acted\":[-1]}",
        b"{\"version\":1}",
        b"{\"version\":1,\"acted\":[],\"x\":1}",
        b"\xff\0",
    ];
    for content in contents {
        fs::write(&file, content).unwrap();
        let error = held.read(0, &soon()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("state {}: ", file.display())), "{error}");
        assert!(error.ends_with("inspect and remove it, nothing is done before"), "{error}");
    }
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
    assert!(held.read(0, &soon()).unwrap_err().to_string().contains("a symbolic link"));
}

#[test]
fn what_a_list_misses_anyway_is_told_once() {
    let mut memory = Memory::default();
    memory.gone.learn(
        &["192.0.2.1", "192.0.2.2"].map(|address| example(address, Fate::Lost, "x")),
        |_| false,
        9,
    );
    let missing = [example("192.0.2.1", Fate::Bindable, "")];
    let told: Vec<String> = memory.cases(&missing).iter().map(|case| case.address.to_string()).collect();
    assert_eq!(told, ["192.0.2.2"]);
}

#[test]
fn what_runs_for_another_interface_owe_is_kept() {
    let folder = private_folder();
    let owe = |interface: &str, address: &str| {
        let held = Held::take(folder.path(), interface, &soon()).unwrap().unwrap();
        let mut memory = held.read(10_000, &soon()).unwrap();
        memory.owed.addresses.push(address.parse().unwrap());
        held.write(&mut memory).unwrap();
    };
    let owed = |interface: &str| {
        let found = try_state(folder.path(), interface, 10_000, &soon()).unwrap();
        found.memory.owed.addresses.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    owe("eth0", "192.0.2.31");
    assert_eq!(owed("eth1"), [""; 0]);
    owe("eth1", "198.51.100.31");
    assert_eq!(
        (owed("eth0"), owed("eth1")),
        (vec!["192.0.2.31".to_owned()], vec!["198.51.100.31".to_owned()])
    );
    // An administrator starts anew with one of them.
    fs::remove_file(folder.path().join(BUDGET)).unwrap();
    assert_eq!((owed("eth0").len(), owed("eth1").len()), (0, 1));
}

/// An address, the number of its interface and its prefix length.
type Place = (&'static str, u32, u8);

#[test]
fn only_what_is_still_so_is_left_for_another_interface() {
    let folder = private_folder();
    let mut memory = Memory::default();
    memory.owed.addresses.push("192.0.2.31".parse().unwrap());
    memory.owed.services.push(vec!["/bin/a".to_owned(), "now".to_owned()]);
    memory.gone.learn(&[example("192.0.2.9", Fate::Lost, "gone since a ran")], |_| false, now());
    memory.subnets.guess(&[Case { is_guess: true, ..example("192.0.2.31", Fate::Bindable, "") }]);
    memory.interfaces.learn(&[("eth2".to_owned(), "is down since a ran".to_owned())].into(), now());
    let write = |memory: &mut Memory| take(folder.path()).unwrap().unwrap().write(memory).unwrap();
    write(&mut memory);
    let budget = folder.path().join(BUDGET);
    let age = |seconds| {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        fs::File::open(&budget).unwrap().set_modified(then).unwrap();
    };
    let others = || {
        let held = Held::take(folder.path(), "eth1", &soon()).unwrap().unwrap();
        held.write(&mut Memory::default()).unwrap();
        held.others(&soon())
    };
    let told = |places: &[Place]| {
        let interfaces =
            [(2, "eth0"), (3, "eth1")].map(|(index, name)| host_net::Interface::new(index, name));
        let flags = host_net::Flags(0x80);
        let place = |(address, interface, prefix): &Place| {
            let (address, interface, prefix) = (address.parse().unwrap(), *interface, *prefix);
            host_net::BoundAddress { address, interface, prefix, flags }
        };
        let addresses = places.iter().map(place).collect();
        let bound = host_net::Bound { interfaces: interfaces.to_vec(), addresses, ..Default::default() };
        let undone = others().undone("eth1", &bound, now(), &soon());
        let mut all: Vec<String> = undone.iter().map(|undone| format!("{:?}", undone.finding())).collect();
        all.pop().unwrap_or_default()
    };
    age(80_000);
    assert_eq!(told(&[]), "", "no timer starts the runs");
    memory.is_timed = true;
    write(&mut memory);
    for (seconds, is_told) in [(3_500, false), (3_700, true), (200_000, true)] {
        age(seconds);
        assert_eq!(!told(&[]).is_empty(), is_told, "{seconds}");
    }
    let rows: [(&[Place], [bool; 5]); 5] = [
        (&[], [false, false, true, false, true]),
        (&[("192.0.2.31", 2, 32)], [true, true, true, true, true]),
        (&[("192.0.2.31", 2, 24)], [true, true, true, false, true]),
        (&[("192.0.2.31", 3, 32)], [false, false, true, false, true]),
        (&[("192.0.2.9", 3, 24)], [false, false, false, false, true]),
    ];
    let texts = [
        "not done: announce 192.0.2.31",
        "not done: run /bin/a now",
        "not done: 192.0.2.9 not bound: gone since a ran",
        "not done: 192.0.2.31 bound as /32",
        "not done: eth2 is down since a ran",
    ];
    for (places, expected) in rows {
        let told = told(places);
        assert_eq!(texts.map(|text| told.contains(text)), expected, "{places:?}: {told}");
        assert!(told.contains("runs for eth0 left work undone, the last 2 d ago: "), "{told}");
    }
    fs::write(&budget, "{").unwrap();
    age(3_700);
    let unknown = format!("work of another interface is not known: state {}: not JSON", budget.display());
    assert!(told(&[]).contains(&unknown), "{}", told(&[]));
}

#[test]
fn the_default_route_is_judged_although_the_other_routes_cannot_be_read() {
    let route = |gateway: &str| host_net::DefaultRoute {
        ipv6: false,
        metric: 0,
        gateway: gateway.parse().ok(),
        interface: Some(2),
        kind: 1,
        origin: 3,
    };
    let interfaces = vec![host_net::Interface::new(2, "eth0")];
    let bound = host_net::Bound { interfaces, ..Default::default() };
    let expected = ["192.0.2.254".parse().unwrap()];
    let wrong = |routes: &[host_net::DefaultRoute]| {
        let gateways = Gateways { expected: &expected, routes };
        Memory::default().route_faults(None, (&bound, gateways)).wrong
    };
    assert_eq!(wrong(&[]), ["no default route, expected via 192.0.2.254"]);
    assert_eq!(wrong(&[route("192.0.2.50")]), ["default route via 192.0.2.50 on eth0, not via 192.0.2.254"]);
    assert_eq!(wrong(&[route("192.0.2.254")]), [""; 0]);
}

#[test]
fn a_lost_route_is_told_for_a_day_although_the_routes_cannot_be_read() {
    let folder = private_folder();
    let lost = "{\"version\":1,\"acted\":[],\
        \"routes\":{\"lost\":{\"default route by 192.0.2.254\":{\"ipv6\":false,\"address\":null,\"since\":1000}}},\
        \"statics\":{\"known\":{\"10.0.0.0/8\":\"10.0.0.0/8 by 192.0.2.250\"},\
        \"lost\":{\"10.0.0.0/8\":{\"route\":\"10.0.0.0/8 by 192.0.2.250\",\"since\":1000}}}}";
    fs::write(folder.path().join(BUDGET), lost).unwrap();
    fs::set_permissions(folder.path().join(BUDGET), fs::Permissions::from_mode(0o600)).unwrap();
    let mut memory = take(folder.path()).unwrap().unwrap().read(1_000, &soon()).unwrap();
    assert!(!memory.forget_old_routes(1_000 + 86_399));
    assert!(memory.has_lost_routes() && memory.left().len() == 2, "{:?}", memory.left());
    assert!(memory.forget_old_routes(1_000 + 86_400));
    assert!(!memory.has_lost_routes() && memory.left().is_empty(), "{:?}", memory.left());
}
