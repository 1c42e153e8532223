//! What is said of gateways beside the faults of targets.

use super::*;

/// These targets, and a gateway that was seen so three times.
pub(super) fn beside_gateway(targets: Vec<JudgedTarget>, now: Seen) -> Judged {
    let mut gateway = known("", now);
    gateway.target.address = "192.0.2.254:0".parse().unwrap();
    gateway.is_learning = false;
    Judged { comparison: Comparison::new(&targets, &[gateway]), ..all(targets) }
}

#[test]
fn how_the_gateway_is_stands_beside_faults_only() {
    let dead = || vec![known("a", seen(20, 0)), known("b", seen(20, 0)), known("c", seen(20, 0))];
    let first = "CRITICAL - 3 of 3 targets: a does not answer, b does not answer, c does not answer";
    let rows = [
        (seen(1, 60), "the gateway is as usual"),
        (seen(9, 60), "the gateway loses 45% (usual 5.0%)"),
        (seen(0, 130), "the gateway takes 130 ms (usual 60 ms)"),
    ];
    for (gateway, remark) in rows {
        let judged = beside_gateway(dead(), gateway);
        assert_eq!(line(&[], &judged), format!("LATENCY {first} ({remark})"));
        let allowed = line(&["--warning=3"], &judged);
        assert!(allowed.starts_with("LATENCY OK - ") && !allowed.contains("gateway"), "{allowed}");
    }
    // One late run of everything is no trend.
    let mut targets = vec![usual("a"), usual("b"), usual("c")];
    for target in &mut targets {
        target.verdict.as_mut().unwrap().slower = true;
    }
    assert_eq!(line(&[], &beside_gateway(targets, seen(0, 60))), "LATENCY OK - 3 targets as usual");
}

/// A gateway that is not as usual itself is named beside few faults too.
#[test]
fn a_gateway_with_a_fault_is_named_beside_any_fault_of_its_targets() {
    let dead = |count, of| {
        let name = |number| format!("p{number}");
        let dead = (1..=count).map(|number| known(&name(number), seen(20, 0)));
        dead.chain((count + 1..=of).map(|number| usual(&name(number)))).collect::<Vec<_>>()
    };
    let other: Option<std::net::IpAddr> = Some("192.0.2.9".parse().unwrap());
    let strange = |other_address| Seen { strange: 20, other_address, other_payload: true, ..seen(20, 0) };
    let silent = " (the gateway does not answer)";
    let one = "p1 does not answer since +10";
    let three = "3 of 5 targets: p1 does not answer, p2 does not answer, p3 does not answer";
    let all = "3 of 3 targets: p1 does not answer, p2 does not answer, p3 does not answer";
    let rows = [
        (dead(1, 1), seen(20, 0), one, silent),
        (dead(3, 5), seen(20, 0), three, silent),
        (dead(1, 38), seen(20, 0), one, silent),
        (dead(3, 5), seen(9, 60), three, " (the gateway loses 45% (usual 5.0%))"),
        (dead(3, 5), seen(0, 130), three, " (the gateway takes 130 ms (usual 60 ms))"),
        (dead(3, 5), strange(other), three, " (the gateway answers as 192.0.2.9)"),
        (dead(3, 3), strange(other), all, " (the gateway answers as 192.0.2.9)"),
        (dead(3, 3), strange(None), all, " (the gateway answers with another payload)"),
        (dead(3, 3), Seen::default(), all, ""),
        // Nothing that would be reported of a target.
        (dead(1, 38), seen(2, 60), one, ""),
        (dead(1, 38), seen(0, 60), one, ""),
    ];
    for (targets, gateway, line_of_targets, remark) in rows {
        let judged = beside_gateway(targets, gateway.clone());
        assert_eq!(
            line(&[], &judged),
            format!("LATENCY CRITICAL - {line_of_targets}{remark}"),
            "{gateway:?}"
        );
    }
}

