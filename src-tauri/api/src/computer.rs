//! What of this computer the app uses: its folders, its keyring, other tools' keys and networks. A test brings a computer of its own,
//! so that nothing behind the contract ever looks at what belongs to whoever runs the test.

use camino::Utf8Path;
use canopic_engine::{Engine, Error, Folders, Neighbourhood, Places, Surroundings};

/// A computer, as far as the app uses it.
pub struct Computer {
    folders: Box<dyn Fn() -> Result<Folders, Error> + Send + Sync>,
    furnish: Box<dyn Fn(Engine) -> Engine + Send + Sync>,
}

impl Computer {
    /// The one that this runs on.
    pub fn this() -> Self {
        Self {
            folders: Box::new(|| Places::of_this_computer().and_then(Places::open)),
            furnish: Box::new(|engine| engine),
        }
    }

    /// One that has nothing but what lies below `home`, and forgets its keyring with the process.
    pub fn of_a_test(home: &Utf8Path) -> Self {
        let (places, keys) = (home.to_owned(), home.to_owned());
        Self {
            folders: Box::new(move || Places::below(&places).open()),
            furnish: Box::new(move |engine| {
                engine
                    .within(Surroundings::of_a_test(&keys))
                    .among(Neighbourhood::default())
            }),
        }
    }

    /// Opens the app's folders.
    pub(crate) fn folders(&self) -> Result<Folders, Error> {
        (self.folders)()
    }

    /// The engine as it works on this computer.
    pub(crate) fn furnish(&self, engine: Engine) -> Engine {
        (self.furnish)(engine)
    }
}
