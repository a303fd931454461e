//! Options of RPL control messages, RFC 6550 §6.7.
//!
//! ```text
//!   +---------------+---------------+---------------- ... ----------+
//!   | Option Type   | Option Length | Option Length octets          |   Pad1 is the type octet alone
//!   +---------------+---------------+---------------- ... ----------+
//! ```

use super::metric::Metrics;
use super::InstanceId;
use crate::ndisc::Preference;
use crate::prefix::Ipv6Prefix;
use crate::put::Put;
use crate::Error;
use core::fmt;
use core::net::Ipv6Addr;

const PAD1: u8 = 0;
const PAD_N: u8 = 1;
const METRIC_CONTAINER: u8 = 2;
const ROUTE_INFORMATION: u8 = 3;
const DODAG_CONFIGURATION: u8 = 4;
const TARGET: u8 = 5;
const TRANSIT_INFORMATION: u8 = 6;
const SOLICITED_INFORMATION: u8 = 7;
const PREFIX_INFORMATION: u8 = 8;
const TARGET_DESCRIPTOR: u8 = 9;

/// Length of type and length, in octets.
const OPTION_HEADER_LEN: usize = 2;
/// DODAG configuration: authentication is enabled.
const A_FLAG: u8 = 0x08;
/// PadN: most octets behind type and length, so that it pads seven in all, §6.7.3.
const PAD_N_MAX: u8 = 5;
/// Solicited information, §6.7.9: which fields count.
const V_FLAG: u8 = 0x80;
const I_FLAG: u8 = 0x40;
const D_FLAG: u8 = 0x20;
/// Transit information: the parent is outside of the RPL network.
const E_FLAG: u8 = 0x80;

/// The options of a message, checked: none runs past the end. Iterate to read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    /// No option.
    pub const EMPTY: Self = Self { rest: &[] };

    /// Checks all lengths.
    ///
    /// # Errors
    /// `Truncated` where an option runs past the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        while let Some((&kind, behind)) = rest.split_first() {
            if kind == PAD1 {
                rest = behind;
                continue;
            }
            let have = rest.len();
            let (&len, data) = behind.split_first().ok_or(Error::truncated(OPTION_HEADER_LEN, have))?;
            let need = OPTION_HEADER_LEN + usize::from(len);
            rest = data.get(usize::from(len)..).ok_or(Error::truncated(need, have))?;
        }
        Ok(Self { rest: bytes })
    }

    /// The octets of the options that are left.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = RplOption<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, behind) = self.rest.split_first()?;
        if kind == PAD1 {
            self.rest = behind;
            return Some(RplOption::Pad1);
        }
        let (&len, rest) = behind.split_first()?;
        // `parse` checked that the length lies inside.
        let (data, rest) = rest.split_at_checked(usize::from(len))?;
        self.rest = rest;
        Some(RplOption::read(kind, data))
    }
}

impl fmt::Display for Options<'_> {
    /// `, prefix fd00::/64, …` with a comma in front, without padding; nothing if there is nothing to tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for option in *self {
            if !matches!(option, RplOption::Pad1 | RplOption::PadN(_)) {
                write!(f, ", {option}")?;
            }
        }
        Ok(())
    }
}

/// One option. A known type with a length that it cannot have, or with a content that is to be ignored, reads as
/// `Unknown`. Reserved fields are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum RplOption<'a> {
    /// One octet of padding, §6.7.2.
    Pad1,
    /// Padding, §6.7.3: so many octets behind type and length, at most five; zeros when emitted.
    PadN(#[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<PAD_N_MAX>))] u8),
    /// Metrics and constraints, §6.7.4.
    MetricContainer(Metrics<'a>),
    /// A route outside of the DODAG, §6.7.5.
    RouteInformation(RouteInformation),
    /// What the root configures, §6.7.6.
    DodagConfiguration(DodagConfiguration),
    /// A prefix or group that is reached, §6.7.7.
    Target(Ipv6Prefix),
    /// How the targets in front of it are reached, §6.7.8.
    TransitInformation(TransitInformation),
    /// Which DODAGs a solicitation means, §6.7.9.
    SolicitedInformation(SolicitedInformation),
    /// A prefix that addresses are formed from, §6.7.10.
    PrefixInformation(PrefixInformation),
    /// A tag of the target in front of it, §6.7.11.
    TargetDescriptor(u32),
    /// Any other.
    Unknown {
        /// Type.
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::from_u8::<10>))]
        kind: u8,
        /// What follows type and length, at most 255 octets.
        data: &'a [u8],
    },
}

