//! The octets that RFCs print as examples, of what this crate reads and writes.
//!
//! | RFC | example | test |
//! | --- | --- | --- |
//! | 791 appendix A | three datagrams, options of the third | `ipv4`, `ipv4::option` |
//! | 1035 §4.1.4 | names that share their ends | `dns::name` |
//! | 1071 §3 | sums of four words, and of two groups | `checksum` |
//! | 1624 §4 | a checksum after a change | `checksum` |
//! | 2018 §7, 2883 §4 | blocks after losses and duplicates | `tcp::tests` |
//! | 2113 §2.1, 2711 §2.1 | the option octets of a router alert | here |
//! | 3396 §8 | an option in two pieces, in two fields | here |
//! | 3397 §2 | a search list, compressed | `dhcpv4::tests` |
//! | 3442 | destination descriptors | `dhcpv4::tests` |
//! | 3306 §7, 3956 §5 | groups that hold a prefix, compressed | `lowpan_examples` |
//! | 3596 §2.5 | the name of an address | here |
//! | 3602 §4, case 5 | an echo request inside ESP | here |
//! | 4291 §2.2, §2.3, §2.7.1 | addresses and prefixes as text; a solicited-node address | here |
//! | 5482 §3.4 | header words that nobody sends | `tcp::tests` |
//! | 5837 §4.4 | types and lengths of objects | `icmp_ext::tests` |
//! | 5952 §2, §4, §5 | addresses as text | here |
//! | 6763 §6.6 | strings of a TXT record | here |
//! | 7400 appendix A | messages of RPL and of neighbour discovery, as they are before they are compressed | here |
//! | 7400 appendix A | the same, and of DTLS, compressed: refused | `lowpan_examples` |
//! | 8138 appendix A | source routing headers | `lowpan_examples` |
//! | 9235 §4.1, §6.1 | segments with TCP-AO (RFC 5925), IPv4 and IPv6 | here |
//!
//! Of the other RFCs that the README names, the figures have names of fields, bit patterns of code points (which the
//! tests of each format have), or letters in place of values, as those of RFC 826, RFC 6554 and RFC 8754.

#[cfg(test)]
mod examples {
    use core::net::Ipv6Addr;
    use tersus_wire::dhcpv4::{self, HEADER_LEN as DHCP_LEN};
    use tersus_wire::dns::{Name, NameBuf, Text};
    use tersus_wire::ip::solicited_node;
    use tersus_wire::ndisc;
    use tersus_wire::walk::{Medium, Walk};
    use tersus_wire::{esp, icmpv4, icmpv6, ipv4, ipv6, ipv6_ext, rpl, Cidr, HardwareAddress, IpProtocol};

