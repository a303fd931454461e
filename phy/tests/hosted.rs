//! TUN, TAP and packet socket against the Linux kernel. Needs root; says SKIPPED on standard error otherwise.
#![cfg(all(feature = "std", target_os = "linux"))]

use core::time::Duration;
use nix::sched::{unshare, CloneFlags};
use std::net::UdpSocket;
use std::process::Command;
use tersus_phy::hosted::{wait, Clock, Kind, OpenError, Options, PacketSocket, TunTap, Waiting};
use tersus_phy::{Device, LinkState, Medium, RxToken, Switch, TxMeta, TxToken};

/// The EtherType that IEEE 802 leaves to local experiments.
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

/// What `open` gave, or `None`, loudly, where the right or the driver is missing.
fn permitted<D>(test: &str, opened: Result<D, OpenError>) -> Option<D> {
    match opened {
        Ok(device) => Some(device),
        Err(
            error @ (OpenError::NotPermitted(_) | OpenError::RawNotPermitted(_) | OpenError::NoTunDriver),
        ) => {
            eprintln!("SKIPPED {test}: {error}");
            None
        }
        Err(error) => panic!("{test}: {error}"),
    }
}

/// Moves this test's thread into a network namespace of its own, so that nothing here touches the host's network.
fn isolated(test: &str) -> bool {
    let result = unshare(CloneFlags::CLONE_NEWNET);
    if let Err(errno) = result {
        eprintln!("SKIPPED {test}: no network namespace of its own ({errno}), run as root");
    }
    result.is_ok()
}

fn put(device: &mut impl Device, clock: &Clock, octets: &[u8]) {
    let token = device.transmit(clock.now()).expect("room");
    token.consume(octets.len(), TxMeta::default(), |frame| frame.copy_from_slice(octets));
}

/// The next frame that `wanted` names, within five seconds.
fn take<D: Device>(
    device: &mut D,
    waiting: fn(&D) -> Waiting<'_>,
    clock: &Clock,
    wanted: impl Fn(&Vec<u8>) -> bool,
) -> Vec<u8> {
    let end = clock.now() + Duration::from_secs(5);
    loop {
        let left = end.since(clock.now());
        assert!(left > Duration::ZERO, "no such frame came");
        wait(&[waiting(device)], Some(left)).expect("ppoll");
        let frame = device.receive(clock.now()).map(|(rx, _)| rx.consume(|octets| octets.to_vec()));
        if let Some(frame) = frame.filter(&wanted) {
            return frame;
        }
    }
}

#[test]
fn frames_pass_between_a_tap_and_a_packet_socket_on_it() {
    let test = "frames_pass_between_a_tap_and_a_packet_socket_on_it";
    if !isolated(test) {
        return;
    }
    for virtio_header in [Switch::Off, Switch::On] {
        let options = Options { kind: Kind::Tap, name: "tersus-t%d", virtio_header };
        let Some(mut tap) = permitted(test, TunTap::open(options)) else { return };
        let Some(mut socket) = permitted(test, PacketSocket::open(tap.name())) else { return };
        let clock = Clock::new();
        for capabilities in [tap.capabilities(), socket.capabilities()] {
            assert_eq!((capabilities.medium, capabilities.mtu), (Medium::Ethernet, 1500));
            assert_eq!(capabilities.link_state, LinkState::Up);
        }
        assert_ne!(socket.hardware_address(), [0; 6]);
        let wanted = |frame: &Vec<u8>| frame.get(12..14) == Some(&EXPERIMENT);
        for len in [60, 1514] {
            let mut frame = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &EXPERIMENT[..]].concat();
            frame.resize(len, 0xaa);
            put(&mut socket, &clock, &frame);
            assert_eq!(take(&mut tap, TunTap::waiting, &clock, wanted), frame, "{virtio_header:?}");
            put(&mut tap, &clock, &frame);
            // The socket's own frame does not come back to it.
            assert_eq!(take(&mut socket, PacketSocket::waiting, &clock, wanted), frame, "{virtio_header:?}");
        }
        assert_eq!((tap.statistics().tx_errors, socket.statistics().tx_errors), (0, 0));
        tap.set_mtu(1400).unwrap();
        assert_eq!(tap.capabilities().mtu, 1400);
        socket.refresh().unwrap();
        assert_eq!(socket.capabilities().mtu, 1400);
        let name = tap.name().to_owned();
        drop(tap);
        // Not at once where another test is just starting a program, which holds all descriptors until then.
        while !matches!(socket.refresh(), Err(OpenError::NotFound(_))) {
            assert!(clock.now().millis() < 10_000, "closing removes {name}");
            wait(&[], Some(Duration::from_millis(5))).unwrap();
        }
    }
}

