//! The board's driver as smoltcp's `Device`.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use tersus_board::{Ethernet, Rx, Tx, FRAME_LEN_MAX};
use tersus_phy::{Device as _, RxToken as _, TxToken as _};

/// The driver.
pub struct Port(pub Ethernet);

/// A received frame.
pub struct RxFrame<'a>(Rx<'a>);

/// Room for a frame to send.
pub struct TxRoom<'a>(Tx<'a>);

impl Device for Port {
    type RxToken<'a> = RxFrame<'a>;
    type TxToken<'a> = TxRoom<'a>;

    #[inline]
    fn receive(&mut self, _: Instant) -> Option<(RxFrame<'_>, TxRoom<'_>)> {
        let (rx, tx) = self.0.receive(tersus_phy::Instant::ZERO)?;
        Some((RxFrame(rx), TxRoom(tx?)))
    }

    #[inline]
    fn transmit(&mut self, _: Instant) -> Option<TxRoom<'_>> {
        self.0.transmit(tersus_phy::Instant::ZERO).map(TxRoom)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_LEN_MAX;
        capabilities.max_burst_size = Some(1);
        capabilities
    }
}

impl RxToken for RxFrame<'_> {
    #[inline]
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        self.0.consume(|frame| f(frame))
    }
}

impl TxToken for TxRoom<'_> {
    #[inline]
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        self.0.consume(len, tersus_phy::TxMeta::default(), f)
    }
}
