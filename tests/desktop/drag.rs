//! Dragging files from another program onto the window: a source of the X11 drag-and-drop protocol (XDND 5), as a file manager is
//! one, but without a hand on a mouse.
//!
//! The target is told where the pointer is and asks for the list of files when it wants it; nothing here is timed: each side waits
//! for the other's message.

use std::{fmt::Write as _, path::Path};
use x11rb::{
    CURRENT_TIME,
    connection::Connection as _,
    protocol::{
        Event,
        xproto::{
            Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask,
            PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window,
            WindowClass,
        },
    },
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

x11rb::atom_manager! {
    /// The words of the protocol.
    Atoms: AtomsCookie {
        XdndAware,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        URI_LIST: b"text/uri-list",
        TARGETS,
    }
}

/// As often the pointer is told to be where it is: a hand moves more than once, and targets ask for the files on the way.
const MOVES: usize = 5;

/// Drops a file or folder onto the window whose title contains `title`, at a place in it. Blocks until the window has taken it.
pub fn drop_onto(title: &str, place: (i16, i16), path: &Path) {
    let (server, screen) = x11rb::connect(None).unwrap();
    let root = server.setup().roots[screen].root;
    let atoms = Atoms::new(&server).unwrap().reply().unwrap();
    let target = find(&server, root, &atoms, title)
        .unwrap_or_else(|| panic!("no window takes drops and is called {title}"));
    let at = server
        .translate_coordinates(target, root, place.0, place.1)
        .unwrap()
        .reply()
        .unwrap();

    let source = server.generate_id().unwrap();
    server
        .create_window(
            0,
            source,
            root,
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_ONLY,
            0,
            &CreateWindowAux::new(),
        )
        .unwrap();
    server
        .set_selection_owner(source, atoms.XdndSelection, CURRENT_TIME)
        .unwrap();
    let drag = Drag {
        server,
        atoms,
        source,
        target,
        files: format!("{}\r\n", uri(path)),
    };

    drag.say(atoms.XdndEnter, [5 << 24, atoms.URI_LIST, 0, 0]);
    let pointer = u32::from(at.dst_x.cast_unsigned()) << 16 | u32::from(at.dst_y.cast_unsigned());
    let mut takes = false;
    for _ in 0..MOVES {
        drag.say(
            atoms.XdndPosition,
            [0, pointer, CURRENT_TIME, atoms.XdndActionCopy],
        );
        takes = drag.wait_for(atoms.XdndStatus)[1] & 1 == 1;
    }
    assert!(takes, "the window takes what is dragged over it");
    drag.say(atoms.XdndDrop, [0, CURRENT_TIME, 0, 0]);
    drag.wait_for(atoms.XdndFinished);
}

struct Drag {
    server: RustConnection,
    atoms: Atoms,
    source: Window,
    target: Window,
    files: String,
}

impl Drag {
    fn say(&self, what: Atom, data: [u32; 4]) {
        let [first, second, third, fourth] = data;
        let message = ClientMessageEvent::new(
            32,
            self.target,
            what,
            [self.source, first, second, third, fourth],
        );
        self.server
            .send_event(false, self.target, EventMask::NO_EVENT, message)
            .unwrap();
        self.server.flush().unwrap();
    }

    /// The data of the answer; who asks for the files meanwhile is given them.
    fn wait_for(&self, what: Atom) -> [u32; 5] {
        loop {
            match self.server.wait_for_event().unwrap() {
                Event::ClientMessage(message) if message.type_ == what => {
                    return message.data.as_data32();
                }
                Event::SelectionRequest(request) => self.give(&request),
                _ => {}
            }
        }
    }

    fn give(&self, request: &SelectionRequestEvent) {
        let (to, property) = (request.requestor, request.property);
        let is_known = if request.target == self.atoms.URI_LIST {
            self.server
                .change_property8(
                    PropMode::REPLACE,
                    to,
                    property,
                    self.atoms.URI_LIST,
                    self.files.as_bytes(),
                )
                .unwrap();
            true
        } else if request.target == self.atoms.TARGETS {
            self.server
                .change_property32(
                    PropMode::REPLACE,
                    to,
                    property,
                    AtomEnum::ATOM,
                    &[self.atoms.URI_LIST],
                )
                .unwrap();
            true
        } else {
            false
        };
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: to,
            selection: request.selection,
            target: request.target,
            property: if is_known { property } else { x11rb::NONE },
        };
        self.server
            .send_event(false, to, EventMask::NO_EVENT, answer)
            .unwrap();
        self.server.flush().unwrap();
    }
}

/// The window below this one that takes drops and has this in its title.
fn find(server: &RustConnection, window: Window, atoms: &Atoms, title: &str) -> Option<Window> {
    let has = |property: Atom| {
        server
            .get_property(false, window, property, AtomEnum::ANY, 0, 256)
            .ok()
            .and_then(|cookie| cookie.reply().ok())
            .filter(|found| found.type_ != x11rb::NONE)
    };
    let is_called = has(AtomEnum::WM_NAME.into())
        .is_some_and(|name| String::from_utf8_lossy(&name.value).contains(title));
    if is_called && has(atoms.XdndAware).is_some() {
        return Some(window);
    }
    let below = server.query_tree(window).ok()?.reply().ok()?;
    below
        .children
        .into_iter()
        .find_map(|child| find(server, child, atoms, title))
}

/// A path as file managers name it.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for byte in path.to_str().expect("test paths are text").bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(byte));
            }
            _ => write!(uri, "%{byte:02X}").expect("texts can be written to"),
        }
    }
    uri
}
