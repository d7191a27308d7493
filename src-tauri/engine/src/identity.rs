//! Who signs.

use ic_agent::{
    Identity as Signer,
    identity::{AnonymousIdentity, BasicIdentity},
};
use std::{fmt, sync::Arc};

/// An identity that is ready to sign. The key never leaves the signer.
#[derive(Clone)]
pub struct Identity {
    /// The name that people gave it.
    pub name: String,
    /// Who the network sees.
    pub principal: candid::Principal,
    pub(crate) signer: Arc<dyn Signer>,
}

impl Identity {
    /// The practice network's own identity.
    pub(crate) fn play(key: &[u8; 32]) -> Self {
        let signer = BasicIdentity::from_raw_key(key);
        let principal = signer
            .sender()
            .unwrap_or_else(|_| candid::Principal::anonymous());
        Self {
            name: "practice".to_owned(),
            principal,
            signer: Arc::new(signer),
        }
    }

    /// Nobody: may ask what everybody may ask.
    pub(crate) fn anonymous() -> Self {
        Self {
            name: "anonymous".to_owned(),
            principal: candid::Principal::anonymous(),
            signer: Arc::new(AnonymousIdentity),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, {})", self.name, self.principal)
    }
}
