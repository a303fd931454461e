//! The octets that RFCs print as examples, of 6LoWPAN: generic header compression (RFC 7400 appendix A), which is refused for
//! what it is, routing headers (RFC 8138 appendix A), and groups that hold a prefix (RFC 3306 §7, RFC 3956 §5).

#[cfg(test)]
mod examples {
    use core::net::Ipv6Addr;
    use tersus_wire::sixlowpan::iphc::{self, NH_MASK};
    use tersus_wire::sixlowpan::{self, Context, ContextUse, Contexts, Error, LinkAddresses, RoutingHeader};
    use tersus_wire::walk::{Content, Medium, Walk};
    use tersus_wire::{ieee802154, ipv6, HardwareAddress};

    /// The octets of a dump.
    fn octets(dump: &str) -> Vec<u8> {
        let digits: Vec<u8> = dump.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits.chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    const LINK: LinkAddresses = LinkAddresses {
        source: HardwareAddress::extended([0x00, 0x1c, 0xda, 0xff, 0xfe, 0x00, 0x30, 0x23]),
        destination: HardwareAddress::short(0xffff),
    };

    /// RFC 7400 figures 8 to 14: IP header, payload, the payload compressed.
    const ICMPV6: [(&str, &str, &str); 7] = [
        (
            "60 00 00 00 00 08 3a ff fe 80 00 00 00 00 00 00 02 1c da ff fe 00 20 24
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 1a",
            "9b 00 6b de 00 00 00 00",
            "04 9b 00 6b de 82",
        ),
        (
            "60 00 00 00 00 5c 3a ff fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 1a",
            "9b 01 7a 5f 00 f0 01 00 88 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 fa ce 04 0e 00 14
             09 ff 00 00 01 00 00 00 00 00 00 00 08 1e 80 20 ff ff ff ff ff ff ff ff 00 00 00 00 20 02 0d b8
             00 00 00 00 00 00 00 ff fe 00 fa ce 03 0e 40 00 ff ff ff ff 20 02 0d b8 00 00 00 00",
            "06 9b 01 7a 5f 00 f0 c7 01 88 81 04 20 02 0d b8 85 a7 c9 08 fa ce 04 0e 00 14 09 ff a4 da 83 06
             08 1e 80 20 ff ff c0 d0 82 b4 f0 03 03 0e 40 c7 a3 c9 a2 f0",
        ),
        (
            "60 00 00 00 00 32 3a ff 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 33 44
             20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 11 22",
            "9b 02 58 7d 01 80 00 f1 05 12 00 80 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 33 44 06 14 00 80
             f1 00 fe 80 00 00 00 00 00 00 00 00 00 ff fe 00 11 22",
            "0c 9b 02 58 7d 01 80 00 f1 05 12 00 80 b5 f4 08 06 14 00 80 f1 00 fe 80 87 a7 dd",
        ),
        (
            "60 00 00 00 00 30 3a ff 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 3b d3
             fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23",
            "87 00 a7 68 00 00 00 00 fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23 01 01 3b d3 00 00 00 00
             1f 02 00 00 00 00 00 06 00 1c da ff fe 00 20 24",
            "04 87 00 a7 68 82 b3 f0 04 01 01 3b d3 82 02 1f 02 83 02 06 00 a2 db 02 20 24",
        ),
        (
            "60 00 00 00 00 30 3a fe fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23
             20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 3b d3",
            "88 00 26 6c c0 00 00 00 fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23 02 01 fa ce 00 00 00 00
             1f 02 00 00 00 00 00 06 00 1c da ff fe 00 20 24",
            "05 88 00 26 6c c0 81 b5 f0 04 02 01 fa ce 82 02 1f 02 83 02 06 00 a2 db 02 20 24",
        ),
        (
            "60 00 00 00 00 18 3a ff fe 80 00 00 00 00 00 00 ae de 48 00 00 00 00 01
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 02",
            "85 00 90 65 00 00 00 00 01 02 ac de 48 00 00 00 00 01 00 00 00 00 00 00",
            "04 85 00 90 65 de 02 02 ac a5 eb 84",
        ),
        (
            "60 00 00 00 00 60 3a ff fe 80 00 00 00 00 00 00 10 34 00 ff fe 00 11 22
             fe 80 00 00 00 00 00 00 ae de 48 00 00 00 00 01",
            "86 00 55 c9 40 00 0f a0 1c 5a 38 17 00 00 07 d0 01 01 11 22 00 00 00 00 03 04 40 40 ff ff ff ff
             ff ff ff ff 00 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 00 00 00 00 00 20 02 40 10 00 00 03 e8
             20 02 0d b8 00 00 00 00 21 03 00 01 00 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 11 22",
            "0c 86 00 55 c9 40 00 0f a0 1c 5a 38 17 80 06 07 d0 01 01 11 22 82 06 03 04 40 40 ff ff c0 d0 82
             04 20 02 0d b8 8a 04 20 02 40 10 a4 cb 01 e8 a2 f0 02 21 03 a9 e6 b3 cd af db",
        ),
    ];

    /// RFC 7400 figures 15 to 17: payloads of UDP, compressed.
    const DTLS: [&str; 3] = [
        "b0 d1 01 1d f2 15 09 b2 0e 82 c1 6e b6 96 c5 1f 36 8d 17 61 e2 b5 d4 22 d4 ed 2b",
        "b0 c3 03 05 00 16 f2 0e ae a0 15 56 67 92 4d ff 8a 24 e4 cb 35 b9",
        "a1 cd 87 01 36 a1 cd 01 2a 85 23 2a fe fd 51 52 ed 79 a4 20 c9 62 56 11 47 c9 39 ee 6c c0 a4 fe
         c6 89 2f 32 26 9a 16 4e 31 7e 9f 20 92 92 81 05 02 c0 a8 01 00",
    ];

    /// `header` by IPHC, with a next header that NHC encodes; behind it `encoded`.
    fn frame(header: &[u8], encoded: &[u8]) -> Vec<u8> {
        let header = ipv6::Header::new(header.try_into().unwrap());
        let repr = iphc::Repr {
            traffic_class: header.traffic_class(),
            flow_label: header.flow_label(),
            next_header: None,
            hop_limit: header.hop_limit(),
            source: header.source(),
            destination: header.destination(),
        };
        let mut buffer = [0; 48];
        let len = repr.emit(&mut buffer, &LINK, &Contexts::new()).unwrap();
        assert_ne!(u16::from_be_bytes([buffer[0], buffer[1]]) & NH_MASK, 0);
        [&buffer[..len], encoded].concat()
    }

    /// Both the decompressor and the walk say that they do not know the encoding octet, and show no packet.
    fn is_refused(frame: &[u8], encoding: u8) {
        let want = Error::NextHeader(encoding);
        let refused = sixlowpan::decompress(frame, None, &LINK, &Contexts::new(), &mut [0; 1280]);
        assert_eq!(refused, Err(want), "0x{encoding:02x}");
        let mut mac = vec![0; 64];
        let repr = ieee802154::Repr {
            version: ieee802154::Version::V2006,
            sequence: 1,
            ack_request: false,
            dst_pan: 0xabcd,
            dst: LINK.destination,
            src_pan: 0xabcd,
            src: LINK.source,
        };
        let len = repr.emit(&mut mac).unwrap();
        mac.truncate(len);
        mac.extend(frame);
        let mut scratch = [0; 1280];
        let layers: Vec<_> = Walk::new(Medium::Ieee802154, &mac, &mut scratch).collect();
        assert_eq!(layers.len(), 2);
        let text = format!("next header encoding 0x{encoding:02x} is not known");
        assert!(matches!(layers[1].content, Content::Octets("6LoWPAN header", _)));
        assert!(layers[1].to_string().contains(&text), "{}", layers[1]);
    }

    // conf: LWP-NHC-11
    #[test]
    fn rfc_7400_appendix_a_generic_header_compression_is_refused_for_what_it_is() {
        for (header, payload, compressed) in ICMPV6 {
            let (header, payload) = (octets(header), octets(payload));
            // ICMPv6, 11011111.
            is_refused(&frame(&header, &[&[0xdf], &octets(compressed)[..]].concat()), 0xdf);
            // The packet itself goes through our own compression, which leaves the payload as it is.
            let packet = [&header[..], &payload].concat();
            let mut out = [0; 128];
            let done = sixlowpan::compress(&packet, &LINK, &Contexts::new(), &mut out).unwrap();
            assert_eq!(done.covered, 40);
            let bytes = [&out[..done.header_len], &payload].concat();
            let mut restored = [0; 256];
            let done = sixlowpan::decompress(&bytes, None, &LINK, &Contexts::new(), &mut restored).unwrap();
            assert_eq!(restored[..done.len], packet);
        }
        let header = octets(ICMPV6[3].0);
        for compressed in DTLS {
            // UDP, 11010CPP, with the ports of figure 2's P bits.
            for cpp in 0..8 {
                let ports: &[u8] = match cpp & 3 {
                    3 => &[0x12],
                    0 => &[0x12, 0x34, 0x56, 0x78],
                    _ => &[0x12, 0x34, 0x56],
                };
                let checksum: &[u8] = if cpp & 4 == 0 { &[0xc0, 0xde] } else { &[] };
                let encoded = [&[0xd0 | cpp], ports, checksum, &octets(compressed)].concat();
                is_refused(&frame(&header, &encoded), 0xd0 | cpp);
            }
        }
        // Extension headers, 1011EEEN.
        for encoding in 0xb0..=0xbf {
            is_refused(&frame(&header, &[encoding, 58, 2, 0, 0, 0x80, 0]), encoding);
        }
    }

    /// The headers of figure 22, whose addresses have the digits A to D; each has the form and length of §5.1.
    #[test]
    fn rfc_8138_appendix_a_source_routing_headers() {
        // Type, Size, addresses, length of the whole
        for (kind, size, addresses, len) in [
            (3, 0, "AAAA AAAA AAAA AAAA", 10),
            (1, 0, "BBBB", 4),
            (2, 1, "CCCC CCCC DDDD DDDD", 10),
            // Figure 20: three of two octets, eight in all; figure 21: four, ten in all.
            (1, 2, "0001 0002 0003", 8),
            (1, 3, "0001 0002 0003 0004", 10),
        ] {
            let data = octets(addresses);
            let header = RoutingHeader { critical: true, length_or_tse: size, kind, data: &data };
            let mut buffer = [0xee; 12];
            assert_eq!(header.emit(&mut buffer), Ok(len));
            assert_eq!(buffer[..2], [0x80 | size, kind]);
            let (parsed, rest) = RoutingHeader::parse(&buffer).unwrap();
            assert_eq!((parsed, rest.len()), (header, 12 - len));
            assert_eq!(parsed.to_string(), format!("SRH-6LoRH {} hops", size + 1));
        }
    }

    /// Prefix length and prefix come from the context, the reserved octet with RIID is in-line: RFC 6282 §3.2.4.
    #[test]
    fn rfc_3306_section_7_and_rfc_3956_section_5_groups_that_hold_a_prefix() {
        // Context, group, what is in-line
        for (prefix, prefix_len, group, in_line) in [
            ("3FFE:FFFF:1::", 48, "FF3E:0030:3FFE:FFFF:0001::1234:5678", "3e 00 12 34 56 78"),
            ("2001:DB8:BEEF:FEED::", 64, "FF7E:B40:2001:DB8:BEEF:FEED:1234:5678", "7e 0b 12 34 56 78"),
            ("2001:DB8::", 32, "FF7E:120:2001:DB8::1", "7e 01 00 00 00 01"),
            ("2001:DB8:BEEF::", 48, "FF7E:F30:2001:DB8:BEEF::8000:0", "7e 0f 80 00 00 00"),
        ] {
            let prefix: Ipv6Addr = prefix.parse().unwrap();
            let mut contexts = Contexts::new();
            let context = Context::new(prefix.octets(), prefix_len, ContextUse::Both).unwrap();
            assert!(contexts.set(0, context));
            let header = iphc::Repr {
                traffic_class: 0,
                flow_label: 0,
                next_header: Some(tersus_wire::IpProtocol::NO_NEXT_HEADER),
                hop_limit: 64,
                source: Ipv6Addr::UNSPECIFIED,
                destination: group.parse().unwrap(),
            };
            let mut buffer = [0; 48];
            let len = header.emit(&mut buffer, &LINK, &contexts).unwrap();
            assert_eq!(buffer[..3], [0x7a, 0x4c, 59], "{group}");
            assert_eq!(buffer[3..len], octets(in_line));
            assert_eq!(iphc::Repr::parse(&buffer[..len], &LINK, &contexts), Ok((header, &[][..])));
        }
    }
}