#[test]
fn the_kernel_sends_packets_into_a_tun_and_takes_answers_from_it() {
    let test = "the_kernel_sends_packets_into_a_tun_and_takes_answers_from_it";
    if !isolated(test) {
        return;
    }
    let Some(mut tun) = permitted(test, TunTap::tun("tersus-n%d")) else { return };
    assert_eq!((tun.capabilities().medium, tun.capabilities().mtu), (Medium::Ip, 1500));
    let clock = Clock::new();
    let configured = Command::new("ip").args(["address", "add", "192.0.2.1/30", "dev", tun.name()]).status();
    if !configured.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED {test}: `ip address add` does not work here");
        return;
    }
    let socket = UdpSocket::bind("192.0.2.1:7000").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(b"tersus", "192.0.2.2:7").unwrap();
    let mut packet = take(&mut tun, TunTap::waiting, &clock, |packet: &Vec<u8>| {
        packet.first() == Some(&0x45) && packet.get(16..20) == Some(&[192, 0, 2, 2])
    });
    assert_eq!(packet.get(28..), Some(&b"tersus"[..]));
    // Addresses and ports change places, which leaves both checksums right.
    for (a, b) in [(12, 16), (13, 17), (14, 18), (15, 19), (20, 22), (21, 23)] {
        packet.swap(a, b);
    }
    put(&mut tun, &clock, &packet);
    let mut answer = [0; 100];
    let (len, from) = socket.recv_from(&mut answer).unwrap();
    assert_eq!((answer.get(..len), from.to_string().as_str()), (Some(&b"tersus"[..]), "192.0.2.2:7"));
}

// The kernel notices up to a second late that someone opened an interface that was there before.
#[test]
fn a_tap_that_was_there_before_is_up_as_soon_as_it_is_opened() {
    const TEST: &str = "TAP that was there before";
    if !isolated(TEST) {
        return;
    }
    for arguments in ["tuntap add mode tap tersus-t3", "link set tersus-t3 up"] {
        let made = Command::new("ip").args(arguments.split(' ')).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED {TEST}: ip(8) makes no TAP");
            return;
        }
    }
    // From the second time on the kernel is late, once it has noticed that the first one was closed.
    for _ in 0..5 {
        let Some(tap) = permitted(TEST, TunTap::tap("tersus-t3")) else { return };
        assert_eq!(tap.capabilities().link_state, LinkState::Up);
        drop(tap);
        std::thread::sleep(Duration::from_millis(150));
    }
}

#[test]
fn what_cannot_be_opened_is_refused_with_its_reason() {
    let test = "what_cannot_be_opened_is_refused_with_its_reason";
    if !isolated(test) {
        return;
    }
    let Some(tap) = permitted(test, TunTap::tap("tersus-e%d")) else { return };
    let Some(tun) = permitted(test, TunTap::tun("tersus-e%d")) else { return };
    assert!(matches!(TunTap::tap(tap.name()), Err(OpenError::Busy(_))));
    assert!(matches!(TunTap::tun(tap.name()), Err(OpenError::WrongKind(_))));
    assert!(matches!(TunTap::tap("lo"), Err(OpenError::WrongKind(_))));
    assert!(matches!(PacketSocket::open("tersus-none"), Err(OpenError::NotFound(_))));
    let error = PacketSocket::open(tun.name()).unwrap_err();
    assert!(matches!(error, OpenError::WrongKind(_)), "{error}");
}

#[test]
fn waiting_ends_with_the_timeout() {
    let clock = Clock::new();
    assert_eq!(wait(&[], Some(Duration::from_millis(20))).unwrap(), 0);
    assert!(clock.now().millis() >= 20);
    assert_eq!(wait(&[], Some(Duration::ZERO)).unwrap(), 0);
}
