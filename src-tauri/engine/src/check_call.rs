//! Check calls: what a person asks a canister to see whether it is well, and what it should answer.
//!
//! They are asked after an upgrade, and of a snapshot that is loaded into a throw-away canister. A canister's check calls are
//! remembered, so that whoever upgrades it next need not think of them again.
//!
//! Two answers are equal when they say the same by the types that the canister promises; how they were encoded does not matter.

use crate::{
    Argument, CanisterId, Engine, Error, Interface, Manner, Place, Result, call,
    interface::encode_untyped,
    settings::{self, Kept},
};
use serde::{Deserialize, Serialize};

/// A call whose answer tells whether a canister is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckCall {
    /// Which method.
    pub method: String,
    /// How it is called.
    pub manner: Manner,
    /// With what, as Candid text.
    pub arguments: String,
    /// What it should answer, as Candid text; none: any answer will do, as long as it is one.
    pub expected: Option<String>,
}

/// What came of a check call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether it is the answer that was expected.
    pub fits: bool,
    /// What was answered: as Candid text, or the digits of its bytes. None where there was no answer.
    pub found: Option<String>,
    /// Why there was none.
    pub rejection: Option<String>,
}

/// Longer answers are compared whole and kept by their beginning: nobody reads more of them.
const LONGEST_KEPT: usize = 4 << 10;

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_KEPT {
        let end = (0..=LONGEST_KEPT)
            .rev()
            .find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

/// Text as bytes: by the types where it fits them, by itself otherwise.
fn encode(text: &str, types: Option<(&Interface, &[Argument])>) -> Result<Vec<u8>> {
    match types {
        Some((interface, types)) => interface.encode_text(types, text),
        None => encode_untyped(text),
    }
}

impl CheckCall {
    /// The bytes to send, and an error where arguments or the expected answer are nothing that the method takes or gives.
    pub(crate) fn encode(&self, interface: Option<&Interface>) -> Result<Vec<u8>> {
        let signature = self.signature(interface);
        let results = signature.map(|(interface, method)| (interface, &method.results[..]));
        if let Some(expected) = &self.expected {
            encode(expected, results).map_err(|error| error.with("method", &self.method))?;
        }
        let arguments = signature.map(|(interface, method)| (interface, &method.arguments[..]));
        encode(&self.arguments, arguments).map_err(|error| error.with("method", &self.method))
    }

    fn signature<'interface>(
        &self,
        interface: Option<&'interface Interface>,
    ) -> Option<(&'interface Interface, &'interface crate::Signature)> {
        let interface = interface?;
        // A method that the interface does not list may be there all the same.
        let method = interface.method(&self.method).ok()?;
        Some((interface, &method.signature))
    }

    /// What a reply says, and whether that was expected.
    pub(crate) fn judge(&self, interface: Option<&Interface>, reply: &[u8]) -> Answer {
        let signature = self.signature(interface);
        let types = signature.map(|(interface, method)| (interface, &method.results[..]));
        let found = call::forms(types, reply).text;
        let fits = self.expected.as_ref().is_none_or(|expected| {
            encode(expected, types).is_ok_and(|expected| {
                expected == reply || found.is_some() && call::forms(types, &expected).text == found
            })
        });
        Answer {
            fits,
            found: Some(shortened(found.unwrap_or_else(|| hex::encode(reply)))),
            rejection: None,
        }
    }

    /// There is no answer.
    pub(crate) fn rejected(error: &Error) -> Answer {
        let told = error.facts.get("message").cloned();
        Answer {
            fits: false,
            found: None,
            rejection: Some(shortened(told.unwrap_or_else(|| error.chain()))),
        }
    }

    /// The same in a terminal.
    pub(crate) fn twin(&self, canister: &str) -> String {
        let query = match self.manner {
            Manner::Query => " --query",
            Manner::Update => "",
        };
        let arguments = self.arguments.replace('\'', r"'\''");
        format!(
            "icp canister call{query} {canister} {} '{arguments}'",
            self.method
        )
    }
}

/// The check calls of canisters; the canister that was checked last comes first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckCalls {
    canisters: Vec<Checked>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    place: Place,
    calls: Vec<CheckCall>,
}

impl Kept for CheckCalls {
    const FILE: &str = "check-calls.json";
    const VERSION: u32 = 1;
}