/// Content of a route information option, §6.7.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RouteInformation {
    /// The prefix that is reached through the sender.
    pub prefix: Ipv6Prefix,
    /// Prf, as RFC 4191 has it.
    pub preference: Preference,
    /// How long the route is valid, in seconds; all ones: for ever.
    pub route_lifetime: u32,
}

/// Content of a DODAG configuration option, §6.7.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct DodagConfiguration {
    /// A: nodes that want to be routers must get a key first.
    pub authentication: bool,
    /// PCS: how many bits Path Control has, less one; 0 to 7.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<7>))]
    pub path_control_size: u8,
    /// DIOIntervalDoublings: the trickle timer's Imax in doublings of Imin.
    pub dio_interval_doublings: u8,
    /// DIOIntervalMin: Imin is 2 to the power of this, in milliseconds.
    pub dio_interval_min: u8,
    /// DIORedundancyConstant, the trickle timer's k; 0: infinite.
    pub dio_redundancy_constant: u8,
    /// MaxRankIncrease; 0: no limit.
    pub max_rank_increase: u16,
    /// MinHopRankIncrease.
    pub min_hop_rank_increase: u16,
    /// OCP: the objective function, 0 or 1 (RFC 6552, RFC 6719).
    pub objective_code_point: u16,
    /// Default lifetime of routes, in units of `lifetime_unit`; 255: for ever.
    pub default_lifetime: u8,
    /// The unit of lifetimes, in seconds.
    pub lifetime_unit: u16,
}

/// Content of a transit information option, §6.7.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct TransitInformation {
    /// E: the parent is outside of the RPL network.
    pub external: bool,
    /// Path Control: preferences among parents, two bits each.
    pub path_control: u8,
    /// Path Sequence: a new value replaces what was said of the target before.
    pub path_sequence: u8,
    /// Path Lifetime, in units of the DODAG configuration; 255: for ever; 0: the target is reached no longer.
    pub path_lifetime: u8,
    /// The parent; there in non-storing mode.
    pub parent: Option<Ipv6Addr>,
}

/// Content of a solicited information option, §6.7.9: what a DODAG must have to be meant. What is absent does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SolicitedInformation {
    /// RPLInstanceID, with the I flag.
    pub instance_id: Option<InstanceId>,
    /// DODAGID, with the D flag.
    pub dodag_id: Option<Ipv6Addr>,
    /// Version Number, with the V flag.
    pub version: Option<u8>,
}

bitflags::bitflags! {
    /// Flags of a prefix information option, §6.7.10.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct PrefixFlags: u8 {
        /// L: the prefix is on the link.
        const ON_LINK = 0x80;
        /// A: addresses may be formed from it.
        const AUTONOMOUS = 0x40;
        /// R: the prefix field holds a whole address of the sender.
        const ROUTER_ADDRESS = 0x20;
    }
}

/// Content of a prefix information option, §6.7.10.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct PrefixInformation {
    /// Leading bits that are the prefix, 0 to 128.
    #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::arbitrary::up_to_u8::<128>))]
    pub prefix_len: u8,
    /// L, A and R.
    pub flags: PrefixFlags,
    /// How long the prefix is valid, in seconds; all ones: for ever.
    pub valid_lifetime: u32,
    /// How long addresses formed from it are preferred, in seconds; all ones: for ever.
    pub preferred_lifetime: u32,
    /// The prefix, whose further bits are zero; with R a whole address.
    pub prefix: Ipv6Addr,
}

