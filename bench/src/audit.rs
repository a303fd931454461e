//! Looks at frames on the wire in a verification, with a checksum that is nobody's but this file's.

/// Panics if a frame is not ARP or a well-formed IPv4 packet of TCP or UDP with right checksums.
pub fn frame(frame: &[u8]) {
    let packet = ipv4(frame);
    let Some((header, segment, pseudo)) = packet else { return };
    assert_eq!(sum(header, 0), 0xffff, "IPv4 header checksum");
    let is_udp_without = header[9] == 17 && segment[6..8] == [0, 0];
    assert!(is_udp_without || sum(segment, pseudo) == 0xffff, "transport checksum");
}

/// The same for devices that are said to deal with checksums.
pub fn frame_without_checksums(frame: &[u8]) {
    ipv4(frame);
}

fn ipv4(frame: &[u8]) -> Option<(&[u8], &[u8], u32)> {
    match (frame[12], frame[13]) {
        (0x08, 0x06) => return None,
        (0x08, 0x00) => {}
        other => panic!("EtherType {other:x?}"),
    }
    let packet = &frame[14..];
    assert_eq!(packet[0], 0x45, "version and header length");
    let len = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    assert!(len <= packet.len() && len >= 28, "Total Length {len} in {}", packet.len());
    assert_eq!(packet[6..8], [packet[6] & 0x40, 0], "a fragment");
    let (header, segment) = packet[..len].split_at(20);
    match header[9] {
        6 => assert!(
            segment.len() >= usize::from(segment[12] >> 4) * 4 && segment[12] >> 4 >= 5,
            "Data Offset"
        ),
        17 => {
            assert_eq!(usize::from(u16::from_be_bytes([segment[4], segment[5]])), segment.len(), "UDP Length")
        }
        other => panic!("protocol {other}"),
    }
    let pseudo = u32::from(sum(&header[12..20], 0)) + u32::from(header[9]) + segment.len() as u32;
    Some((header, segment, pseudo))
}

/// RFC 1071, two octets at a time.
fn sum(octets: &[u8], initial: u32) -> u16 {
    let mut total = octets.chunks(2).fold(initial, |total, pair| {
        total + (u32::from(pair[0]) << 8) + u32::from(*pair.get(1).unwrap_or(&0))
    });
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}
