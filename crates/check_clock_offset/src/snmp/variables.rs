//! The variables of an answer, taken only if they are those that were asked for.

use snmp2::{MessageType, Oid, Pdu};

use crate::value::Value;

/// Why an answer that belongs to the question holds no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// The agent refuses the question.
    #[error("{}", name_of(*.status))]
    Status {
        /// The error-status of RFC 3416.
        status: u32,
        /// The number of the variable that it is about, from 1.
        index: u32,
    },
    /// The answer has not the variables that were asked for, or breaks off.
    #[error("an answer without the variable")]
    Missing,
}

/// The values of the variables that were asked for, in that order. An exception of version 2c is a value:
/// `None`.
///
/// # Errors
/// [`VariableError`]: the agent refuses, or answers another question.
pub fn variables(answer: &Pdu<'_>, asked: &[Oid<'_>]) -> Result<Vec<Variable>, VariableError> {
    if answer.error_status != 0 {
        return Err(VariableError::Status { status: answer.error_status, index: answer.error_index });
    }
    let mut seen = answer.varbinds.clone().take(asked.len() + 1);
    let mut values = Vec::new();
    for oid in asked {
        let (name, value) = seen.next().ok_or(VariableError::Missing)?;
        if answer.message_type != MessageType::Response || name.as_bytes() != oid.as_bytes() {
            return Err(VariableError::Missing);
        }
        values.push(value_of(value));
    }
    if seen.next().is_none() { Ok(values) } else { Err(VariableError::Missing) }
}

/// A value, or the exception that stands in its place.
pub type Variable = Result<Value, &'static str>;

fn value_of(value: snmp2::Value<'_>) -> Variable {
    use snmp2::Value as Given;
    match value {
        Given::Integer(number) => Ok(Value::Number(number.into())),
        Given::Counter32(number) | Given::Unsigned32(number) => Ok(Value::Number(number.into())),
        Given::Counter64(number) => Ok(Value::Number(number.into())),
        Given::OctetString(octets) => Ok(Value::Octets(octets.to_vec())),
        Given::NoSuchObject => Err("noSuchObject"),
        Given::NoSuchInstance => Err("noSuchInstance"),
        Given::EndOfMibView => Err("endOfMibView"),
        Given::Timeticks(ticks) => Ok(Value::Ticks(ticks)),
        Given::ObjectIdentifier(_) => Ok(Value::Other("OBJECT IDENTIFIER")),
        Given::IpAddress(_) => Ok(Value::Other("IpAddress")),
        Given::Opaque(_) => Ok(Value::Other("Opaque")),
        Given::Null => Ok(Value::Other("NULL")),
        _ => Ok(Value::Other("a type that SNMP does not have")),
    }
}

/// The name of an error-status (RFC 3416, section 3).
fn name_of(status: u32) -> String {
    const NAMES: [&str; 19] = [
        "noError",
        "tooBig",
        "noSuchName",
        "badValue",
        "readOnly",
        "genErr",
        "noAccess",
        "wrongType",
        "wrongLength",
        "wrongEncoding",
        "wrongValue",
        "noCreation",
        "inconsistentValue",
        "resourceUnavailable",
        "commitFailed",
        "undoFailed",
        "authorizationError",
        "notWritable",
        "inconsistentName",
    ];
    let name = usize::try_from(status).ok().and_then(|status| NAMES.get(status));
    name.map_or_else(|| format!("error-status {status}"), |name| (*name).to_owned())
}