impl<'a> RplOption<'a> {
    fn read(kind: u8, data: &'a [u8]) -> Self {
        let known = match kind {
            PAD_N => u8::try_from(data.len()).ok().filter(|len| *len <= PAD_N_MAX).map(Self::PadN),
            METRIC_CONTAINER => Some(Self::MetricContainer(Metrics::new(data))),
            ROUTE_INFORMATION => RouteInformation::read(data).map(Self::RouteInformation),
            DODAG_CONFIGURATION => DodagConfiguration::read(data).map(Self::DodagConfiguration),
            TARGET => match data {
                [_, len, prefix @ ..] => Ipv6Prefix::from_octets(prefix, *len).map(Self::Target),
                _ => None,
            },
            TRANSIT_INFORMATION => TransitInformation::read(data).map(Self::TransitInformation),
            SOLICITED_INFORMATION => SolicitedInformation::read(data).map(Self::SolicitedInformation),
            PREFIX_INFORMATION => PrefixInformation::read(data).map(Self::PrefixInformation),
            TARGET_DESCRIPTOR => {
                <[u8; 4]>::try_from(data).ok().map(|tag| Self::TargetDescriptor(u32::from_be_bytes(tag)))
            }
            _ => None,
        };
        known.unwrap_or(Self::Unknown { kind, data })
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Pad1 => PAD1,
            Self::PadN(_) => PAD_N,
            Self::MetricContainer(_) => METRIC_CONTAINER,
            Self::RouteInformation(_) => ROUTE_INFORMATION,
            Self::DodagConfiguration(_) => DODAG_CONFIGURATION,
            Self::Target(_) => TARGET,
            Self::TransitInformation(_) => TRANSIT_INFORMATION,
            Self::SolicitedInformation(_) => SOLICITED_INFORMATION,
            Self::PrefixInformation(_) => PREFIX_INFORMATION,
            Self::TargetDescriptor(_) => TARGET_DESCRIPTOR,
            Self::Unknown { kind, .. } => *kind,
        }
    }

    /// Octets behind type and length.
    fn data_len(&self) -> usize {
        match self {
            Self::Pad1 => 0,
            Self::PadN(len) => usize::from(*len),
            Self::MetricContainer(metrics) => metrics.as_bytes().len(),
            Self::RouteInformation(route) => 6 + route.prefix.octet_count(),
            Self::DodagConfiguration(_) => 14,
            Self::Target(prefix) => 2 + prefix.octet_count(),
            Self::TransitInformation(transit) if transit.parent.is_some() => 20,
            Self::TransitInformation(_) | Self::TargetDescriptor(_) => 4,
            Self::SolicitedInformation(_) => 19,
            Self::PrefixInformation(_) => 30,
            Self::Unknown { data, .. } => data.len(),
        }
    }

    /// Octets that [`Self::emit`] writes.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        match self {
            Self::Pad1 => 1,
            _ => OPTION_HEADER_LEN + self.data_len(),
        }
    }

    /// Writes the option to the front of `buffer`; returns its length. A prefix takes no more octets than it has bits
    /// for.
    ///
    /// # Errors
    /// `NoRoom`; `Unrepresentable` if the content is longer than 255 octets, for more padding than PadN may hold, for a
    /// prefix with bits beyond its length that is no whole address, for a path control size above 7, and if an unknown option has the type of Pad1, which
    /// has no content.
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        let is_representable = match self {
            Self::Unknown { kind, .. } => *kind != PAD1,
            Self::PadN(len) => *len <= PAD_N_MAX,
            Self::PrefixInformation(prefix) => prefix.is_representable(),
            Self::DodagConfiguration(configuration) => configuration.path_control_size <= 7,
            _ => true,
        };
        if !is_representable {
            return Err(Error::Unrepresentable);
        }
        let len = u8::try_from(self.data_len()).map_err(|_| Error::Unrepresentable)?;
        let need = self.buffer_len();
        let mut out = Put::new(buffer, need)?;
        out.octets(&[self.kind(), len]);
        match self {
            Self::Pad1 => {}
            Self::PadN(_) => out.zeros(),
            Self::MetricContainer(metrics) => out.octets(metrics.as_bytes()),
            Self::RouteInformation(route) => route.put(&mut out),
            Self::DodagConfiguration(configuration) => out.octets(&configuration.to_octets()),
            Self::Target(prefix) => {
                out.octets(&[0, prefix.prefix_len()]);
                put_prefix(&mut out, prefix);
            }
            Self::TransitInformation(transit) => transit.put(&mut out),
            Self::SolicitedInformation(solicited) => solicited.put(&mut out),
            Self::PrefixInformation(prefix) => {
                out.octets(&[prefix.prefix_len, prefix.flags.bits()]);
                out.octets(&prefix.valid_lifetime.to_be_bytes());
                out.octets(&prefix.preferred_lifetime.to_be_bytes());
                out.octets(&[0; 4]);
                out.octets(&prefix.prefix.octets());
            }
            Self::TargetDescriptor(tag) => out.octets(&tag.to_be_bytes()),
            Self::Unknown { data, .. } => out.octets(data),
        }
        Ok(need)
    }
}

