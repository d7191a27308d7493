//! The watch list: what people call canisters, and looking them up.

use crate::{Api, failure::Failure};
use canopic_engine::{self as engine, CanisterId};
use serde::Serialize;
use ts_rs::TS;

/// What a person has said about a canister of the network in use.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Label {
    /// The canister's id.
    pub canister: String,
    /// Whether it is watched by its id.
    pub is_watched: bool,
    /// Their name for it; empty for the one that it comes with.
    pub name: String,
    /// Their group for it; empty for the one that it comes with.
    pub group: String,
    /// Their note.
    pub note: String,
    /// Whether it is one of their favourites.
    pub is_favourite: bool,
}

/// A canister that a search came upon.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// Its id.
    pub canister: String,
    /// Its name.
    pub name: String,
    /// Its group, or its project and the environment there.
    pub group: String,
    /// The fingerprint of its network; null where that is not known.
    pub network: Option<String>,
    /// How it is known.
    pub known_by: KnownBy,
}

crate::failure::mirror! {
    /// How a canister is known. See [`canopic_engine::KnownBy`].
    KnownBy { Board, Id, OtherEnvironment, OtherNetwork }
}

impl From<engine::Hit> for Hit {
    fn from(hit: engine::Hit) -> Self {
        Self {
            canister: hit.id.to_string(),
            name: hit.name,
            group: hit.group,
            network: hit.network.map(|network| network.to_string()),
            known_by: hit.known_by.into(),
        }
    }
}

impl Api {
    pub(crate) async fn labels(&self) -> Result<Vec<Label>, Failure> {
        let labels = self.engine()?.labels().await?;
        Ok(labels
            .into_iter()
            .map(|(id, label): (CanisterId, engine::Label)| Label {
                canister: id.to_string(),
                is_watched: label.is_watched,
                name: label.name,
                group: label.group,
                note: label.note,
                is_favourite: label.is_favourite,
            })
            .collect())
    }

    pub(crate) async fn watch_canister(
        &self,
        canister: String,
        name: String,
        group: String,
    ) -> Result<Vec<Label>, Failure> {
        let engine = self.engine()?;
        engine.watch(canister.parse()?, &name, &group).await?;
        self.labels().await
    }

    pub(crate) async fn unwatch_canister(&self, canister: String) -> Result<Vec<Label>, Failure> {
        self.engine()?.unwatch(canister.parse()?).await?;
        self.labels().await
    }

    pub(crate) async fn describe_canister(
        &self,
        canister: String,
        name: String,
        group: String,
        note: String,
        is_favourite: bool,
    ) -> Result<Vec<Label>, Failure> {
        let engine = self.engine()?;
        let id = canister.parse()?;
        engine
            .describe_canister(id, &name, &group, &note, is_favourite)
            .await?;
        self.labels().await
    }

    pub(crate) async fn find(&self, text: String) -> Result<Vec<Hit>, Failure> {
        let hits = self.engine()?.find(&text).await?;
        Ok(hits.into_iter().map(Hit::from).collect())
    }
}
