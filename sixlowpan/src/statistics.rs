//! What was counted.

/// Counters of a link since its start; they wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Frames taken from the device.
    pub rx_frames: u32,
    /// Packets handed up.
    pub rx_packets: u32,
    /// Fragments received, dropped ones included.
    pub rx_fragments: u32,
    /// Dropped: no frame by the format, longer than the device's, or a reserved address mode or version.
    pub rx_malformed: u32,
    /// Dropped: beacon, acknowledgement, command or another type than data.
    pub rx_not_data: u32,
    /// Dropped: secured, and there is no key.
    pub rx_secured: u32,
    /// Dropped: from or to another PAN.
    pub rx_other_pan: u32,
    /// Dropped: to another station, or to none.
    pub rx_other_station: u32,
    /// Dropped: the source is no station that could be answered.
    pub rx_no_source: u32,
    /// Dropped: not 6LoWPAN (NALP), or nothing in the frame.
    pub rx_not_lowpan: u32,
    /// Dropped: a header that is recognised but not supported (mesh, BC0, HC1, escape, RFRAG, other pages,
    /// critical routing headers), or not assigned, or out of order.
    pub rx_unsupported: u32,
    /// Dropped: compressed headers that end early, are reserved or contradict each other.
    pub rx_bad_header: u32,
    /// Dropped: an address rests on a context that is not set.
    pub rx_unknown_context: u32,
    /// Dropped: a next header encoding that is not known.
    pub rx_unknown_next_header: u32,
    /// Dropped: a UDP checksum was left out, and the configuration does not allow it.
    pub rx_elided_checksum: u32,
    /// Dropped: longer than 1280 octets when restored, or claimed to be.
    pub rx_too_long: u32,
    /// Dropped: a fragment that is no multiple of eight octets, passes the end, or stands for nothing.
    pub rx_bad_fragment: u32,
    /// Dropped: a fragment that came before.
    pub rx_duplicate_fragment: u32,
    /// Packets given up because a fragment contradicted another; a new reassembly started with it.
    pub rx_overlap: u32,
    /// Packets given up because fragments did not come in time.
    pub rx_timeout: u32,
    /// Packets given up because the table was full.
    pub rx_evicted: u32,
    /// Packets given up because their source had its share of the table.
    pub rx_evicted_by_source: u32,
    /// Dropped: a fragment, and there is no reassembly table.
    pub rx_no_table: u32,
    /// Packets in reassembly given up because the link went down or was given another address.
    pub rx_link_down: u32,
    /// Frames sent.
    pub tx_frames: u32,
    /// Packets taken to send.
    pub tx_packets: u32,
    /// Fragments sent.
    pub tx_fragments: u32,
    /// Packets sent without compression, because their lengths contradict each other.
    pub tx_uncompressed: u32,
    /// Refused: no room in the device, or all fragment buffers in use.
    pub tx_full: u32,
    /// Refused: longer than 1280 octets, needs an offload, or needs fragments and there is no buffer for them.
    pub tx_too_big: u32,
    /// Refused: not IPv6, no address of this link, or link down.
    pub tx_unreachable: u32,
    /// Packets given up because the device did not take all fragments in time.
    pub tx_timeout: u32,
    /// Packets given up because the link went down or was given another address.
    pub tx_link_down: u32,
}

impl Statistics {
    /// All zero.
    pub(crate) const fn new() -> Self {
        Self {
            rx_frames: 0,
            rx_packets: 0,
            rx_fragments: 0,
            rx_malformed: 0,
            rx_not_data: 0,
            rx_secured: 0,
            rx_other_pan: 0,
            rx_other_station: 0,
            rx_no_source: 0,
            rx_not_lowpan: 0,
            rx_unsupported: 0,
            rx_bad_header: 0,
            rx_unknown_context: 0,
            rx_unknown_next_header: 0,
            rx_elided_checksum: 0,
            rx_too_long: 0,
            rx_bad_fragment: 0,
            rx_duplicate_fragment: 0,
            rx_overlap: 0,
            rx_timeout: 0,
            rx_evicted: 0,
            rx_evicted_by_source: 0,
            rx_no_table: 0,
            rx_link_down: 0,
            tx_frames: 0,
            tx_packets: 0,
            tx_fragments: 0,
            tx_uncompressed: 0,
            tx_full: 0,
            tx_too_big: 0,
            tx_unreachable: 0,
            tx_timeout: 0,
            tx_link_down: 0,
        }
    }