/// An alarm may be another than that of more loss or latency than usual.
#[test]
fn a_gateway_with_a_fault_is_named_beside_strange_answers_and_absolute_limits() {
    let other: Option<std::net::IpAddr> = Some("192.0.2.9".parse().unwrap());
    let strange = |other_address| Seen { strange: 20, other_address, other_payload: true, ..seen(20, 0) };
    let (lossy, slow) = (["--limit-warning=900,5%"], ["--limit-warning=60,50%"]);
    let over =
        |is_over_loss, is_over_limit| JudgedTarget { is_over_loss, is_over_limit, ..known("p", seen(1, 60)) };
    let of_other = known("p", strange(other));
    let rows: [(&[&str], JudgedTarget, Seen, &str); 8] = [
        (&[], of_other.clone(), seen(20, 0), "p answers as 192.0.2.9 (the gateway does not answer)"),
        (&[], of_other.clone(), strange(other), "p answers as 192.0.2.9 (the gateway answers as 192.0.2.9)"),
        (&[], of_other.clone(), seen(1, 60), "p answers as 192.0.2.9"),
        (&[], of_other, seen(2, 60), "p answers as 192.0.2.9"),
        (
            &[],
            known("p", strange(None)),
            seen(0, 130),
            "p answers with another payload (the gateway takes 130 ms (usual 60 ms))",
        ),
        (&lossy, over(true, false), seen(20, 0), "p loses 5.0%, limit 5% (the gateway does not answer)"),
        (
            &slow,
            over(false, true),
            strange(other),
            "p takes 60 ms, limit 60 (the gateway answers as 192.0.2.9)",
        ),
        (&slow, over(false, true), seen(0, 60), "p takes 60 ms, limit 60"),
    ];
    for (options, target, gateway, expected) in rows {
        let judged = beside_gateway(vec![target, known("q", seen(0, 30))], gateway);
        assert_eq!(line(options, &judged), format!("LATENCY WARNING - {expected}"));
    }
    // It is no gateway of the other family, of which one target lost a little more in this run.
    let mut bad = known("q", seen(2, 60));
    bad.target.address = "[2001:db8::1]:0".parse().unwrap();
    let mut gateway = known("", seen(20, 0));
    gateway.target.address = "[2001:db8::fe]:0".parse().unwrap();
    let targets = vec![known("p", strange(other)), bad];
    let judged = Judged { comparison: Comparison::new(&targets, &[gateway]), ..all(targets) };
    assert_eq!(line(&[], &judged), "LATENCY WARNING - p answers as 192.0.2.9");
}

/// It is no target: it is not counted, and no fault of a target hides it.
#[test]
fn a_named_gateway_that_no_host_can_be_stands_beside_the_targets() {
    let why = "--gateway 192.0.2.255: a broadcast address";
    let of = |targets| Judged { refused: vec![why.to_owned()], ..all(targets) };
    assert_eq!(line(&[], &of(vec![usual("a")])), format!("LATENCY UNKNOWN - {why}"));
    let dead = line(&[], &of(vec![known("a", seen(20, 0)), usual("b")]));
    assert_eq!(dead, format!("LATENCY CRITICAL - a does not answer, and {why}"));
}

/// From -v on, a gateway of which this run tells nothing is named.
#[test]
fn a_gateway_that_is_another_is_no_control_in_this_run() {
    let strange = |other_address| Seen { strange: 20, other_address, other_payload: true, ..seen(20, 0) };
    let unsent = Seen { unsent: Some("link down here".to_owned()), ..Seen::default() };
    let rows = [
        (strange(Some("192.0.2.252".parse().unwrap())), "answers as 192.0.2.252"),
        (strange(None), "answers with another payload"),
        (unsent, "not pinged: link down here"),
    ];
    for (seen, why) in rows {
        let mut gateway = known("", seen);
        gateway.target.address = "192.0.2.254:0".parse().unwrap();
        let judged = Judged { controls: vec![gateway], ..all(vec![usual("a")]) };
        let output = |verbosity| evaluate(&super::judging(&[]), &judged).render("LATENCY", verbosity);
        let expected = format!("\ngateway 192.0.2.254: {why}, no control in this run\n");
        assert!(output(1).contains(&expected), "{}", output(1));
        assert!(!output(0).contains("gateway"), "{}", output(0));
    }
}

