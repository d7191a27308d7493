//! What a person does to windows past the page in them: closing one, turning to another, typing into a dialog of the system.

use std::process::Command;
use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection as _,
    protocol::xproto::{
        Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, ImageFormat, InputFocus,
        MapState, Window,
    },
    rust_connection::RustConnection,
};

x11rb::atom_manager! {
    /// The words of window managers.
    Atoms: AtomsCookie {
        WM_PROTOCOLS,
        WM_DELETE_WINDOW,
    }
}

/// The virtual screen.
pub struct Screen {
    server: RustConnection,
    root: Window,
    atoms: Atoms,
}

impl Screen {
    pub fn open() -> Self {
        let (server, screen) = x11rb::connect(None).unwrap();
        let root = server.setup().roots[screen].root;
        let atoms = Atoms::new(&server).unwrap().reply().unwrap();
        Self {
            server,
            root,
            atoms,
        }
    }

    /// The window that is shown under this title, if one is.
    pub fn window(&self, title: &str) -> Option<Window> {
        self.below(self.root, title)
    }

    fn below(&self, window: Window, title: &str) -> Option<Window> {
        let tree = self.server.query_tree(window).ok()?.reply().ok()?;
        tree.children.into_iter().find_map(|child| {
            if self.is_shown_as(child, title) {
                Some(child)
            } else {
                self.below(child, title)
            }
        })
    }

    /// Windows come and go; one that is gone is not shown.
    fn is_shown_as(&self, window: Window, title: &str) -> bool {
        let property = |name: Atom| {
            let asked = self
                .server
                .get_property(false, window, name, AtomEnum::ANY, 0, 256);
            asked.ok().and_then(|asked| asked.reply().ok())
        };
        let is_called = property(AtomEnum::WM_NAME.into())
            .is_some_and(|name| String::from_utf8_lossy(&name.value).contains(title));
        let attributes = self.server.get_window_attributes(window);
        is_called
            && attributes
                .ok()
                .and_then(|asked| asked.reply().ok())
                .is_some_and(|found| found.map_state == MapState::VIEWABLE)
    }

    /// Closes a window as its frame's button does.
    pub fn close(&self, title: &str) {
        let window = self.window(title).expect("it is shown");
        let message = ClientMessageEvent::new(
            32,
            window,
            self.atoms.WM_PROTOCOLS,
            [self.atoms.WM_DELETE_WINDOW, CURRENT_TIME, 0, 0, 0],
        );
        self.server
            .send_event(false, window, EventMask::NO_EVENT, message)
            .unwrap();
        self.server.flush().unwrap();
    }

    /// Gives a window the keyboard.
    pub fn turn_to(&self, window: Window) {
        self.focus(window);
    }

    /// Takes the keyboard from every window.
    pub fn turn_away(&self) {
        self.focus(NONE);
    }

    fn focus(&self, window: Window) {
        self.server
            .set_input_focus(InputFocus::NONE, window, CURRENT_TIME)
            .unwrap()
            .check()
            .unwrap();
    }

    /// Whether a window has the keyboard.
    pub fn has_focus(&self, window: Window) -> bool {
        let focus = self
            .server
            .get_input_focus()
            .unwrap()
            .reply()
            .unwrap()
            .focus;
        focus == window || {
            let tree = self.server.query_tree(window).unwrap().reply().unwrap();
            tree.children.contains(&focus)
        }
    }

    /// The upper edge of a window as it is drawn.
    pub fn picture(&self, window: Window) -> Vec<u8> {
        let size = self.server.get_geometry(window).unwrap().reply().unwrap();
        let all_planes = u32::MAX;
        let edge = self.server.get_image(
            ImageFormat::Z_PIXMAP,
            window,
            0,
            0,
            size.width,
            size.height.min(EDGE),
            all_planes,
        );
        edge.unwrap().reply().unwrap().data
    }
}

/// Enough of a window to see a line to type into appear at the top of it.
const EDGE: u16 = 120;

/// Presses keys by their names, as in `slash` or `Return`, in the window that has the keyboard.
pub fn press(keys: &[&str]) {
    let pressed = Command::new("xdotool").arg("key").args(keys).status();
    assert!(pressed.unwrap().success(), "xdotool presses {keys:?}");
}

/// Types a text there.
pub fn write(text: &str) {
    let typed = Command::new("xdotool").args(["type", "--", text]).status();
    assert!(typed.unwrap().success(), "xdotool types");
}