fn put_prefix(out: &mut Put<'_>, prefix: &Ipv6Prefix) {
    out.octets(prefix.address().octets().get(..prefix.octet_count()).unwrap_or_default());
}

impl RouteInformation {
    fn read(data: &[u8]) -> Option<Self> {
        let (&[len, flags, a, b, c, d], prefix) = data.split_first_chunk()?;
        Some(Self {
            prefix: Ipv6Prefix::from_octets(prefix, len)?,
            preference: Preference::from_bits(flags)?,
            route_lifetime: u32::from_be_bytes([a, b, c, d]),
        })
    }

    fn put(&self, out: &mut Put<'_>) {
        out.octets(&[self.prefix.prefix_len(), self.preference.to_bits()]);
        out.octets(&self.route_lifetime.to_be_bytes());
        put_prefix(out, &self.prefix);
    }
}

impl DodagConfiguration {
    fn read(data: &[u8]) -> Option<Self> {
        let &[flags, doublings, min, redundancy, max0, max1, hop0, hop1, ocp0, ocp1, _, lifetime, unit0, unit1] =
            <&[u8; 14]>::try_from(data).ok()?;
        Some(Self {
            authentication: flags & A_FLAG != 0,
            path_control_size: flags & 7,
            dio_interval_doublings: doublings,
            dio_interval_min: min,
            dio_redundancy_constant: redundancy,
            max_rank_increase: u16::from_be_bytes([max0, max1]),
            min_hop_rank_increase: u16::from_be_bytes([hop0, hop1]),
            objective_code_point: u16::from_be_bytes([ocp0, ocp1]),
            default_lifetime: lifetime,
            lifetime_unit: u16::from_be_bytes([unit0, unit1]),
        })
    }

    fn to_octets(self) -> [u8; 14] {
        let flags = if self.authentication { A_FLAG } else { 0 } | self.path_control_size & 7;
        let [max0, max1] = self.max_rank_increase.to_be_bytes();
        let [hop0, hop1] = self.min_hop_rank_increase.to_be_bytes();
        let [ocp0, ocp1] = self.objective_code_point.to_be_bytes();
        let [unit0, unit1] = self.lifetime_unit.to_be_bytes();
        let (doublings, min) = (self.dio_interval_doublings, self.dio_interval_min);
        let (redundancy, lifetime) = (self.dio_redundancy_constant, self.default_lifetime);
        [flags, doublings, min, redundancy, max0, max1, hop0, hop1, ocp0, ocp1, 0, lifetime, unit0, unit1]
    }
}

impl TransitInformation {
    fn read(data: &[u8]) -> Option<Self> {
        let (&[flags, path_control, path_sequence, path_lifetime], rest) = data.split_first_chunk()?;
        let parent = match rest {
            [] => None,
            address => Some(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)),
        };
        let external = flags & E_FLAG != 0;
        Some(Self { external, path_control, path_sequence, path_lifetime, parent })
    }

    fn put(&self, out: &mut Put<'_>) {
        let flags = if self.external { E_FLAG } else { 0 };
        out.octets(&[flags, self.path_control, self.path_sequence, self.path_lifetime]);
        if let Some(parent) = self.parent {
            out.octets(&parent.octets());
        }
    }
}

impl SolicitedInformation {
    fn read(data: &[u8]) -> Option<Self> {
        let &[instance_id, flags, ref dodag_id @ .., version] = <&[u8; 19]>::try_from(data).ok()?;
        Some(Self {
            instance_id: (flags & I_FLAG != 0).then_some(InstanceId(instance_id)),
            dodag_id: (flags & D_FLAG != 0).then_some(Ipv6Addr::from(*dodag_id)),
            version: (flags & V_FLAG != 0).then_some(version),
        })
    }