/// One family is dead behind a live gateway, the other with its own.
#[test]
fn the_own_network_of_one_family_ends_the_line_of_the_other() {
    let of = |v6: bool, count: usize| {
        let targets = (1..=count).map(move |number| {
            let mut target = known(&format!("{}{number}", if v6 { "q" } else { "p" }), seen(20, 0));
            if v6 {
                target.target.address = "[2001:db8::1]:0".parse().unwrap();
            }
            target
        });
        targets.collect::<Vec<JudgedTarget>>()
    };
    let judged = |targets: Vec<JudgedTarget>| {
        let (mut v4, mut v6) = (usual(""), known("", seen(20, 0)));
        v4.target.address = "192.0.2.254:0".parse().unwrap();
        v6.target.address = "[2001:db8::fe]:0".parse().unwrap();
        Judged { comparison: Comparison::new(&targets, &[v4, v6]), ..all(targets) }
    };
    let rows: [(Vec<JudgedTarget>, &str); 2] = [
        (
            of(false, 10).into_iter().chain(of(true, 10)).collect(),
            "CRITICAL - 10 of 20 targets: p1 does not answer, p2 does not answer and 8 more, and the network of this monitor by IPv6",
        ),
        (
            of(false, 1).into_iter().chain(of(true, 10)).collect(),
            "CRITICAL - p1 does not answer since +10, and the network of this monitor by IPv6",
        ),
    ];
    for (targets, expected) in rows {
        let judged = judged(targets);
        assert_eq!(line(&[], &judged), format!("LATENCY {expected}"));
        let below = "\nUNKNOWN: 10 of 10 targets and the gateway 2001:db8::fe are worse at once: the network of this monitor\n";
        let output = evaluate(&super::judging(&[]), &judged).render("LATENCY", 0);
        assert!(output.contains(below), "{output}");
    }
}

/// A fault that the gateway does not explain is reported beside the own network.
#[test]
fn the_own_network_excuses_what_is_worse_and_nothing_else() {
    let dead = || (1..=5).map(|number| known(&format!("p{number}"), seen(20, 0)));
    let other_address =
        Seen { strange: 20, other_address: Some("192.0.2.9".parse().unwrap()), ..seen(20, 0) };
    let limit = ["--limit-critical=60,100%"];
    let rows: [(&[&str], JudgedTarget, &str); 5] = [
        (&[], known("q", other_address), "WARNING - q answers as 192.0.2.9, and the network of this monitor"),
        (&limit, usual("q"), "CRITICAL - q takes 60 ms, limit 60, and the network of this monitor"),
        (
            &[],
            usual("q"),
            "UNKNOWN - 5 of 6 targets and the gateway 192.0.2.254 are worse at once: the network of this monitor",
        ),
        (
            &limit,
            known("q", seen(20, 0)),
            "UNKNOWN - 6 of 6 targets and the gateway 192.0.2.254 are worse at once: the network of this monitor",
        ),
        // The number of abnormal targets is not known.
        (
            &["--critical=1:"],
            known("q", seen(20, 0)),
            "UNKNOWN - 6 of 6 targets and the gateway 192.0.2.254 are worse at once: the network of this monitor",
        ),
    ];
    for (options, target, expected) in rows {
        let judged = beside_gateway(dead().chain([target]).collect(), seen(20, 0));
        assert_eq!(line(options, &judged), format!("LATENCY {expected}"));
    }
}

/// From -v on, a gateway that was worse while its targets were as usual is named as none to compare with.
#[test]
fn a_gateway_that_was_worse_alone_is_named() {
    let since = Calendar::new(NOW).moment(NOW - 900);
    let then = ", and its targets were as usual then";
    let rows = [
        (seen(20, 0), format!("no control: the gateway 192.0.2.254 has not answered since {since}{then}")),
        (seen(12, 60), format!("no control of loss: the gateway 192.0.2.254 loses 60% since {since}{then}")),
        (
            seen(0, 160),
            format!(
                "no control of latency: the gateway 192.0.2.254 takes longer than usual since {}{then}",
                Calendar::new(NOW).moment(NOW - 600)
            ),
        ),
    ];
    for (now, expected) in rows {
        let (mut path, settings, mut verdict) = (Path::default(), Settings::default(), None);
        let clean = (4..100).rev().map(|ago| (ago, seen(0, 60)));
        for (ago, seen) in clean.chain((0..4).rev().map(|ago| (ago, now.clone()))) {
            verdict = seen.run(NOW - ago * 300).map(|run| path.judge(run, &settings));
            path.stand(Some(true), Some(true));
        }
        let mut gateway = judged("", now, verdict);
        gateway.target.address = "192.0.2.254:0".parse().unwrap();
        let judged = Judged { controls: vec![gateway], ..all(vec![usual("a")]) };
        let output = |verbosity| evaluate(&super::judging(&[]), &judged).render("LATENCY", verbosity);
        assert!(output(1).contains(&format!("\n{expected}\n")), "{expected}: {}", output(1));
        assert!(!output(0).contains("no control"), "{}", output(0));
    }
}