/// More canisters than anybody upgrades by hand, and still a file that is written in a moment.
const MOST_CANISTERS: usize = 500;

impl CheckCalls {
    fn of(&self, place: Place) -> Vec<CheckCall> {
        let found = self.canisters.iter().find(|checked| checked.place == place);
        found.map_or_else(Vec::new, |checked| checked.calls.clone())
    }

    fn remember(&mut self, place: Place, calls: Vec<CheckCall>) {
        self.canisters.retain(|checked| checked.place != place);
        self.canisters.insert(0, Checked { place, calls });
        self.canisters.truncate(MOST_CANISTERS);
    }
}

impl Engine {
    /// The check calls that were made last on a canister of the network in use.
    pub async fn check_calls(&self, canister: CanisterId) -> Result<Vec<CheckCall>> {
        let place = self.connection().await?.place(canister);
        Ok(settings::load::<CheckCalls>(&self.folders.data)?.of(place))
    }

    /// Remembers the check calls of an operation that begins. What cannot be remembered is made all the same.
    pub(crate) fn remember_checks(&self, place: Place, calls: &[CheckCall]) {
        let _writing = self
            .check_calls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let remembered = settings::load::<CheckCalls>(&self.folders.data).and_then(|mut known| {
            known.remember(place, calls.to_vec());
            settings::save(&self.folders.data, &known)
        });
        if let Err(error) = remembered {
            tracing::warn!(report = error.chain(), "check calls were not remembered");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Code;

    fn total(expected: Option<&str>) -> CheckCall {
        CheckCall {
            method: "total".to_owned(),
            manner: Manner::Query,
            arguments: "()".to_owned(),
            expected: expected.map(str::to_owned),
        }
    }

    fn reply(text: &str) -> Vec<u8> {
        encode_untyped(text).unwrap()
    }

    #[test]
    fn an_answer_is_what_it_says_and_not_how_it_was_encoded() {
        let interface = Interface::parse(
            "service : { total : () -> (record { count : nat; unit : text }) query }",
        )
        .unwrap();
        let expected = total(Some("(record { unit = \"pieces\"; count = 5 })"));
        let sent = reply("(record { count = 5 : nat; unit = \"pieces\" })");
        assert!(expected.judge(Some(&interface), &sent).fits);
        let other = reply("(record { count = 6 : nat; unit = \"pieces\" })");
        let answer = expected.judge(Some(&interface), &other);
        assert!(!answer.fits, "one piece more is another answer");
        assert!(answer.found.unwrap().contains('6'), "and it is shown");
    }

    #[test]
    fn without_an_interface_the_text_says_its_types_itself() {
        let expected = total(Some("(5 : nat32)"));
        assert!(expected.judge(None, &reply("(5 : nat32)")).fits);
        assert!(!expected.judge(None, &reply("(5 : nat64)")).fits);
    }

    #[test]
    fn any_answer_will_do_where_none_was_named() {
        let answer = total(None).judge(None, b"not Candid at all");
        assert_eq!(
            (answer.fits, answer.found),
            (true, Some(hex::encode("not Candid at all")))
        );
    }

    #[test]
    fn what_the_method_never_gives_is_refused_before() {
        let interface = Interface::parse("service : { total : () -> (nat) query }").unwrap();
        assert!(total(Some("(5)")).encode(Some(&interface)).is_ok());
        let error = total(Some("(\"five\")"))
            .encode(Some(&interface))
            .unwrap_err();
        assert_eq!(
            (error.code, error.facts["method"].as_str()),
            (Code::ArgumentMalformed, "total")
        );
    }

    #[test]
    fn long_answers_are_kept_by_their_beginning() {
        let long = "é".repeat(LONGEST_KEPT);
        let kept = shortened(long);
        assert!(kept.len() <= LONGEST_KEPT + '…'.len_utf8() && kept.ends_with('…'));
    }

    #[test]
    fn what_was_checked_long_ago_makes_room() {
        let place = |number: usize| Place {
            network: crate::Fingerprint::of(b"a key"),
            canister: candid::Principal::from_slice(&number.to_be_bytes()).into(),
        };
        let mut known = CheckCalls::default();
        for number in 0..=MOST_CANISTERS {
            known.remember(place(number), vec![total(None)]);
        }
        assert_eq!(known.of(place(0)), []);
        assert_eq!(known.of(place(1)), [total(None)]);
    }
}