    /// All counters with their names.
    #[must_use]
    pub fn counters(&self) -> [(&'static str, u32); 33] {
        [
            ("rx_frames", self.rx_frames),
            ("rx_packets", self.rx_packets),
            ("rx_fragments", self.rx_fragments),
            ("rx_malformed", self.rx_malformed),
            ("rx_not_data", self.rx_not_data),
            ("rx_secured", self.rx_secured),
            ("rx_other_pan", self.rx_other_pan),
            ("rx_other_station", self.rx_other_station),
            ("rx_no_source", self.rx_no_source),
            ("rx_not_lowpan", self.rx_not_lowpan),
            ("rx_unsupported", self.rx_unsupported),
            ("rx_bad_header", self.rx_bad_header),
            ("rx_unknown_context", self.rx_unknown_context),
            ("rx_unknown_next_header", self.rx_unknown_next_header),
            ("rx_elided_checksum", self.rx_elided_checksum),
            ("rx_too_long", self.rx_too_long),
            ("rx_bad_fragment", self.rx_bad_fragment),
            ("rx_duplicate_fragment", self.rx_duplicate_fragment),
            ("rx_overlap", self.rx_overlap),
            ("rx_timeout", self.rx_timeout),
            ("rx_evicted", self.rx_evicted),
            ("rx_evicted_by_source", self.rx_evicted_by_source),
            ("rx_no_table", self.rx_no_table),
            ("rx_link_down", self.rx_link_down),
            ("tx_frames", self.tx_frames),
            ("tx_packets", self.tx_packets),
            ("tx_fragments", self.tx_fragments),
            ("tx_uncompressed", self.tx_uncompressed),
            ("tx_full", self.tx_full),
            ("tx_too_big", self.tx_too_big),
            ("tx_unreachable", self.tx_unreachable),
            ("tx_timeout", self.tx_timeout),
            ("tx_link_down", self.tx_link_down),
        ]
    }

    /// Adds one to a counter, wrapping.
    pub(crate) fn count(counter: &mut u32) {
        *counter = counter.wrapping_add(1);
    }

    /// Counts a drop.
    pub(crate) fn count_drop(&mut self, why: Drop) {
        Self::count(match why {
            Drop::Malformed => &mut self.rx_malformed,
            Drop::NotData => &mut self.rx_not_data,
            Drop::Secured => &mut self.rx_secured,
            Drop::OtherPan => &mut self.rx_other_pan,
            Drop::OtherStation => &mut self.rx_other_station,
            Drop::NoSource => &mut self.rx_no_source,
            Drop::NotLowpan => &mut self.rx_not_lowpan,
            Drop::Unsupported => &mut self.rx_unsupported,
            Drop::BadHeader => &mut self.rx_bad_header,
            Drop::UnknownContext => &mut self.rx_unknown_context,
            Drop::UnknownNextHeader => &mut self.rx_unknown_next_header,
            Drop::ElidedChecksum => &mut self.rx_elided_checksum,
            Drop::TooLong => &mut self.rx_too_long,
            Drop::BadFragment => &mut self.rx_bad_fragment,
            Drop::DuplicateFragment => &mut self.rx_duplicate_fragment,
            Drop::NoTable => &mut self.rx_no_table,
        });
    }
}

/// Why a frame was dropped: the counter of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drop {
    Malformed,
    NotData,
    Secured,
    OtherPan,
    OtherStation,
    NoSource,
    NotLowpan,
    Unsupported,
    BadHeader,
    UnknownContext,
    UnknownNextHeader,
    ElidedChecksum,
    TooLong,
    BadFragment,
    DuplicateFragment,
    NoTable,
}
