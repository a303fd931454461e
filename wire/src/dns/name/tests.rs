extern crate alloc;
use super::*;
use crate::dns::{NameBuf, NameError};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

fn parse(message: &[u8], start: usize) -> Result<(String, usize), Error> {
    let (name, end) = Name::parse(message, start, 0)?;
    name.check()?;
    Ok((name.to_string(), end))
}

// conf: DDM-DNS-07
#[test]
fn names_of_the_example_of_rfc_1035_section_4_1_4() {
    // F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92.
    let mut message = [0; 93];
    message[20..32].copy_from_slice(b"\x01F\x03ISI\x04ARPA\0");
    message[40..46].copy_from_slice(b"\x03FOO\xc0\x14");
    message[64..66].copy_from_slice(&[0xc0, 26]);
    for (start, want, end) in
        [(20, "F.ISI.ARPA", 32), (40, "FOO.F.ISI.ARPA", 46), (64, "ARPA", 66), (92, ".", 93)]
    {
        assert_eq!(parse(&message, start), Ok((want.to_string(), end)), "at {start}");
    }
    let name = Name::parse(&message, 40, 12).unwrap().0;
    assert_eq!(name.labels().count(), 4);
    let within = Name::parse(&message, 64, 12).unwrap().0;
    assert!(name.is_within(&within) && name.is_within(&name) && name.is_within(&Name::ROOT));
    assert!(!within.is_within(&name));
}

#[test]
fn addresses_have_names_in_reverse() {
    for (address, want) in [
        // RFC 1035 §3.5 and RFC 3596 §2.5.
        ("10.2.0.52", "52.0.2.10.IN-ADDR.ARPA"),
        ("255.100.99.9", "9.99.100.255.in-addr.arpa"),
        (
            "4321:0:1:2:3:4:567:89ab",
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.IP6.ARPA",
        ),
    ] {
        assert_eq!(NameBuf::of_address(address.parse().unwrap()), want.parse().unwrap(), "{address}");
    }
}

#[test]
fn a_broken_name_is_within_no_other() {
    // Both end in the same pointer, which leads nowhere.
    let message = [1, b'b', 1, b'a', 0xc0, 4];
    let (below, broken) = (Name::parse(&message, 0, 0).unwrap().0, Name::parse(&message, 2, 0).unwrap().0);
    assert!(!below.is_within(&broken) && !broken.is_within(&broken) && !broken.is_within(&Name::ROOT));
    assert!(!Name::ROOT.is_within(&broken));
}

// conf: DDM-DNS-07, DDM-DNS-08
#[test]
fn pointers_lead_back_and_labels_are_of_known_kinds() {
    let error = |message: &[u8], start| parse(message, start).unwrap_err();
    for (message, start, want) in [
        // To itself, forward, out of the message.
        (&[0xc0, 0][..], 0, Error::Field(0)),
        (&[0xc0, 2, 0], 0, Error::Field(0)),
        (&[0, 0xff, 0xff], 1, Error::Field(1)),
        // Back, into the labels that it ends: a loop.
        (&[1, b'a', 0xc0, 0], 0, Error::Field(2)),
        // Two that lead to each other.
        (&[0xc0, 2, 0xc0, 0], 2, Error::Field(0)),
        // Back, to labels that run into those that they end.
        (&[2, 1, b'a', 0xc0, 0], 1, Error::truncated(4, 1)),
        // Other kinds of label.
        (&[0x40, 0, 0], 0, Error::Field(0)),
        (&[0x80, 0, 0], 0, Error::Field(0)),
        // Cut off.
        (&[], 0, Error::truncated(1, 0)),
        (&[3, b'a'], 0, Error::truncated(5, 2)),
        (&[1, b'a'], 0, Error::truncated(3, 2)),
        (&[0, 0xc0], 1, Error::truncated(3, 2)),
    ] {
        assert_eq!(error(message, start), want, "{message:02x?}");
    }
    assert_eq!(Name::parse(&[0, 0, 0, 0xc0, 1], 3, 2).unwrap_err(), Error::Field(3), "into the header");
    assert_eq!(Name::parse(&[0, 0, 0, 0], 1, 2).unwrap_err(), Error::Field(1), "starts in the header");
    assert_eq!(Name::parse(&[0], 3, 2).unwrap_err(), Error::truncated(2, 1));
    assert_eq!(Name::parse(&[0, 0, 0], usize::MAX, 2).unwrap_err(), Error::truncated(usize::MAX, 3));
}