/// All are as usual only where this run tells it of each.
#[test]
fn of_several_gateways_the_remark_counts_those_that_are_known() {
    let rows = [
        ([false; 3], "all gateways are as usual"),
        ([false, false, true], "2 of 3 gateways are as usual"),
        ([false, true, true], "the gateway 192.0.2.251 is as usual"),
    ];
    for (learning, remark) in rows {
        let targets = vec![known("p", seen(20, 0)); 3];
        let gateways = (251..).zip(learning).map(|(number, is_learning)| {
            let mut gateway = JudgedTarget { is_learning, ..known("", seen(1, 60)) };
            gateway.target.address = format!("192.0.2.{number}:0").parse().unwrap();
            gateway
        });
        let gateways: Vec<JudgedTarget> = gateways.collect();
        let judged = Judged { comparison: Comparison::new(&targets, &gateways), ..all(targets) };
        let line = line(&[], &judged);
        assert!(line.ends_with(&format!(" ({remark})")), "{line}");
    }
}

/// Routers on two interfaces may have one link-local address.
#[test]
fn a_link_local_gateway_is_told_with_its_interface() {
    let of = |scope: u32, now: Seen| {
        let mut gateway = known("", now);
        gateway.target.address = std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 0, 0, scope).into();
        gateway
    };
    let dead = || {
        let mut target = known("p", seen(20, 0));
        target.target.address = "[2001:db8::1]:0".parse().unwrap();
        target
    };
    let targets = vec![dead(), dead(), dead()];
    let gateways = [of(4711, seen(1, 60)), of(4712, seen(9, 60))];
    let comparison = Comparison::new(&targets, &gateways);
    let standing = gateways.each_ref().map(|gateway| comparison.standing(gateway).unwrap().loss);
    assert_ne!(standing[0], standing[1], "each has its own");
    let line = line(&[], &Judged { comparison, ..all(targets) });
    assert!(line.ends_with(" (the gateway fe80::1%4712 loses 45% (usual 5.0%))"), "{line}");
}

/// If there are two gateways, the remark names the one that it is about.
#[test]
fn of_two_gateways_the_remark_names_one() {
    let dead = |v6: bool| {
        (1..=3).map(move |_| {
            let mut target = known("p", seen(20, 0));
            if v6 {
                target.target.address = "[2001:db8::1]:0".parse().unwrap();
            }
            target
        })
    };
    let four: Vec<bool> = vec![false];
    let rows: [(Vec<bool>, Seen, Seen, &str); 5] = [
        (four.clone(), seen(1, 60), seen(1, 60), "the gateway 192.0.2.254 is as usual"),
        (four, seen(9, 60), seen(1, 60), "the gateway 192.0.2.254 loses 45% (usual 5.0%)"),
        (vec![true], seen(9, 60), seen(0, 130), "the gateway 2001:db8::fe takes 130 ms (usual 60 ms)"),
        (vec![false, true], seen(1, 60), seen(9, 60), "the gateway 2001:db8::fe loses 45% (usual 5.0%)"),
        (vec![false, true], seen(1, 60), seen(1, 60), "both gateways are as usual"),
    ];
    for (families, v4, v6, remark) in rows {
        let targets: Vec<JudgedTarget> = families.into_iter().flat_map(dead).collect();
        let (mut v4, mut v6) = (known("", v4), known("", v6));
        v4.target.address = "192.0.2.254:0".parse().unwrap();
        v6.target.address = "[2001:db8::fe]:0".parse().unwrap();
        let judged = Judged { comparison: Comparison::new(&targets, &[v4, v6]), ..all(targets) };
        let line = line(&[], &judged);
        assert!(line.ends_with(&format!(" ({remark})")), "{line}");
    }
}