    /// The octets of a dump.
    fn octets(dump: &str) -> Vec<u8> {
        let digits: Vec<u8> = dump.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits.chunks(2).map(|pair| core::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    }

    /// What the walk shows of a packet, layer by layer.
    fn lines(packet: &[u8]) -> Vec<String> {
        Walk::new(Medium::Ip, packet, &mut [0; 1280]).map(|layer| layer.to_string()).collect()
    }

    #[test]
    fn rfc_2113_and_rfc_2711_router_alerts() {
        let alert = [0x94, 4, 0, 0];
        let options: Vec<_> = ipv4::options(&alert).map(Result::unwrap).collect();
        assert_eq!(options, [ipv4::Opt::RouterAlert(0)]);
        assert_eq!(ipv6_ext::router_alert(IpProtocol::ICMPV6, 0)[2..6], [5, 2, 0, 0]);
    }

    #[test]
    fn rfc_3396_section_8_a_boot_file_name_in_two_fields() {
        let mut message = [0; 300];
        let client = HardwareAddress::ethernet([2, 0, 0, 0, 0, 1]);
        let len = dhcpv4::Repr::discover(1, client).emit(&[], &mut message).unwrap();
        let whole = [&[67, 13][..], b"/diskless/foo", &[255]].concat();
        let split = [&[52, 1, 1, 67, 7][..], b"/diskle", &[255]].concat();
        for (options, file) in [(whole, &b""[..]), (split, b"\x43\x06ss/foo\xff")] {
            let mut message = message[..len].to_vec();
            message.truncate(DHCP_LEN);
            message.extend(options);
            message[108..108 + file.len()].copy_from_slice(file);
            let packet = dhcpv4::Packet::parse(&message).unwrap();
            let mut name = [0; 32];
            let name = packet.option(67).unwrap().copy_to(&mut name).map(<[u8]>::to_vec);
            assert_eq!(name, Ok(b"/diskless/foo".to_vec()));
        }
    }

    #[test]
    fn rfc_3596_section_2_5_the_name_of_an_address() {
        let text = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.IP6.ARPA.";
        let name: NameBuf = text.parse().unwrap();
        assert_eq!(name.as_name().labels().count(), 34);
        let address: Ipv6Addr = "4321:0:1:2:3:4:567:89ab".parse().unwrap();
        let mut built = NameBuf::new();
        for octet in address.octets().into_iter().rev() {
            for nibble in [octet & 15, octet >> 4] {
                built.push(format!("{nibble:x}").as_bytes()).unwrap();
            }
        }
        built.push(b"ip6").unwrap();
        built.push(b"arpa").unwrap();
        assert_eq!(built, name);
        assert!(name.as_name().is_within(&"ip6.arpa".parse::<NameBuf>().unwrap().as_name()));
        assert_eq!(Name::ROOT.labels().count(), 0);
    }

    #[test]
    fn rfc_3602_section_4_an_echo_request_in_esp() {
        let before = octets("45000054 08f20000 4001f9fe c0a87b03 c0a87b64");
        let message = octets(
            "08000ebd a70a0000 8e9c083d b95b0700 08090a0b 0c0d0e0f 10111213 14151617
         18191a1b 1c1d1e1f 20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637",
        );
        let after = octets("4500007c 08f20000 4032f9a5 c0a87b03 c0a87b64");
        let esp_header = octets("00004321 00000001");
        // The packet as it was.
        let packet = [&before[..], &message].concat();
        let echo = icmpv4::Packet::parse(&message).unwrap();
        assert!(echo.is_checksum_valid());
        let Ok(icmpv4::Repr::EchoRequest { identifier, sequence, data }) = icmpv4::Repr::parse(&echo) else {
            panic!()
        };
        assert_eq!((identifier, sequence, data.len()), (0xa70a, 0, 56));
        let header = "IPv4 192.168.123.3 > 192.168.123.100 ICMP ttl 64 len 84; checksum right";
        assert_eq!(lines(&packet)[0], header);
        // What is encrypted: the message, padding, how much of it, and what the message is.
        let mut plain = [&message[..], &[0; 16]].concat();
        assert_eq!(esp::Trailer::emit(64, 16, IpProtocol::ICMPV4, &mut plain[64..]), Ok(16));
        assert_eq!(plain[64..], octets("01020304 05060708 090a0b0c 0d0e0e01"));
        let trailer = esp::Trailer::parse(&plain).unwrap();
        assert_eq!((trailer.payload, trailer.padding.len()), (&message[..], 14));
        assert_eq!(trailer.next_header, IpProtocol::ICMPV4);
        // The packet as it is sent, up to the initialisation vector.
        let mut header = [0; 8];
        let repr = esp::Repr { spi: 0x4321, sequence: 1 };
        assert_eq!((repr.emit(&mut header), &header[..]), (Ok(8), &esp_header[..]));
        let header = ipv4::Header::new(after[..].try_into().unwrap());
        assert_eq!((header.protocol(), header.total_len()), (IpProtocol::ESP, 124));
        let packet = [&after[..], &esp_header, &[0; 96]].concat();
        let want = [
            "IPv4 192.168.123.3 > 192.168.123.100 ESP ttl 64 len 124; checksum right",
            "ESP SPI 0x00004321 sequence 1, 96 octets",
        ];
        assert_eq!(lines(&packet)[..2], want);
    }

    #[test]
    fn rfc_4291_a_prefix_as_text_and_a_solicited_node_address() {
        let prefix: Cidr = "2001:0DB8:0:CD30::/60".parse().unwrap();
        assert_eq!(prefix.to_string(), "2001:db8:0:cd30::/60");
        assert!(prefix.contains("2001:0DB8:0:CD30:123:4567:89AB:CDEF".parse().unwrap()));
        assert!(!prefix.contains("2001:db8:0:cd40::".parse().unwrap()));
        // Legal ways to write the prefix, and what is another one.
        for (text, is_same) in [
            ("2001:0DB8:0000:CD30:0000:0000:0000:0000/60", true),
            ("2001:0DB8::CD30:0:0:0:0/60", true),
            ("2001:0DB8:0:CD30::/60", true),
            ("2001:0DB8::CD30/60", false),
            ("2001:0DB8::CD3/60", false),
        ] {
            assert_eq!(text.parse::<Cidr>().unwrap() == prefix, is_same, "{text}");
        }
        assert!("2001:0DB8:0:CD3/60".parse::<Cidr>().is_err(), "too few groups");
        let node: Cidr = "2001:0DB8:0:CD30:123:4567:89AB:CDEF/60".parse().unwrap();
        assert!(node.contains("2001:0DB8:0:CD30::".parse().unwrap()));
        let address = "4037::01:800:200E:8C6C".parse().unwrap();
        assert_eq!(solicited_node(address), "ff02::1:ff0e:8c6c".parse::<Ipv6Addr>().unwrap());
    }

    /// What this crate prints is what `core` prints.
    #[test]
    fn rfc_4291_section_2_2_and_rfc_5952_sections_2_and_5_forms_of_one_address() {
        for (forms, want) in [
            (&["2001:DB8:0:0:8:800:200C:417A", "2001:DB8::8:800:200C:417A"][..], "2001:db8::8:800:200c:417a"),
            (&["FF01:0:0:0:0:0:0:101", "FF01::101"], "ff01::101"),
            (&["0:0:0:0:0:0:0:1", "::1"], "::1"),
            (&["0:0:0:0:0:0:0:0", "::"], "::"),
            (&["0:0:0:0:0:FFFF:129.144.52.38", "::FFFF:129.144.52.38"], "::ffff:129.144.52.38"),
            (&["0:0:0:0:0:0:13.1.68.3", "::13.1.68.3"], "::d01:4403"),
            (
                &[
                    "2001:db8:0:0:1:0:0:1",
                    "2001:0db8:0:0:1:0:0:1",
                    "2001:db8::1:0:0:1",
                    "2001:db8::0:1:0:0:1",
                ],
                "2001:db8::1:0:0:1",
            ),
            (&["2001:0db8::1:0:0:1", "2001:db8:0:0:1::1", "2001:DB8:0:0:1::1"], "2001:db8::1:0:0:1"),
            (
                &["2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"],
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
            ),
            (&["2001:db8:0:0:0::1", "2001:db8:0:0::1", "2001:db8:0::1", "2001:db8::1"], "2001:db8::1"),
            (&["2001:db8::aaaa:0:0:1", "2001:db8:0:0:aaaa::1"], "2001:db8::aaaa:0:0:1"),
            (&["::ffff:192.0.2.1", "0:0:0:0:0:ffff:192.0.2.1"], "::ffff:192.0.2.1"),
        ] {
            for form in forms {
                let address = Cidr::host(form.parse().unwrap());
                assert_eq!(address.to_string(), format!("{want}/128"), "{form}");
                assert_eq!(format!("{form}/128").parse(), Ok(address));
            }
        }
    }

    /// Every address that this crate prints is printed so.
    #[test]
    fn rfc_5952_section_4_addresses_as_text() {
        for (text, want) in [
            ("2001:0db8::0001", "2001:db8::1"),
            ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:DB8::AAAA", "2001:db8::aaaa"),
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            let mut packet = [0; 40];
            ipv6::Repr::new(IpProtocol::NO_NEXT_HEADER, address, address, 0).emit(&mut packet).unwrap();
            let line = ipv6::Packet::parse(&packet).unwrap().to_string();
            assert!(line.contains(&format!("{want} > {want} ")), "{line}");
        }
    }

    #[test]
    fn rfc_6763_section_6_6_strings_of_a_text_record() {
        let text = Text::parse(b"\x09key=value\x08paper=A4\x07passreq").unwrap();
        assert_eq!(text.to_string(), "\"key=value\" \"paper=A4\" \"passreq\"");
    }

    /// An IPv6 header and an ICMPv6 message.
    fn icmp(dump: &str) -> (Vec<u8>, Ipv6Addr, Ipv6Addr) {
        let packet = octets(dump);
        let header = ipv6::Packet::parse(&packet).unwrap().header();
        let (source, destination) = (header.source(), header.destination());
        let message = icmpv6::Packet::parse(&packet[40..]).unwrap();
        assert!(message.is_checksum_valid(source, destination));
        (packet, source, destination)
    }

    #[test]
    fn rfc_7400_appendix_a_messages_of_rpl() {
        for (dump, want) in [
        (
            "60 00 00 00 00 08 3a ff fe 80 00 00 00 00 00 00 02 1c da ff fe 00 20 24
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 1a 9b 00 6b de 00 00 00 00",
            "RPL DIS",
        ),
        (
            "60 00 00 00 00 5c 3a ff fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 1a 9b 01 7a 5f 00 f0 01 00
             88 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 fa ce 04 0e 00 14
             09 ff 00 00 01 00 00 00 00 00 00 00 08 1e 80 20 ff ff ff ff ff ff ff ff
             00 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 fa ce 03 0e 40 00
             ff ff ff ff 20 02 0d b8 00 00 00 00",
            "RPL DIO instance 0 dodag 2002:db8::ff:fe00:face version 240 rank 256 grounded non-storing prf 0 dtsn 0, \
             configuration OCP 0 Imin 2^9 ms doublings 20 k 255 min hop rank 256 max rank increase 0 lifetime 0 x 0 s, \
             prefix 2002:db8::ff:fe00:face/128 valid for ever, route 2002:db8::/64 lifetime for ever",
        ),
        (
            "60 00 00 00 00 32 3a ff 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 33 44
             20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 11 22 9b 02 58 7d 01 80 00 f1
             05 12 00 80 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 33 44 06 14 00 80
             f1 00 fe 80 00 00 00 00 00 00 00 00 00 ff fe 00 11 22",
            "RPL DAO instance 1 seq 241 wants ack, target 2002:db8::ff:fe00:3344/128, \
             transit through fe80::ff:fe00:1122 seq 241 lifetime 0",
        ),
    ] {
        let (packet, source, destination) = icmp(dump);
        let message = rpl::Packet::parse(&packet[40..]).unwrap();
        let repr = rpl::Repr::parse(&message).unwrap();
        assert_eq!(repr.to_string(), want);
        let mut again = vec![0; packet.len() - 40];
        repr.emit(source, destination, &mut again).unwrap();
        assert_eq!(again, packet[40..]);
    }
    }

    /// The address registration option has a number in them, 31, that it lost before RFC 6775: it is kept as one that is not
    /// known.
    #[test]
    fn rfc_7400_appendix_a_messages_of_neighbour_discovery() {
        for (dump, want) in [
        (
            "60 00 00 00 00 18 3a ff fe 80 00 00 00 00 00 00 ae de 48 00 00 00 00 01
             ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 02 85 00 90 65 00 00 00 00
             01 02 ac de 48 00 00 00 00 01 00 00 00 00 00 00",
            "ICMPv6 router solicitation, source at ac:de:48:00:00:00:00:01:00:00:00:00:00:00; checksum right",
        ),
        (
            "60 00 00 00 00 30 3a ff 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 3b d3
             fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23 87 00 a7 68 00 00 00 00
             fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23 01 01 3b d3 00 00 00 00
             1f 02 00 00 00 00 00 06 00 1c da ff fe 00 20 24",
            "ICMPv6 who has fe80::21c:daff:fe00:3023?, source at 3b:d3:00:00:00:00, option 31 len 14; checksum right",
        ),
        (
            "60 00 00 00 00 30 3a ff fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23
             20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 3b d3 88 00 26 6c c0 00 00 00
             fe 80 00 00 00 00 00 00 02 1c da ff fe 00 30 23 02 01 fa ce 00 00 00 00
             1f 02 00 00 00 00 00 06 00 1c da ff fe 00 20 24",
            "ICMPv6 fe80::21c:daff:fe00:3023 is here router solicited, target at fa:ce:00:00:00:00, option 31 len 14; checksum right",
        ),
    ] {
        let (packet, source, destination) = icmp(dump);
        let message = ndisc::Message::parse(packet[40], packet[41], &packet[44..]).unwrap();
        let envelope = ndisc::Envelope { source, destination, hop_limit: packet[7] };
        assert_eq!(message.validate(&envelope), Ok(()));
        let repr = ndisc::Repr::parse(&message);
        assert_eq!(lines(&packet)[1], want);
        let mut again = vec![0; packet.len() - 40];
        assert_eq!(repr.emit(source, destination, &mut again), Ok(packet.len() - 40));
        assert_eq!(again, packet[40..]);
    }
    }

    /// Figure 14, whose checksum is right for the address that its sender forms by RFC 6282, without the PAN identifier that
    /// the printed one has in front. The options 32 and 33 are older than RFC 6775, which gives 33 to another.
    #[test]
    fn rfc_7400_appendix_a_a_router_advertisement() {
        let message = octets(
            "86 00 55 c9 40 00 0f a0 1c 5a 38 17 00 00 07 d0 01 01 11 22 00 00 00 00 03 04 40 40 ff ff ff ff
             ff ff ff ff 00 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 00 00 00 00 00 20 02 40 10 00 00 03 e8
             20 02 0d b8 00 00 00 00 21 03 00 01 00 00 00 00 20 02 0d b8 00 00 00 00 00 00 00 ff fe 00 11 22",
        );
        let (source, destination) =
            ("fe80::ff:fe00:1122".parse().unwrap(), "fe80::aede:4800:0:1".parse().unwrap());
        assert!(icmpv6::Packet::parse(&message).unwrap().is_checksum_valid(source, destination));
        let parsed = ndisc::Message::parse(message[0], message[1], &message[4..]).unwrap();
        assert_eq!(parsed.validate(&ndisc::Envelope { source, destination, hop_limit: 255 }), Ok(()));
        let want =
            "router advertisement lifetime 4000 s, source at 11:22:00:00:00:00, prefix 2002:db8::/64, \
                    option 32 len 14, registration Success of 20020db800000000000000fffe001122 for 0 min";
        assert_eq!(parsed.to_string(), want);
        let ndisc::Message::RouterAdvertisement(advertisement) = parsed else { panic!() };
        assert_eq!((advertisement.cur_hop_limit(), advertisement.flags().bits()), (Some(64), 0));
        assert_eq!(advertisement.reachable_time_ms(), Some(0x1c5a_3817));
        assert_eq!(advertisement.retrans_timer_ms(), Some(2000));
        let mut again = [0; 96];
        assert_eq!(ndisc::Repr::parse(&parsed).emit(source, destination, &mut again), Ok(96));
        assert_eq!(again, message[..]);
    }

    /// Segments between 10.11.12.13 and 172.27.28.29, and between fd00::1 and fd00::2. TCP-AO does not cover the checksum, and
    /// that of the segments over IPv4 is not right for the addresses that they are printed with.
    #[test]
    fn rfc_9235_segments_with_tcp_ao() {
        for (dump, want) in [
        (
            "45 e0 00 4c dd 0f 40 00 ff 06 bf 6b 0a 0b 0c 0d ac 1b 1c 1d e9 d7 00 b3
             fb fb ab 5a 00 00 00 00 e0 02 ff ff ca c4 00 00 02 04 05 b4 01 03 03 08
             04 02 08 0a 00 15 5a b7 00 00 00 00 1d 10 3d 54 2e e4 37 c6 f8 ed e6 d7
             c4 d6 02 e7",
            "TCP 59863 > 179 [S] seq 4227574618 win 65535 <mss 1460,wscale 8,sackOK,TS 1399479 echo 0,\
             ao key 61 next 84 mac of 12>; checksum WRONG",
        ),
        (
            "45 e0 00 4c 65 06 40 00 ff 06 37 75 ac 1b 1c 1d 0a 0b 0c 0d 00 b3 e9 d7
             11 c1 42 61 fb fb ab 5b e0 12 ff ff 37 76 00 00 02 04 05 b4 01 03 03 08
             04 02 08 0a 84 a5 0b eb 00 15 5a b7 1d 10 54 3d ee ab 0f e2 4c 30 10 81
             51 16 b3 be",
            "TCP 179 > 59863 [S.] seq 297878113 ack 4227574619 win 65535 <mss 1460,wscale 8,sackOK,TS 2225409003 echo 1399479,\
             ao key 84 next 61 mac of 12>; checksum WRONG",
        ),
        (
            "6e 08 91 dc 00 38 06 40 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
             fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 f7 e4 00 b3 17 6a 83 3f
             00 00 00 00 e0 02 ff ff 47 21 00 00 02 04 05 a0 01 03 03 08 04 02 08 0a
             00 41 d0 87 00 00 00 00 1d 10 3d 54 90 33 ec 3d 73 34 b6 4c 5e dd 03 9f",
            "TCP 63460 > 179 [S] seq 392856383 win 65535 <mss 1440,wscale 8,sackOK,TS 4313223 echo 0,\
             ao key 61 next 84 mac of 12>; checksum right",
        ),
        (
            "6e 08 91 dc 00 73 06 40 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01
             fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 f7 e4 00 b3 17 6a 83 40
             3f 51 99 4c c0 18 01 00 32 9c 00 00 01 01 08 0a 00 41 d0 91 bd 33 12 9b
             1d 10 3d 54 bf 08 05 fe b4 ac 7b 16 3d 6f cd f2 ff ff ff ff ff ff ff ff
             ff ff ff ff ff ff ff ff 00 43 01 04 fd e8 00 b4 01 01 01 79 26 02 06 01
             04 00 01 00 01 02 02 80 00 02 02 02 00 02 02 42 00 02 06 41 04 00 00 fd
             e8 02 08 40 06 00 64 00 01 01 00",
            "TCP 63460 > 179 [P.] seq 392856384 ack 1062312268 win 256 <TS 4313233 echo 3174240923,\
             ao key 61 next 84 mac of 12> len 67; checksum right",
        ),
    ] {
        assert_eq!(lines(&octets(dump))[1], want);
    }
    }
}