// conf: DDM-DNS-08
#[test]
fn a_chain_of_pointers_is_bounded() {
    let chain = |count: usize| {
        let mut message: Vec<u8> = [0, 0].to_vec();
        for index in 0..count {
            message.extend((0xc000 + u16::try_from(index * 2).unwrap()).to_be_bytes());
        }
        let start = message.len() - 2;
        let name = Name::parse(&message, start, 0).unwrap().0;
        assert_eq!(name.to_string() == ".", name.check().is_ok());
        parse(&message, start)
    };
    assert_eq!(chain(127), Ok((".".to_string(), 256)));
    assert!(matches!(chain(128), Err(Error::Field(_))));
}

// conf: DDM-DNS-01
#[test]
fn labels_have_63_octets_and_names_255() {
    let label = "a".repeat(63);
    let at_most = [&label[..], &label, &label, &label[..61]].join(".");
    let name: NameBuf = at_most.parse().unwrap();
    assert_eq!(name.octets.len(), 255);
    assert_eq!(name.to_string(), at_most);
    for (text, want) in [
        (&(label.clone() + "a")[..], NameError::LabelTooLong(64)),
        (&(at_most.clone() + "a"), NameError::NameTooLong),
        (&(at_most.clone() + ".a"), NameError::NameTooLong),
        ("", NameError::EmptyLabel),
        (".a", NameError::EmptyLabel),
        ("a..b", NameError::EmptyLabel),
        ("a\\", NameError::Escape),
        ("\\25", NameError::Escape),
        ("\\256", NameError::Escape),
        ("\\2x0", NameError::Escape),
    ] {
        assert_eq!(text.parse::<NameBuf>(), Err(want), "{text}");
    }
    // The same in a message.
    let mut message: Vec<u8> = name.octets.to_vec();
    assert_eq!(parse(&message, 0).unwrap().1, 255);
    message.splice(0..0, [1, b'b']);
    assert_eq!(parse(&message, 0), Err(Error::Length(256)));
    // And where it shows only behind a pointer.
    message.splice(0..2, []);
    message.extend([1, b'b', 0xc0, 0]);
    assert_eq!(parse(&message, 255), Err(Error::Length(256)));
    assert_eq!(parse(&message, 64).unwrap().1, 255);
}

#[test]
fn a_pointer_to_the_root_may_end_the_longest_name() {
    let label = "a".repeat(63);
    let name: NameBuf = [&label[..], &label, &label, &label[..61]].join(".").parse().unwrap();
    // The root, and the same labels, which it ends from there.
    let mut message: Vec<u8> = [0].to_vec();
    message.extend(&name.octets[..254]);
    message.extend([0xc0, 0]);
    assert_eq!(parse(&message, 1), Ok((name.to_string(), 257)));
    assert_eq!(Name::parse(&message, 1, 0).unwrap().0, name.as_name());
    // To any other label it is one too many.
    message.splice(0..1, [1, b'b', 0]);
    assert_eq!(parse(&message, 3), Err(Error::Length(256)));
}

// conf: DDM-DNS-09
#[test]
fn names_compare_without_regard_to_case() {
    let name = |text: &str| text.parse::<NameBuf>().unwrap();
    for (a, b, want) in [
        ("www.Example.COM", "WWW.example.com.", true),
        ("www.example.com", "www.example.org", false),
        ("www.example.com", "example.com", false),
        ("www", "www.example.com", false),
        (".", ".", true),
        ("\\065", "a", true),
        // ASCII alone has a case.
        ("\\228", "\\196", false),
        // Not the same labels, though the text without escapes would be the same.
        ("a\\.b", "a.b", false),
    ] {
        assert_eq!(name(a) == name(b), want, "{a} {b}");
    }
}

#[test]
fn what_is_printed_reads_as_the_same_name() {
    let mut name = NameBuf::new();
    name.push(b"a.b\\c d\0\xff\"").unwrap();
    name.push(b"local").unwrap();
    let text = name.to_string();
    assert_eq!(text, "a\\.b\\\\c\\032d\\000\\255\".local");
    assert_eq!(text.parse(), Ok(name));
    assert_eq!(NameBuf::try_from(Name::ROOT).unwrap().to_string(), ".");
}