    /// What does not count is zero.
    fn put(&self, out: &mut Put<'_>) {
        let flag = |is_there: bool, flag: u8| if is_there { flag } else { 0 };
        let flags = flag(self.version.is_some(), V_FLAG)
            | flag(self.instance_id.is_some(), I_FLAG)
            | flag(self.dodag_id.is_some(), D_FLAG);
        out.octets(&[self.instance_id.unwrap_or_default().0, flags]);
        out.octets(&self.dodag_id.unwrap_or(Ipv6Addr::UNSPECIFIED).octets());
        out.octets(&[self.version.unwrap_or(0)]);
    }
}

impl PrefixInformation {
    fn read(data: &[u8]) -> Option<Self> {
        let &[prefix_len, flags, v0, v1, v2, v3, p0, p1, p2, p3, _, _, _, _, ref prefix @ ..] =
            <&[u8; 30]>::try_from(data).ok()?;
        let (flags, prefix) = (PrefixFlags::from_bits_truncate(flags), Ipv6Addr::from(*prefix));
        // Bits beyond the prefix are ignored.
        let alone = Ipv6Prefix::new(prefix, prefix_len)?.address();
        Some(Self {
            prefix_len,
            flags,
            valid_lifetime: u32::from_be_bytes([v0, v1, v2, v3]),
            preferred_lifetime: u32::from_be_bytes([p0, p1, p2, p3]),
            prefix: if flags.contains(PrefixFlags::ROUTER_ADDRESS) { prefix } else { alone },
        })
    }

    fn is_representable(&self) -> bool {
        let alone = Ipv6Prefix::new(self.prefix, self.prefix_len);
        alone.is_some_and(|alone| {
            self.flags.contains(PrefixFlags::ROUTER_ADDRESS) || alone.address() == self.prefix
        })
    }
}

impl fmt::Display for RplOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pad1 => f.write_str("padding of 1"),
            Self::PadN(len) => write!(f, "padding of {}", usize::from(*len) + OPTION_HEADER_LEN),
            Self::MetricContainer(metrics) => {
                f.write_str("metrics")?;
                let mut before = " ";
                for metric in *metrics {
                    match metric {
                        Ok(metric) => write!(f, "{before}{metric}")?,
                        Err(error) => write!(f, "{before}{error}")?,
                    }
                    before = " and ";
                }
                Ok(())
            }
            Self::RouteInformation(route) => {
                write!(f, "route {} lifetime {}", route.prefix, Seconds(route.route_lifetime))
            }
            Self::DodagConfiguration(c) => {
                write!(
                    f,
                    "configuration OCP {} Imin 2^{} ms doublings {} k {} min hop rank {} max rank increase {} \
                     lifetime {} x {} s",
                    c.objective_code_point,
                    c.dio_interval_min,
                    c.dio_interval_doublings,
                    c.dio_redundancy_constant,
                    c.min_hop_rank_increase,
                    c.max_rank_increase,
                    c.default_lifetime,
                    c.lifetime_unit,
                )?;
                f.write_str(if c.authentication { " authenticated" } else { "" })
            }
            Self::Target(prefix) => write!(f, "target {prefix}"),
            Self::TransitInformation(transit) => {
                f.write_str("transit")?;
                if let Some(parent) = transit.parent {
                    write!(f, " through {parent}")?;
                }
                f.write_str(if transit.external { " external" } else { "" })?;
                write!(f, " seq {} lifetime {}", transit.path_sequence, transit.path_lifetime)
            }
            Self::SolicitedInformation(solicited) => {
                f.write_str("solicited")?;
                if let Some(instance_id) = solicited.instance_id {
                    write!(f, " instance {instance_id}")?;
                }
                if let Some(dodag_id) = solicited.dodag_id {
                    write!(f, " dodag {dodag_id}")?;
                }
                if let Some(version) = solicited.version {
                    write!(f, " version {version}")?;
                }
                Ok(())
            }
            Self::PrefixInformation(prefix) => {
                write!(f, "prefix {}/{}", prefix.prefix, prefix.prefix_len)?;
                write!(f, " valid {}", Seconds(prefix.valid_lifetime))
            }
            Self::TargetDescriptor(tag) => write!(f, "target tag 0x{tag:08x}"),
            Self::Unknown { kind, data } => write!(f, "option {kind} len {}", data.len()),
        }
    }
}

/// A lifetime in seconds, of which all ones mean for ever.
struct Seconds(u32);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            u32::MAX => f.write_str("for ever"),
            seconds => write!(f, "{seconds} s"),
        }
    }
}
