//! Tags in place, for an interface in a VLAN: the addresses move by the tag's four octets, the rest of the frame stays where
//! it is.
//!
//! ```text
//!   tagged    | destination | source | TPID, TCI | type | payload
//!   untagged              | destination | source | type | payload
//! ```

use super::{Tag, FIRST_TCI, TAG_LEN, VID_PRIORITY, VID_RESERVED};
use crate::ethernet::{EtherType, Header, HEADER_LEN};
use crate::Error;

/// Both addresses, in octets.
const ADDRESSES_LEN: usize = 12;
/// Length of a header with one tag, in octets.
const TAGGED_LEN: usize = HEADER_LEN + TAG_LEN;

/// What an interface in VLAN `vid` sees of a received frame: without the customer's tag that says so. `None`: the frame is
/// for another VLAN.
///
/// An interface in no VLAN, [`VID_PRIORITY`], sees frames without a tag and those that only have a priority. A tag behind
/// the first stays, as the type of what is returned.
///
/// ```
/// use tersus_wire::{ethernet, vlan};
///
/// // Priority 5 and no VLAN, then ARP.
/// let mut frame = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x81, 0, 0xa0, 0, 8, 6, 0, 1];
/// let frame = vlan::remove_tag(&mut frame, vlan::VID_PRIORITY)?.unwrap();
/// let packet = ethernet::Packet::parse(frame)?;
/// assert_eq!((packet.ether_type(), packet.payload()), (tersus_wire::EtherType::ARP, &[0, 1][..]));
/// # Ok::<(), tersus_wire::Error>(())
/// ```
///
/// # Errors
/// `Truncated` if the header or the tag is not all there; `Field(14)` for the reserved VID. Nothing was moved then.
pub fn remove_tag(frame: &mut [u8], vid: u16) -> Result<Option<&mut [u8]>, Error> {
    let have = frame.len();
    let header = frame.first_chunk().ok_or(Error::truncated(HEADER_LEN, have))?;
    match Header::new(header).ether_type() {
        EtherType::VLAN => {}
        EtherType::SERVICE_VLAN => return Ok(None),
        _ if vid == VID_PRIORITY => return Ok(Some(frame)),
        _ => return Ok(None),
    }
    let tagged: &mut [u8; TAGGED_LEN] = frame.first_chunk_mut().ok_or(Error::truncated(TAGGED_LEN, have))?;
    let tci = u16::from_be_bytes([tagged[FIRST_TCI], tagged[FIRST_TCI + 1]]);
    match Tag::from_tci(EtherType::VLAN, tci).vid {
        VID_RESERVED => return Err(Error::Field(14)),
        other if other != vid => return Ok(None),
        _ => tagged.copy_within(..ADDRESSES_LEN, TAG_LEN),
    }
    Ok(frame.get_mut(TAG_LEN..))
}

