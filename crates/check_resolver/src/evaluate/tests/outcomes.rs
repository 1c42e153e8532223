//! What words of the rows stand for.

use super::*;

/// The outcome that a word stands for.
pub(super) fn outcome(word: &str) -> Outcome {
    let code = |code: OptRcode| Ok(answered(reply(code)));
    let with = |address: IpAddr| Reply {
        addresses: vec![address],
        records: 1,
        ttl: Some(60),
        ..reply(OptRcode::NOERROR)
    };
    let told =
        |error: u16, reply: Reply| Ok(answered(Reply { errors: vec![(error, "late".to_owned())], ..reply }));
    let is_dnssec = matches!(word, "expired" | "bogus");
    let answer = match word {
        "no" | "cut" => Err(Fault::NoAnswer),
        "yet" => Err(Fault::NotYet),
        "tcp" => Err(Fault::OnlyTcp),
        "closed" => Err(Fault::Refused),
        "unscoped" => Err(Fault::Unscoped),
        "table" => Err(Fault::Local(Local::NeighbourTable)),
        "here" => Err(Fault::NotSent("host unreachable")),
        "forbidden" => Err(Fault::Prohibited),
        "rejected" => Err(Fault::NotSent("rejected here")),
        "unsent" => Err(Fault::Local(Local::Prohibited)),
        "far" => Err(Fault::Unreachable("host unreachable")),
        "noroute" => Err(Fault::NotSent("no route from here")),
        "servfail" | "bogus" => code(OptRcode::SERVFAIL),
        "refused" => code(OptRcode::REFUSED),
        "prohibited" => told(18, reply(OptRcode::REFUSED)),
        "blocked" => told(15, reply(OptRcode::NXDOMAIN)),
        "blocked-nodata" => told(15, reply(OptRcode::NOERROR)),
        "blocked-servfail" => told(16, reply(OptRcode::SERVFAIL)),
        "blocked-address" => told(17, with([0, 0, 0, 0].into())),
        "own-nxdomain" => Ok(answered(Reply { aa: true, ..reply(OptRcode::NXDOMAIN) })),
        "nxdomain" => code(OptRcode::NXDOMAIN),
        "nxdomain-closed" => Ok(answered(Reply { ra: false, ..reply(OptRcode::NXDOMAIN) })),
        "notimp" => code(OptRcode::NOTIMP),
        "formerr" => code(OptRcode::FORMERR),
        "notauth" => code(OptRcode::NOTAUTH),
        "badvers" => code(OptRcode::BADVERS),
        "disorder" => Ok(answered(Reply { is_out_of_order: true, records: 1, ..reply(OptRcode::NOERROR) })),
        "disorder-nowhere" => Ok(answered(Reply { is_out_of_order: true, ..with([0, 0, 0, 0].into()) })),
        "loop" => Ok(answered(Reply { is_loop: true, ..reply(OptRcode::NOERROR) })),
        "nodata-closed" => Ok(answered(Reply { ra: false, ..reply(OptRcode::NOERROR) })),
        "valid" => Ok(answered(Reply { ad: true, ..with([192, 0, 2, 80].into()) })),
        "signed" => Ok(answered(Reply { is_signed: true, ..with([192, 0, 2, 80].into()) })),
        "nodata" => code(OptRcode::NOERROR),
        "slow" | "slower" => {
            let took = Duration::from_millis(if word == "slow" { 2001 } else { 2900 });
            Ok(Answered { took, ..answered(with([192, 0, 2, 80].into())) })
        }
        "late" => Ok(Answered { is_repeated: true, ..answered(with([192, 0, 2, 80].into())) }),
        "expired" => told(7, reply(OptRcode::SERVFAIL)),
        "authority" => Ok(answered(Reply { ra: false, aa: true, ..with([192, 0, 2, 80].into()) })),
        "plain" => Ok(answered(with([192, 0, 2, 80].into()))),
        address => Ok(answered(with(address.parse().unwrap()))),
    };
    Outcome {
        answer,
        is_plain: word == "plain",
        is_plain_by_silence: false,
        is_dnssec,
        resolves: word == "elsewhere",
        is_cut: word == "cut",
    }
}
