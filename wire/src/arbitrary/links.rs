//! Values whose fields depend on one another: frames of IEEE 802.15.4, LLC, 6LoWPAN, IPv4 routes.

use super::{ieee802154_address, list, up_to_u8};
use crate::ieee802154::{FrameRepr, FrameType, Repr, SecurityRepr, Version};
use crate::ipv4::{Route, TimestampEntry, TimestampFlag, Timestamps};
use crate::sixlowpan::{Context, FragmentHeader, MeshHeader};
use crate::{ieee802154, HardwareAddress};
use arbitrary::{Arbitrary, Result, Unstructured};

/// A plain data frame of version 0 or 1.
impl<'a> Arbitrary<'a> for Repr {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let version = *from.choose(&[Version::V2003, Version::V2006])?;
        let (sequence, ack_request) = (from.arbitrary()?, from.arbitrary()?);
        let dst = if from.arbitrary()? { HardwareAddress::NONE } else { ieee802154_address(from)? };
        let src = if from.arbitrary()? { HardwareAddress::NONE } else { ieee802154_address(from)? };
        // Without an address there is no PAN id to be read: it is that of the other station.
        let pan: u16 = from.arbitrary()?;
        let other = if from.arbitrary()? { pan } else { from.arbitrary()? };
        let [dst_pan, src_pan] = match (dst.is_none(), src.is_none()) {
            (false, false) => [pan, other],
            (is_none, _) => [if is_none { 0 } else { pan }, if src.is_none() { 0 } else { pan }],
        };
        Ok(Self { version, sequence, ack_request, dst_pan, dst, src_pan, src })
    }
}

/// A header of version 1 with both stations named; of version 2, with what it alone has.
impl<'a> Arbitrary<'a> for FrameRepr<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let types = [FrameType::Beacon, FrameType::Data, FrameType::Acknowledgement, FrameType::Command];
        let version = from.arbitrary()?;
        let is_last = version == Version::V2015;
        let mut security: Option<SecurityRepr> = from.arbitrary()?;
        if version == Version::V2003 {
            security = None;
        } else if let (Some(security), false) = (&mut security, is_last) {
            security.is_asn_in_nonce = false;
            security.frame_counter = Some(from.arbitrary()?);
        }
        let elements = from.arbitrary()?;
        Ok(Self {
            frame_type: *from.choose(&types)?,
            version,
            frame_pending: from.arbitrary()?,
            ack_request: from.arbitrary()?,
            sequence: if is_last { from.arbitrary()? } else { Some(from.arbitrary()?) },
            dst_pan: from.arbitrary()?,
            dst: if from.arbitrary()? { HardwareAddress::NONE } else { ieee802154_address(from)? },
            src_pan: from.arbitrary()?,
            src: if from.arbitrary()? { HardwareAddress::NONE } else { ieee802154_address(from)? },
            security,
            // One element of two octets, and the termination before payload.
            header_elements: if is_last && elements { &[2, 0x0d, 0xaa, 0xbb, 0x80, 0x3f] } else { &[] },
            payload_elements: &[],
        })
    }
}

impl<'a> Arbitrary<'a> for SecurityRepr {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (level, key_id) = (up_to_u8::<7>(from)?, from.arbitrary()?);
        Ok(Self { level, key_id, frame_counter: from.arbitrary()?, is_asn_in_nonce: from.arbitrary()? })
    }
}

/// Of the commands that are assigned each by its own name.
impl<'a> Arbitrary<'a> for ieee802154::Command<'a> {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match from.int_in_range(0..=9)? {
            0 => Self::AssociationRequest(from.arbitrary()?),
            1 => Self::AssociationResponse { short_address: from.arbitrary()?, status: from.arbitrary()? },
            2 => Self::Disassociation(from.arbitrary()?),
            3 => Self::DataRequest,
            4 => Self::PanIdConflict,
            5 => Self::Orphan,
            6 => Self::BeaconRequest,
            7 => Self::CoordinatorRealignment {
                pan_id: from.arbitrary()?,
                coordinator: from.arbitrary()?,
                channel: from.arbitrary()?,
                short_address: from.arbitrary()?,
                channel_page: from.arbitrary()?,
            },
            8 => Self::GtsRequest(from.arbitrary()?),
            _ => Self::Unknown(from.int_in_range(10..=255)?, super::octets::<64>(from)?),
        })
    }
}

/// The pointer stands at an address or behind the last.
impl<'a> Arbitrary<'a> for Route {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let addresses = list(from)?;
        Ok(Self { pointer: 4 + 4 * up_to_u8::<9>(from)?, addresses })
    }
}

/// The pointer stands at an entry or behind the last.
impl<'a> Arbitrary<'a> for Timestamps {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let flag: TimestampFlag = from.arbitrary()?;
        let (most, len) = if flag == TimestampFlag::TimestampsOnly { (9, 4) } else { (4, 8) };
        let mut entries = heapless::Vec::new();
        for _ in 0..from.int_in_range(0..=most)? {
            let address = if most == 4 { Some(from.arbitrary()?) } else { None };
            let _ = entries.push(TimestampEntry { address, timestamp: from.arbitrary()? });
        }
        Ok(Self {
            pointer: 5 + len * from.int_in_range(0..=most)?,
            overflow: up_to_u8::<15>(from)?,
            flag,
            entries,
        })
    }
}

impl<'a> Arbitrary<'a> for MeshHeader {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let hops_left = from.arbitrary()?;
        Ok(Self {
            hops_left,
            originator: ieee802154_address(from)?,
            final_destination: ieee802154_address(from)?,
        })
    }
}

impl<'a> Arbitrary<'a> for FragmentHeader {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let datagram_size = from.int_in_range(0..=0x7ff)?;
        Ok(Self { datagram_size, datagram_tag: from.arbitrary()?, datagram_offset: from.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Context {
    fn arbitrary(from: &mut Unstructured<'a>) -> Result<Self> {
        let (prefix, len) = (from.arbitrary()?, from.int_in_range(0..=128)?);
        Self::new(prefix, len, from.arbitrary()?).ok_or(arbitrary::Error::IncorrectFormat)
    }
}
