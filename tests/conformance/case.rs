//! One case from its canisters to its last step.

use crate::expectation::{check, describe};
use crate::expression::{Scope, Surroundings, Value, escape};
use crate::format::{Await, Canister, Case, Kind, Send, Step};
use crate::library::{self, Library, MANAGEMENT};
use crate::network::{Answer, Network, Request};
use crate::pattern;
use anyhow::{Context as _, Result, anyhow, bail};
use candid::{IDLArgs, Principal};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Longer than any case needs, shorter than the test runner's patience (three minutes), so that a silent network is reported in
/// the words of the case.
const CASE_WITHIN: Duration = Duration::from_secs(150);

/// How long to wait before asking again: a fraction of what the patient steps of the vectors allow (20 s).
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);

const CREATE: &str = "provisional_create_canister_with_cycles";

/// Runs a case. The error holds every step that differs.
pub async fn run(case: &Case, network: &Arc<Network>, library: &Library) -> Result<()> {
    let scope = Scope::new(library, &network.principals);
    let run = Run {
        network: network.clone(),
        scope,
        background: HashMap::new(),
    };
    let outcome = tokio::time::timeout(CASE_WITHIN, run.whole(case)).await;
    outcome.unwrap_or_else(|_| Err(anyhow!("no end within {} s", CASE_WITHIN.as_secs())))
}

struct Run<'a> {
    network: Arc<Network>,
    scope: Scope<'a>,
    background: HashMap<&'a str, (&'a Send, JoinHandle<Result<Answer>>)>,
}

