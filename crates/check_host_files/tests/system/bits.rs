//! The immutable and the append-only bit, set by chattr on a real file system.

use suite::needs::missing;

use crate::lab::{Lab, NEEDS};

const FINE: &str = "OK - proxy7.example.com and 5 files as in /etc/silent-outage/reference";

#[test]
fn the_bit_is_told_where_it_does_harm_or_nothing() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    let refuse = |path: &str| format!("WARNING - {path} is immutable: this kind of VPS may refuse to start");
    lab.hold(&[
        ("mkdir $PROC/vz; chattr +i /etc/resolv.conf", "lab_default", 1, &refuse("/etc/resolv.conf")),
        (
            "mkdir $PROC/vz; chattr +a /etc/hostname",
            "lab_default",
            1,
            "WARNING - /etc/hostname is append-only: this kind of VPS may refuse to start",
        ),
        ("mkdir $PROC/vz; chattr +i /etc/hosts", "lab_ok", 0, "OK - 5 files"),
        ("mkdir $PROC/vz $PROC/bc; chattr +i /etc/hosts", "lab_default", 0, FINE),
        ("mkdir $PROC/vz; chattr +i /etc/extra.conf", "lab_default", 0, FINE),
        ("mkdir $PROC/vz; chattr +i /etc", "lab_default", 1, &refuse("/etc")),
        ("mkdir -p /sys/hypervisor; echo xen >/sys/hypervisor/type; chattr +i /etc/resolv.conf", "lab_default", 0, FINE),
        (
            "mkdir /etc/cloud; echo 'preserve_hostname: false' >/etc/cloud/cloud.cfg; chattr +i /etc/hostname",
            "lab_default",
            1,
            "WARNING - /etc/hostname is immutable: cloud-init may fail to start on it",
        ),
        (
            "mkdir /etc/cloud; echo 'preserve_hostname: true' >/etc/cloud/cloud.cfg; chattr +i /etc/hostname",
            "lab_default",
            0,
            FINE,
        ),
    ]);
    let outcome = lab.after("echo 2 >/etc/extra.conf; chattr +i /etc/extra.conf", "lab_default");
    assert!(
        outcome.stdout.contains("\nWARNING: /etc/extra.conf is immutable: it keeps the wrong content\n"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.first_line().contains(" immutable=1;;;0 "), "{}", outcome.stdout);
    let mounted = "cp /etc/resolv.conf /etc/mounted; mount --bind /etc/mounted /etc/resolv.conf; chattr +i /etc/mounted";
    let text = "WARNING - /etc/resolv.conf is immutable: it protects nothing, since the container engine mounts the file";
    lab.hold(&[(mounted, "lab_default", 1, text)]);
    let linked =
        "mkdir /run/x; mv /etc/resolv.conf /run/x/r; ln -s /run/x/r /etc/resolv.conf; chattr +i /run/x/r";
    let text = "WARNING - /etc/resolv.conf is immutable: it protects nothing, since the next boot makes /run/x/r anew";
    lab.hold(&[(linked, "lab_default", 1, text)]);
    lab.sh("chattr -i /run/x/r");
    let outcome = lab.after("rm /etc/extra.conf; chattr +i /etc", "lab_default");
    let text = "\nWARNING: /etc is immutable: it keeps /etc/extra.conf missing\n";
    assert!(outcome.stdout.contains(text), "{}", outcome.stdout);
}

#[test]
fn the_bit_is_told_where_it_is_wanted() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::create();
    let all = "cd /etc; chattr +i hostname hosts resolv.conf extra.conf secret.conf";
    let without = "is not immutable, and nothing here may set it: no CAP_LINUX_IMMUTABLE";
    let proc = "ln -sf /proc/version /etc/extra.conf; cp /proc/version /etc/silent-outage/reference/etc/extra.conf; \
                cd /etc; chattr +i hostname hosts resolv.conf secret.conf";
    lab.hold(&[
        (all, "lab_want", 0, "OK - 5 files"),
        (&format!("{all}; chattr -i hosts"), "lab_want", 1, "WARNING - /etc/hosts is not immutable"),
        (
            &format!("{all}; chattr -i hosts; chattr +a hosts"),
            "lab_want",
            1,
            "WARNING - /etc/hosts is append-only, not immutable",
        ),
        (
            &format!("{all}; chattr -i hosts; chattr +i ."),
            "lab_want",
            1,
            "WARNING - /etc/hosts is not immutable: /etc is immutable, which does not keep the content",
        ),
        (&format!("{all}; mkdir $PROC/vz"), "lab_want", 0, "OK - 5 files"),
        (
            &format!("{all}; chattr -i hosts; echo 'CapBnd: 00000000a80425fb' >$PROC/self/status"),
            "lab_want",
            1,
            &format!("WARNING - /etc/hosts {without}"),
        ),
        (
            proc,
            "lab_want",
            3,
            "UNKNOWN - /etc/extra.conf: its file system does not tell whether it is immutable",
        ),
    ]);
}
