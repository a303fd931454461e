//! How a segment leaves: its fields and options, and the way into the buffer that the lower layers lend. Each octet of
//! payload is copied once, from the ring.

use crate::ecn::EcnFlags;
use crate::next::{Kind, Next};
use crate::options::{syn_options, OptionArea};
use crate::shared::Shared;
use crate::tcb::{Flags, Slot};
use tersus_ip::{IpLayer, OutFlags, Outgoing, Path, SendError};
use tersus_wire::tcp::{self, Checksum, Fields, Flags as Control, PlainSyn};
use tersus_wire::IpProtocol;

impl Slot {
    /// Hands a segment to the IP layer, and those of its run behind it: neither windows nor what is queued change during a
    /// visit, so nothing has to be decided between whole segments. `next` becomes all that left.
    pub(crate) fn emit(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        next: &mut Next,
        budget: usize,
    ) -> Result<(), SendError> {
        if next.control.contains(Control::SYN) {
            return self.emit_syn(shared, ip, next);
        }
        if next.kind != Kind::Reset {
            self.rcv_edge = self.next_edge(shared);
        }
        let window = u16::try_from(self.rcv_wnd() >> self.rcv_shift).unwrap_or(u16::MAX);
        let (stamp, rare);
        let options = if self.has_usual_options(shared) {
            match self.timestamps(shared) {
                Some(timestamps) => {
                    stamp = timestamps.to_octets();
                    &stamp[..]
                }
                None => &[],
            }
        } else {
            rare = self.options(shared);
            rare.as_slice()
        };
        let mut fields = self.fields(next, window);
        if self.flags.contains(Flags::URGENT_OUT) {
            self.point_to_urgent(shared, next, &mut fields);
        }
        // A path below our floor is left to fragmentation; those of IPv6 never are.
        let whole = self.path.mtu() >= shared.limits.mss_floor + 40;
        let mut packet = self.packet(if whole { OutFlags::DONT_FRAGMENT } else { OutFlags::empty() });
        let len = next.len;
        if self.ecn.contains(EcnFlags::AGREED) && next.kind != Kind::Reset {
            packet.traffic_class = self.mark_ecn(shared, next, &mut fields);
        }
        let mut offset = next.seq.distance(self.data_start());
        let most = next.run.checked_div(len).map_or(1, |behind| budget.min(behind as usize + 1));
        // What is to be sent as far as it lies in one piece.
        let mut front: &[u8] = &[];
        loop {
            // Where flash is short, that most of it lies in one piece is no reason for more code.
            if cfg!(not(target_pointer_width = "32")) && front.len() < len as usize {
                [front, _] = self.tx.slices(shared.tx, offset, len + next.run);
            }
            let sent = match front.split_at_checked(len as usize) {
                Some((whole, behind)) if len > 0 => {
                    front = behind;
                    if options.is_empty() {
                        send_data(ip, &mut self.path, packet, &fields, whole)
                    } else {
                        send_segment(ip, &mut self.path, packet, &fields, options, [whole, &[]])
                    }
                }
                _ => {
                    let pieces =
                        if len > 0 { self.tx.slices(shared.tx, offset, len) } else { [&[][..], &[]] };
                    send_segment(ip, &mut self.path, packet, &fields, options, pieces)
                }
            };
            if next.segments == 0 {
                sent?;
            } else if sent.is_err() {
                // Whatever it is, the next try will meet it.
                return Ok(());
            } else {
                next.len += len;
            }
            next.segments += 1;
            if next.segments >= most {
                return Ok(());
            }
            next.run -= len;
            offset += len;
            fields.seq = fields.seq.wrapping_add(len);
        }
    }

    /// Each segment before the end of urgent data has a pointer of its own.
    #[cold]
    fn point_to_urgent(&mut self, shared: &Shared<'_>, next: &mut Next, fields: &mut Fields) {
        if let Some(urgent) = shared.duties.urgent {
            (urgent.point)(self, fields);
        }
        next.run = 0;
        next.control = fields.flags;
    }

    /// Whatever was sent may have found that the path's MTU is not what it was.
    #[inline]
    pub(crate) fn follow_mtu(&mut self, shared: &Shared<'_>, before: u16) {
        if self.path.mtu() != before {
            self.set_mss(&shared.limits);
        }
    }

    /// The same for a SYN: it has options, and its window is not scaled, RFC 7323 §2.2.
    #[cfg_attr(not(target_pointer_width = "32"), inline(never))]
    #[cfg_attr(target_pointer_width = "32", cold)]
    pub(crate) fn emit_syn(
        &mut self,
        shared: &mut Shared<'_>,
        ip: &mut dyn IpLayer,
        next: &mut Next,
    ) -> Result<(), SendError> {
        let offer = self.syn_offer(shared);
        let options = syn_options(&self.path, offer);
        let fields = self.fields(next, shared.syn_window(self.rx.size()));
        let packet = self.packet(OutFlags::DONT_FRAGMENT);
        send_syn(ip, &mut self.path, packet, &fields, &options)?;
        next.segments = 1;
        Ok(())
    }