/// Puts a tag into a frame that starts four octets behind the front of `buffer`, so that it then starts at the front.
///
/// ```
/// use tersus_wire::{ethernet, vlan, EtherType};
///
/// let mut buffer = [0; vlan::TAG_LEN + 60];
/// let (destination, source) = (ethernet::BROADCAST, [2, 0, 0, 0, 0, 1]);
/// ethernet::Repr { destination, source, ether_type: EtherType::ARP }.emit(&mut buffer[vlan::TAG_LEN..])?;
/// vlan::insert_tag(&mut buffer, &vlan::Tag::new(7))?;
/// assert_eq!(vlan::Packet::parse(&buffer)?.tags(), [vlan::Tag::new(7)]);
/// # Ok::<(), tersus_wire::Error>(())
/// ```
///
/// # Errors
/// `NoRoom` if `buffer` does not hold four octets and the header of a frame; as [`Tag::to_bytes`]. Nothing was written then.
pub fn insert_tag(buffer: &mut [u8], tag: &Tag) -> Result<(), Error> {
    let have = buffer.len();
    let octets = tag.to_bytes()?;
    let front: &mut [u8; TAGGED_LEN] =
        buffer.first_chunk_mut().ok_or_else(|| Error::no_room(TAGGED_LEN, have))?;
    front.copy_within(TAG_LEN..TAG_LEN + ADDRESSES_LEN, 0);
    front[ADDRESSES_LEN..ADDRESSES_LEN + TAG_LEN].copy_from_slice(&octets);
    Ok(())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    /// 02:…:0a to 02:…:0b, then these octets.
    fn frame(rest: &[u8]) -> Vec<u8> {
        [&[2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa], rest].concat()
    }

    #[test]
    fn an_interface_sees_the_frames_of_its_vlan_without_their_tag() {
        let plain = frame(&[8, 6, 1, 2, 3]);
        let tagged = |high: u8, low: u8| frame(&[0x81, 0, high, low, 8, 6, 1, 2, 3]);
        // frame, VLAN of the interface, whether it is for it
        for (received, vid, is_ours) in [
            (plain.clone(), 0, true),
            (plain.clone(), 7, false),
            (tagged(0, 0), 0, true),
            (tagged(0xf0, 0), 0, true),
            (tagged(0xf0, 0), 7, false),
            (tagged(0, 7), 0, false),
            (tagged(0xb0, 7), 7, true),
            (tagged(0, 7), 8, false),
            (tagged(0x0f, 0xfe), 4094, true),
            (frame(&[0x88, 0xa8, 0, 7, 8, 6, 1, 2, 3]), 7, false),
            (frame(&[0x88, 0xa8, 0, 0, 8, 6, 1, 2, 3]), 0, false),
        ] {
            let mut octets = received.clone();
            match remove_tag(&mut octets, vid).unwrap() {
                Some(seen) => assert!(is_ours && *seen == plain, "{received:02x?} {vid}"),
                None => assert!(!is_ours && octets == received, "{received:02x?} {vid}"),
            }
        }
        // The second tag stays.
        let mut two = frame(&[0x81, 0, 0, 7, 0x81, 0, 0, 9, 8, 6]);
        assert_eq!(*remove_tag(&mut two, 7).unwrap().unwrap(), frame(&[0x81, 0, 0, 9, 8, 6]));
    }

    // conf: ETH-VLN-03, ETH-VLN-06
    #[test]
    fn the_reserved_vid_and_cut_off_tags_are_refused() {
        let whole = frame(&[0x81, 0, 0x0f, 0xff, 8, 6]);
        for vid in [0, 7, VID_RESERVED] {
            assert_eq!(remove_tag(&mut whole.clone(), vid), Err(Error::Field(14)));
        }
        for len in 0..whole.len() {
            let need = if len < 14 { 14 } else { 18 };
            let cut = remove_tag(&mut whole.clone()[..len], 0).map(|_| ());
            assert_eq!(cut, Err(Error::truncated(need, len)));
        }
        assert_eq!(insert_tag(&mut [0; 32], &Tag::new(VID_RESERVED)), Err(Error::Unrepresentable));
    }

    #[test]
    fn a_tag_that_is_put_in_is_taken_out_again() {
        let plain = frame(&[0x86, 0xdd, 6, 0, 0, 0]);
        for priority in 0..8 {
            for vid in [0, 1, 0x7ff, 4094] {
                let tag = Tag { priority, ..Tag::new(vid) };
                let mut buffer = [&[0xee; 4], &plain[..]].concat();
                insert_tag(&mut buffer, &tag).unwrap();
                let packet = super::super::Packet::parse(&buffer).unwrap();
                assert_eq!((packet.tags(), packet.ether_type()), (&[tag][..], EtherType::IPV6));
                assert_eq!(*remove_tag(&mut buffer, vid).unwrap().unwrap(), plain);
            }
        }
        for room in 0..18 {
            let mut buffer = [0; 18];
            assert_eq!(insert_tag(&mut buffer[..room], &Tag::new(7)), Err(Error::no_room(18, room)));
        }
    }
}