impl<'a> Run<'a> {
    async fn whole(mut self, case: &'a Case) -> Result<()> {
        for canister in &case.canisters {
            self.make(canister)
                .await
                .with_context(|| format!("set-up of {}", canister.name))?;
        }
        let mut differences = vec![];
        for (number, step) in (1..).zip(&case.steps) {
            if let Err(difference) = self.step(step).await {
                let difference = format!(
                    "step {number} of {} ({step}): {difference:#}",
                    case.steps.len()
                );
                // Without a variable that an earlier step should have captured, the rest tells nothing new.
                let last = difference.contains("undefined variable");
                differences.push(difference);
                if last {
                    break;
                }
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        bail!("{}\n{}", case.why, differences.join("\n"))
    }

    async fn make(&mut self, canister: &Canister) -> Result<()> {
        let mut controllers = vec![];
        for name in &canister.controllers {
            controllers.push(format!("principal \"{}\"", self.scope.principal(name)?));
        }
        let controllers = controllers.join("; ");
        let caller = canister
            .controllers
            .iter()
            .find(|name| self.network.principals.contains_key(name.as_str()));
        let caller = caller.map_or("alice", String::as_str);
        let arguments = format!(
            "(record {{ settings = opt record {{ controllers = opt vec {{ {controllers} }} }} }})"
        );
        let reply = self
            .manage(caller, CREATE, &arguments, self.network.create_at)
            .await?;
        let reply = self
            .scope
            .library()
            .decode(&reply, Some(MANAGEMENT), CREATE)?;
        let id = pattern::principal_in(&reply, &["canister_id"])
            .context("no canister_id in the reply")?;
        self.scope.bind(&canister.name, Value::Principal(id));

        let Some(expression) = &canister.wasm else {
            return Ok(());
        };
        let Value::Bytes(module) = self.scope.evaluate(expression)? else {
            bail!("{expression} is no module")
        };
        let argument =
            self.scope
                .library()
                .encode("()", expression.strip_prefix("wasm:"), "init")?;
        let arguments = format!(
            "(record {{ mode = variant {{ install }}; canister_id = principal \"{id}\"; wasm_module = blob \"{}\"; arg = blob \"{}\" }})",
            escape(&module),
            escape(&argument)
        );
        self.manage(caller, "install_code", &arguments, id).await?;
        Ok(())
    }

    async fn manage(
        &self,
        caller: &str,
        method: &str,
        arguments: &str,
        effective: Principal,
    ) -> Result<Vec<u8>> {
        let request = Request {
            caller: caller.to_owned(),
            kind: Kind::Update,
            canister: Principal::management_canister(),
            method: method.to_owned(),
            argument: self
                .scope
                .library()
                .encode(arguments, Some(MANAGEMENT), method)?,
            effective,
            path: vec![],
        };
        match self.network.ask(&request).await? {
            Answer::Reply(reply) => Ok(reply),
            answer => bail!("{method}: {}", describe(&answer)),
        }
    }

    async fn step(&mut self, step: &'a Step) -> Result<()> {
        match step {
            Step::Await(Await { name, expect }) => {
                let (sent, answer) = self
                    .background
                    .remove(name.as_str())
                    .context("nothing of this name in the background")?;
                check(
                    expect,
                    sent,
                    &answer.await??,
                    &self.network,
                    &mut self.scope,
                )
            }
            Step::Send(send) => self.send(send).await,
        }
    }

    async fn send(&mut self, send: &'a Send) -> Result<()> {
        if let Some(milliseconds) = send.wait_ms {
            // The rule itself is about time: what must not happen meanwhile, such as a timer that was cancelled.
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        let request = self.resolve(send)?;
        if let Some(name) = &send.background {
            let network = self.network.clone();
            let answer = tokio::spawn(async move { network.ask(&request).await });
            self.background.insert(name, (send, answer));
            return Ok(());
        }
        let expectation = send.expect.as_ref().context("the step expects nothing")?;
        let deadline = Instant::now() + Duration::from_secs(send.retry_s.unwrap_or(0));
        loop {
            let answer = self.network.ask(&request).await?;
            let outcome = check(expectation, send, &answer, &self.network, &mut self.scope);
            if outcome.is_ok() || Instant::now() >= deadline {
                return outcome;
            }
            tokio::time::sleep(ASK_AGAIN_AFTER).await;
        }
    }

    fn resolve(&self, send: &Send) -> Result<Request> {
        let canister = match send.kind {
            Kind::ReadState => Principal::management_canister(),
            Kind::Update | Kind::Query => self.scope.principal(&send.canister)?,
        };
        let path = send
            .path
            .iter()
            .map(|label| self.label(label))
            .collect::<Result<Vec<_>>>()?;
        let mut values = IDLArgs::new(&[]);
        let argument = match (&send.arg_hex, send.kind) {
            (_, Kind::ReadState) => vec![],
            (Some(digits), _) => hex::decode(self.scope.expand(digits, Surroundings::Plain)?)?,
            (None, _) => {
                let text = self.scope.expand(&send.args, Surroundings::Candid)?;
                values = library::parse(&text)?;
                self.scope
                    .library()
                    .encode(&text, send.interface(), &send.method)?
            }
        };
        let effective = match (&send.effective, send.kind, path.as_slice()) {
            (Some(effective), ..) => self.scope.principal(effective)?,
            (None, Kind::ReadState, [label, id, ..]) if label == b"canister" => {
                Principal::try_from_slice(id)?
            }
            (None, Kind::ReadState, _) => {
                bail!("a read of the state outside /canister needs `effective`")
            }
            _ if canister != Principal::management_canister() => canister,
            _ if send.method == CREATE => self.network.create_at,
            _ => pattern::principal_in(&values, &["canister_id", "target_canister"])
                .unwrap_or(self.network.create_at),
        };
        let (caller, method) = (send.caller.clone(), send.method.clone());
        Ok(Request {
            caller,
            kind: send.kind,
            canister,
            method,
            argument,
            effective,
            path,
        })
    }

    /// A label of a path: text, or the bytes of a single expression.
    fn label(&self, label: &str) -> Result<Vec<u8>> {
        let Some(expression) = label
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
        else {
            return Ok(label.as_bytes().to_vec());
        };
        self.scope.bytes(expression)
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Await(step) => write!(formatter, "await {}", step.name),
            Self::Send(step) => {
                let Send {
                    kind,
                    canister,
                    method,
                    note,
                    ..
                } = step.as_ref();
                write!(
                    formatter,
                    "{kind:?} {canister} {method}{}",
                    step.path.join("/")
                )?;
                note.iter()
                    .try_for_each(|note| write!(formatter, ": {note}"))
            }
        }
    }
}
