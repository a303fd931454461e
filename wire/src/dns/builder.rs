//! Writes messages, RFC 1035 §4.1, with or without the compression of §4.1.4.

use super::name::same;
use super::{
    Data, Edns, Flags, Header, Labels, Name, Question, RecordType, Repr, Section, HEADER_LEN, TTL_MAX,
};
use crate::Error;

/// So many places of earlier labels are remembered; names behind them are compressed with these alone.
const PLACES_MAX: usize = 32;
/// A pointer has 14 bits.
const POINTER_MAX: u16 = 0x3fff;

/// Whether names point to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Every name is written out.
    Off,
    /// Owners, and the names in RDATA of types that RFC 1035 defines (RFC 3597 §4), point to earlier names where
    /// those end in the same octets.
    On,
    /// As multicast DNS has it, RFC 6762 §18.14: owners, and the names in RDATA of NS, CNAME, PTR, DNAME, SOA, MX, AFSDB, RT, KX,
    /// RP, PX, SRV and NSEC. Legacy responses, which go to one host (§6.7), are [`Compression::On`].
    Multicast,
}

impl Compression {
    /// That of names in the RDATA of a type.
    const fn in_rdata(self, record_type: RecordType) -> Self {
        let is_compressed = match record_type {
            RecordType::NS | RecordType::CNAME | RecordType::SOA | RecordType::PTR | RecordType::MX => true,
            RecordType::MD
            | RecordType::MF
            | RecordType::MB
            | RecordType::MG
            | RecordType::MR
            | RecordType::MINFO => matches!(self, Self::On),
            // RFC 2782 and RFC 4034 §4.1.1, as those of the others, forbid it elsewhere.
            RecordType::SRV
            | RecordType::NSEC
            | RecordType::DNAME
            | RecordType::AFSDB
            | RecordType::RT
            | RecordType::KX
            | RecordType::RP
            | RecordType::PX => matches!(self, Self::Multicast),
            _ => false,
        };
        if is_compressed {
            self
        } else {
            Self::Off
        }
    }
}

/// What was written last; sections come in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Questions,
    Records(Section),
}

/// Whether an OPT record was written: there may be one, RFC 6891 §6.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptRecord {
    Missing,
    Written,
}

/// A message that is being written. After each call it is whole; a call that fails changes nothing.
#[derive(Debug)]
pub struct Builder<'b> {
    buffer: &'b mut [u8],
    len: usize,
    part: Part,
    compression: Compression,
    places: heapless::Vec<u16, PLACES_MAX>,
    opt: OptRecord,
}

impl<'b> Builder<'b> {
    /// Starts a message, with compression, at the front of `buffer`, which bounds its length.
    ///
    /// # Errors
    /// `NoRoom` below twelve octets; `Unrepresentable` if Opcode or RCODE is above 15, or a flag stands in their place.
    pub fn new(buffer: &'b mut [u8], header: &Header) -> Result<Self, Error> {
        let have = buffer.len();
        if header.opcode.0 > 15 || header.rcode.0 > 15 || !Flags::all().contains(header.flags) {
            return Err(Error::Unrepresentable);
        }
        let start: &mut [u8; HEADER_LEN] =
            buffer.first_chunk_mut().ok_or_else(|| Error::no_room(HEADER_LEN, have))?;
        let [id0, id1] = header.id.to_be_bytes();
        let flags = header.flags.bits() | u16::from(header.opcode.0) << 11 | header.rcode.0;
        let [f0, f1] = flags.to_be_bytes();
        *start = [id0, id1, f0, f1, 0, 0, 0, 0, 0, 0, 0, 0];
        let places = heapless::Vec::new();
        Ok(Self {
            buffer,
            len: HEADER_LEN,
            part: Part::Questions,
            compression: Compression::On,
            places,
            opt: OptRecord::Missing,
        })
    }

    /// From here on, names are compressed or not.
    pub fn set_compression(&mut self, compression: Compression) {
        self.compression = compression;
    }

    /// Adds a question.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` behind a record, or above 65,535 questions; that of a broken name.
    pub fn question(&mut self, question: &Question<'_>) -> Result<(), Error> {
        self.whole(Part::Questions, |message| {
            message.name(question.name, message.compression)?;
            message.put(&question.record_type.0.to_be_bytes())?;
            message.put(&question.class.0.to_be_bytes())
        })
    }

    /// Adds a record. Sections come in their order.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` for a section before the one written last, above 65,535 records in one, or
    /// 65,535 octets of RDATA, for a TTL that does not count (RFC 2181 §8), and for an OPT record that is the second, is not
    /// in the additional section, or not the root's (RFC 6891 §6.1.1); that of a broken name or option.
    pub fn record(&mut self, section: Section, record: &Repr<'_>) -> Result<(), Error> {
        let is_possible = match record.data {
            Data::Opt(_) => {
                section == Section::Additional && self.opt == OptRecord::Missing && record.name.is_root()
            }
            _ => record.ttl <= TTL_MAX,
        };
        if !is_possible {
            return Err(Error::Unrepresentable);
        }
        self.whole(Part::Records(section), |message| {
            message.name(record.name, message.compression)?;
            message.put(&record.data.record_type().0.to_be_bytes())?;
            message.put(&record.class.0.to_be_bytes())?;
            message.put(&record.ttl.to_be_bytes())?;
            let at = message.len;
            message.put(&[0, 0])?;
            message.data(&record.data)?;
            let len = u16::try_from(message.len - at - 2).map_err(|_| Error::Unrepresentable)?;
            message.set(at, len);
            Ok(())
        })?;
        if let Data::Opt(_) = record.data {
            self.opt = OptRecord::Written;
        }
        Ok(())
    }

