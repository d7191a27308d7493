//! The address of a network, as a person or a file wrote it: checked before anything is sent there.

use crate::{Code, Error, Result, ids::as_text};
use std::{fmt, net::IpAddr, str::FromStr};
use url::{Host, Url};

/// An address that may be asked: HTTPS anywhere, plain HTTP on this computer only. Always ends with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Whether it leads to this computer, so that nobody else can listen in.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            // RFC 6761: these names are resolved to this computer alone.
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        }
    }

    /// Its port; the scheme's where none is written.
    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port_or_known_default()
    }

    /// Its host and port, as a name for people.
    pub(crate) fn authority(&self) -> String {
        self.0.authority().to_owned()
    }
}

as_text!(Address);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let refused =
            |code| Error::new(code, "reading the address of a network").with("address", text);
        let mut url =
            Url::parse(text).map_err(|error| refused(Code::AddressMalformed).because(error))?;
        let is_plain = url.scheme() == "http";
        if !(is_plain || url.scheme() == "https") || url.host().is_none() {
            return Err(refused(Code::AddressMalformed).because("not an http or https address"));
        }
        // They would be sent, logged and shown along with the address.
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(refused(Code::AddressMalformed)
                .with("address", "")
                .because("an address has no name, password, query or fragment"));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let address = Self(url);
        if is_plain && !address.is_loopback() {
            return Err(refused(Code::AddressInsecure));
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn plain_http_is_for_this_computer_only() {
        for (text, expected) in [
            ("https://icp-api.io", Ok("https://icp-api.io/")),
            (" http://localhost:8000 ", Ok("http://localhost:8000/")),
            ("http://127.0.0.1:4943/", Ok("http://127.0.0.1:4943/")),
            ("http://127.9.9.9:1/", Ok("http://127.9.9.9:1/")),
            ("http://[::1]:4943", Ok("http://[::1]:4943/")),
            (
                "http://shop.localhost:8000",
                Ok("http://shop.localhost:8000/"),
            ),
            (
                "https://node.example/instances/0",
                Ok("https://node.example/instances/0/"),
            ),
            ("http://icp-api.io", Err(Code::AddressInsecure)),
            ("http://192.168.1.4:4943", Err(Code::AddressInsecure)),
            ("http://localhost.evil.example", Err(Code::AddressInsecure)),
            ("http://127.0.0.1.evil.example", Err(Code::AddressInsecure)),
            ("http://0.0.0.0:8000", Err(Code::AddressInsecure)),
            ("ftp://localhost/", Err(Code::AddressMalformed)),
            ("localhost:8000", Err(Code::AddressMalformed)),
            ("file:///etc/passwd", Err(Code::AddressMalformed)),
            ("https://ada:secret@icp-api.io", Err(Code::AddressMalformed)),
            ("https://icp-api.io/?key=1", Err(Code::AddressMalformed)),
            ("", Err(Code::AddressMalformed)),
        ] {
            let found = text.parse::<Address>();
            match expected {
                Ok(expected) => assert_eq!(found.unwrap().to_string(), expected, "{text:?}"),
                Err(code) => assert_eq!(found.unwrap_err().code, code, "{text:?}"),
            }
        }
        let secret = "https://ada:secret@icp-api.io"
            .parse::<Address>()
            .unwrap_err();
        assert!(
            !secret.chain().contains("secret") && !format!("{:?}", secret.facts).contains("secret"),
            "a password is not repeated"
        );
    }
}