    /// RFC 3168 §6.1: the bits that the segment carries, and its traffic class.
    #[inline(never)]
    fn mark_ecn(&mut self, shared: &Shared<'_>, next: &mut Next, fields: &mut Fields) -> u8 {
        let Some(ecn) = &shared.duties.ecn else { return self.traffic_class };
        let new = if next.kind == Kind::New { next.len } else { 0 };
        let traffic_class = (ecn.mark)(self, fields, new);
        if fields.flags.contains(Control::CWR) {
            // It stands on the first segment alone.
            next.run = 0;
        }
        traffic_class
    }

    fn fields(&self, next: &Next, window: u16) -> Fields {
        Fields {
            src_port: self.local_port(),
            dst_port: self.remote_port(),
            seq: next.seq.0,
            ack: if next.control.contains(Control::ACK) { self.rcv_nxt.0 } else { 0 },
            flags: next.control,
            window,
            urgent: 0,
        }
    }

    pub(crate) fn packet(&self, flags: OutFlags) -> Outgoing {
        Outgoing {
            protocol: IpProtocol::TCP,
            hop_limit: self.hop_limit,
            traffic_class: self.traffic_class,
            flags,
        }
    }
}

/// As [`send_segment`], without options and data: a header alone takes half the steps.
#[inline(always)]
pub(crate) fn send_bare(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    mut packet: Outgoing,
    fields: &Fields,
) -> Result<(), SendError> {
    let pseudo_sum = path.pseudo_sum();
    let mut checksum = Checksum::Full(pseudo_sum);
    if path.has_checksum_offload() {
        packet.flags |= OutFlags::PARTIAL_CHECKSUM;
        checksum = Checksum::Partial(pseudo_sum);
    }
    ip.send(path, packet, tcp::HEADER_LEN, &mut |buffer: &mut [u8]| {
        let wrote = fields.emit(buffer, checksum);
        debug_assert!(wrote.is_ok(), "the buffer has the length that was asked for");
    })
}

/// As [`send_segment`], of a SYN: options of the usual length take half the steps, because the compiler knows it.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(crate) fn send_syn(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    options: &OptionArea,
) -> Result<(), SendError> {
    // Where flash is short, that is no reason for more code.
    if cfg!(target_pointer_width = "32") {
        return send_segment(ip, path, packet, fields, options.as_slice(), [&[], &[]]);
    }
    match <&[u8; PlainSyn::LEN]>::try_from(options.as_slice()) {
        Ok(usual) => send_filled(ip, path, packet, tcp::HEADER_LEN + PlainSyn::LEN, |buffer, checksum| {
            tcp::emit(buffer, fields, usual, [&[], &[]], checksum)
        }),
        Err(_) => send_segment(ip, path, packet, fields, options.as_slice(), [&[], &[]]),
    }
}

/// As [`send_segment`], of data in one piece without options.
#[inline(always)]
pub(crate) fn send_data(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    payload: &[u8],
) -> Result<(), SendError> {
    send_filled(ip, path, packet, tcp::HEADER_LEN + payload.len(), |buffer, checksum| {
        tcp::emit(buffer, fields, &[], [payload, &[]], checksum)
    })
}

/// Sends a segment of `len` octets that `emit` writes, with the checksum that the link leaves to do.
#[inline(always)]
fn send_filled(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    mut packet: Outgoing,
    len: usize,
    emit: impl Fn(&mut [u8], Checksum) -> Result<usize, tersus_wire::Error>,
) -> Result<(), SendError> {
    let pseudo_sum = path.pseudo_sum();
    let mut checksum = Checksum::Full(pseudo_sum);
    if path.has_checksum_offload() {
        packet.flags |= OutFlags::PARTIAL_CHECKSUM;
        checksum = Checksum::Partial(pseudo_sum);
    }
    ip.send(path, packet, len, &mut |buffer: &mut [u8]| {
        let wrote = emit(buffer, checksum);
        debug_assert!(wrote.is_ok(), "the buffer has the length that was asked for");
    })
}

/// Sends a segment along `path`. The link does the checksum where it can.
#[cfg_attr(not(target_pointer_width = "32"), inline(always))]
pub(crate) fn send_segment(
    ip: &mut dyn IpLayer,
    path: &mut Path,
    packet: Outgoing,
    fields: &Fields,
    options: &[u8],
    payload: [&[u8]; 2],
) -> Result<(), SendError> {
    let len = tcp::HEADER_LEN + options.len() + payload[0].len() + payload[1].len();
    send_filled(ip, path, packet, len, |buffer, checksum| {
        tcp::emit(buffer, fields, options, payload, checksum)
    })
}