    /// Adds an OPT record to the additional section.
    ///
    /// # Errors
    /// As [`Builder::record`].
    pub fn edns(&mut self, edns: &Edns<'_>) -> Result<(), Error> {
        self.record(Section::Additional, &edns.repr())
    }

    /// Octets written so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// A message is never empty: it has a header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// The message.
    #[must_use]
    pub fn finish(self) -> &'b [u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Writes all of a question or record and counts it, or nothing.
    fn whole(&mut self, part: Part, write: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        let at = match part {
            Part::Questions => 4,
            Part::Records(Section::Answer) => 6,
            Part::Records(Section::Authority) => 8,
            Part::Records(Section::Additional) => 10,
        };
        let count = match self.buffer.get(at..).and_then(<[u8]>::first_chunk) {
            Some(octets) => u16::from_be_bytes(*octets),
            None => u16::MAX,
        };
        let count = count.checked_add(1).filter(|_| part >= self.part).ok_or(Error::Unrepresentable)?;
        let before = (self.len, self.places.len());
        if let Err(error) = write(self) {
            self.len = before.0;
            self.places.truncate(before.1);
            return Err(error);
        }
        self.part = part;
        self.set(at, count);
        Ok(())
    }

    fn data(&mut self, data: &Data<'_>) -> Result<(), Error> {
        let compression = self.compression.in_rdata(data.record_type());
        match data {
            Data::A(address) => self.put(&address.octets()),
            Data::Aaaa(address) => self.put(&address.octets()),
            Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => self.name(*name, compression),
            Data::Mx { preference, exchange } => {
                self.put(&preference.to_be_bytes())?;
                self.name(*exchange, compression)
            }
            Data::Srv { priority, weight, port, target } => {
                for field in [priority, weight, port] {
                    self.put(&field.to_be_bytes())?;
                }
                self.name(*target, compression)
            }
            Data::Soa(soa) => {
                self.name(soa.primary, compression)?;
                self.name(soa.mailbox, compression)?;
                for field in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
                    self.put(&field.to_be_bytes())?;
                }
                Ok(())
            }
            Data::Txt(text) => self.put(text.octets()),
            Data::Nsec(nsec) => {
                self.name(nsec.next, compression)?;
                self.put(nsec.types.octets())
            }
            Data::Names(names) => {
                self.put(names.front())?;
                self.name(names.name(), compression)?;
                if let Some(name) = names.second() {
                    self.name(name, compression)?;
                }
                self.put(names.back())
            }
            Data::Opt(options) => {
                options.clone().try_for_each(|option| option.map(|_| ()))?;
                self.put(options.octets())
            }
            Data::Unknown(_, octets) => self.put(octets),
        }
    }

    /// Writes the labels up to those that stand in the message already.
    fn name(&mut self, name: Name<'_>, compression: Compression) -> Result<(), Error> {
        // A name does not point into itself.
        let known = self.places.len();
        let mut labels = name.labels();
        loop {
            let rest = labels.clone();
            let Some(label) = labels.next() else { return self.put(&[0]) };
            let label = label?;
            if compression != Compression::Off {
                if let Some(place) = self.place(&rest, known) {
                    return self.put(&(place | 0xc000).to_be_bytes());
                }
            }
            if let Some(place) = u16::try_from(self.len).ok().filter(|place| *place <= POINTER_MAX) {
                // What is not remembered is written again.
                let _ = self.places.push(place);
            }
            // A label of a checked name has at most 63 octets.
            let len = u8::try_from(label.len()).map_err(|_| Error::Unrepresentable)?;
            self.put(&[len])?;
            self.put(label)?;
        }
    }

    /// Where these labels stand, to the octet, so that what is read is what was meant.
    fn place(&self, labels: &Labels<'_>, known: usize) -> Option<u16> {
        let body = self.buffer.get(HEADER_LEN..self.len)?;
        let places = self.places.get(..known)?;
        let stands = |place: &&u16| {
            let there = Name::at(body, usize::from(**place).saturating_sub(HEADER_LEN), HEADER_LEN);
            same(there.labels(), labels.clone(), |a, b| a == b)
        };
        places.iter().find(stands).copied()
    }

    fn put(&mut self, octets: &[u8]) -> Result<(), Error> {
        let have = self.buffer.len();
        let need = self.len + octets.len();
        let room = self.buffer.get_mut(self.len..need).ok_or_else(|| Error::no_room(need, have))?;
        for (to, from) in room.iter_mut().zip(octets) {
            *to = *from;
        }
        self.len = need;
        Ok(())
    }

    /// Overwrites two octets that were written.
    fn set(&mut self, at: usize, value: u16) {
        if let Some(octets) = self.buffer.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *octets = value.to_be_bytes();
        }
    }
}
