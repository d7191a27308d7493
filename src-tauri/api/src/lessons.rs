//! The lessons on the practice network.

use crate::{Api, failure::Failure};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use ts_rs::TS;

/// A lesson, and how far it is.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Lesson {
    /// Which.
    pub name: LessonName,
    /// The canister that it is about; null before it has begun.
    pub canister: Option<String>,
    /// The canister that the state is brought to.
    pub target: Option<String>,
    /// The hash of the module that is to be tried: an installation names it by that.
    pub module: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<LessonProgress>,
    /// Whether all of them are done.
    pub is_done: bool,
}

/// A step of a lesson, judged by the facts.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LessonProgress {
    /// What is to be done, or to be seen.
    pub step: LessonStep,
    /// Whether it is.
    pub is_done: bool,
}

/// Which lesson. See [`canopic_engine::LessonName`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented where the engine declares them")]
pub enum LessonName {
    TakeAndRestore,
    SurviveBadUpgrade,
    MoveState,
    WhenUnknown,
}

crate::failure::mirror! {
    /// A step of a lesson. See [`canopic_engine::LessonStep`].
    LessonStep {
        ChangeState, HasArrived, IsFound, IsRestored, IsUnharmed, Restore, Send, TakeSnapshot, TakeUnheard, TryUpgrade,
    }
}

impl From<engine::LessonName> for LessonName {
    fn from(name: engine::LessonName) -> Self {
        match name {
            engine::LessonName::TakeAndRestore => Self::TakeAndRestore,
            engine::LessonName::SurviveBadUpgrade => Self::SurviveBadUpgrade,
            engine::LessonName::MoveState => Self::MoveState,
            engine::LessonName::WhenUnknown => Self::WhenUnknown,
        }
    }
}

impl From<LessonName> for engine::LessonName {
    fn from(name: LessonName) -> Self {
        match name {
            LessonName::TakeAndRestore => Self::TakeAndRestore,
            LessonName::SurviveBadUpgrade => Self::SurviveBadUpgrade,
            LessonName::MoveState => Self::MoveState,
            LessonName::WhenUnknown => Self::WhenUnknown,
        }
    }
}

impl From<engine::Lesson> for Lesson {
    fn from(lesson: engine::Lesson) -> Self {
        Self {
            name: lesson.name.into(),
            canister: lesson.canister.map(|canister| canister.to_string()),
            target: lesson.target.map(|canister| canister.to_string()),
            module: lesson.module.map(|module| module.to_string()),
            is_done: lesson.steps.iter().all(|(_, is_done)| *is_done),
            steps: lesson
                .steps
                .into_iter()
                .map(|(step, is_done)| LessonProgress {
                    step: step.into(),
                    is_done,
                })
                .collect(),
        }
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn lessons(&self) -> Result<Vec<Lesson>, Failure> {
        let lessons = self.engine()?.lessons().await?;
        Ok(lessons.into_iter().map(Lesson::from).collect())
    }

    pub(crate) async fn begin_lesson(&self, lesson: LessonName) -> Result<Vec<Lesson>, Failure> {
        let engine = self.engine()?;
        let lessons = engine
            .begin_lesson(lesson.into(), SystemTime::now())
            .await?;
        Ok(lessons.into_iter().map(Lesson::from).collect())
    }
}
