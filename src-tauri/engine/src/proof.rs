//! What a job shows for itself: which snapshots it took, what it loaded, which module and version a certificate showed afterwards,
//! and what canisters answered when they were asked whether they are well.
//!
//! It is read from the steps of the job and nothing else, so it says the same years later.

use crate::{
    Answer, CanisterId, CheckCall, Code, Job, SnapshotId,
    job::{Progress, StepState},
    ops::{Step, Undo, check_call::Whom, snapshots::taken},
};
use serde_json::Value;

/// What a job shows for itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// What it did with each canister, in the order in which it came to them.
    pub canisters: Vec<CanisterProof>,
    /// What was asked, in order.
    pub asked: Vec<Asked>,
    /// The throw-away canister that it made, as long as that is there.
    pub trial: Option<CanisterId>,
}

/// What a job did with a canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterProof {
    /// Which.
    pub canister: CanisterId,
    /// The snapshot that it took; none once it was taken back.
    pub snapshot: Option<SnapshotId>,
    /// Whether that was taken to have a way back.
    pub is_safety: bool,
    /// Whether it loaded a snapshot.
    pub is_loaded: bool,
    /// The module hash that a certificate showed afterwards, hexadecimal.
    pub module_hash: Option<String>,
    /// The version that a certificate showed afterwards.
    pub version: Option<u64>,
}

/// A check call, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What was asked.
    pub call: CheckCall,
    /// What was answered; none where it did not come to that.
    pub answer: Option<Answer>,
}

impl Proof {
    fn of(&mut self, canister: CanisterId) -> &mut CanisterProof {
        let known = self
            .canisters
            .iter()
            .position(|proof| proof.canister == canister);
        let place = known.unwrap_or_else(|| {
            self.canisters.push(CanisterProof {
                canister,
                snapshot: None,
                is_safety: false,
                is_loaded: false,
                module_hash: None,
                version: None,
            });
            self.canisters.len() - 1
        });
        &mut self.canisters[place]
    }
}

impl Job {
    /// What it shows for itself.
    pub fn proof(&self) -> Proof {
        let mut proof = Proof::default();
        for (step, state) in self.deed.plan.steps.iter().zip(&self.steps) {
            if let Step::CheckAnswer(check) = step {
                proof.asked.push(Asked {
                    call: check.call.clone(),
                    answer: self.answer(state),
                });
            }
            if let Progress::Done(output) = &state.progress {
                self.add(&mut proof, step, output);
            }
        }
        proof
    }

    fn answer(&self, state: &StepState) -> Option<Answer> {
        if let Some(output) = &state.output {
            return serde_json::from_value(output["answer"].clone()).ok();
        }
        // A decisive answer that is another one than expected is what the job turned back for; no later one is asked for.
        let failure = self
            .failure
            .as_ref()
            .filter(|failure| state.began_at.is_some() && failure.code == Code::AnswerDiffers)?;
        Some(Answer {
            fits: false,
            found: failure.facts.get("found").cloned(),
            rejection: failure.facts.get("rejection").cloned(),
        })
    }

    fn add(&self, proof: &mut Proof, step: &Step, output: &Value) {
        let text = |name: &str| output[name].as_str().map(str::to_owned);
        match step {
            Step::TakeSnapshot(take) => {
                let is_safety = self.deed.plan.undo == Undo::RestoreSafety;
                let found = proof.of(take.canister);
                found.snapshot = taken(output).ok();
                found.is_safety = is_safety;
            }
            Step::LoadSnapshot(load) => proof.of(load.canister).is_loaded = true,
            Step::Verify(verify) => {
                let found = proof.of(verify.canister);
                found.module_hash = text("moduleHash");
                found.version = output["version"].as_u64();
            }
            Step::VerifyModule(verify) => {
                proof.of(verify.canister).module_hash = text("module");
            }
            Step::MakeSnapshot(make) => {
                if let Whom::Canister(canister) = make.canister {
                    proof.of(canister).snapshot = taken(output).ok();
                }
            }
            // What was only a means and is deleted again is no snapshot that the job took.
            Step::DeleteSnapshot(delete) => {
                if let Some(found) = proof
                    .canisters
                    .iter_mut()
                    .find(|found| found.canister == delete.canister && !found.is_safety)
                {
                    found.snapshot = None;
                }
            }
            // What dies with its canister is not there either.
            Step::Delete(delete) => {
                for found in &mut proof.canisters {
                    if found.canister == delete.canister {
                        found.snapshot = None;
                    }
                }
            }
            Step::MakeTrial(_) => {
                proof.trial = text("trial").and_then(|id| id.parse().ok());
            }
            Step::DeleteTrial(_) => proof.trial = None,
            _ => {}
        }
    }
}
