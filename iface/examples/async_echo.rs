//! Async code on a stack: an echo server and three clients as futures, without a runtime.
//!
//! ```text
//!   future ──▶ poll_recv: Pending ──▶ its waker stands in the engine's slice
//!   Stack::poll ──▶ segment ──▶ waker ──▶ the executor runs the future again
//! ```
//! The executor is the few lines of `Tasks`. Both hosts and the wire between them are in memory and the clock is
//! virtual: when no task can go on, time moves to the next deadline.

use core::cell::RefCell;
use core::future::{poll_fn, Future};
use core::net::SocketAddr;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;
use tersus_iface::ip::{self, InterfaceId, Ip};
use tersus_iface::phy::{earliest, memory, Device, Ethernet, Instant, Medium};
use tersus_iface::tcp::congestion::Reno;
use tersus_iface::tcp::{Config, ConnectOptions, ConnectionId, Half, Storage, Tcp, Wakers, When};
use tersus_iface::Stack;

type Error = Box<dyn core::error::Error>;

struct Host<'m, D> {
    stack: Stack<'m>,
    ethernet: Ethernet<D>,
    tcp: Tcp<'m>,
}

impl<D: Device> Host<'_, D> {
    fn poll(&mut self, now: Instant) {
        self.stack.poll_with(now, &mut [&mut self.ethernet], &mut (&mut self.tcp,));
    }

    fn poll_at(&self) -> Option<Instant> {
        self.stack.poll_at(&[&self.ethernet], &[&self.tcp])
    }
}

/// Accepts for ever; who starts tasks finds the connections in a list.
async fn serve<D: Device>(
    host: &RefCell<Host<'_, D>>,
    accepted: &RefCell<Vec<ConnectionId>>,
) -> Result<(), Error> {
    let listener = host.borrow_mut().tcp.listen(7, 4)?;
    loop {
        let id = poll_fn(|cx| host.borrow_mut().tcp.poll_accept(cx, listener)).await?;
        accepted.borrow_mut().push(id);
    }
}

/// Sends back what comes, from buffer to buffer.
async fn echo<D: Device>(host: &RefCell<Host<'_, D>>, id: ConnectionId) -> Result<(), Error> {
    loop {
        poll_fn(|cx| host.borrow_mut().tcp.poll_when(cx, id, When::Readable)).await?;
        poll_fn(|cx| host.borrow_mut().tcp.poll_when(cx, id, When::Writable)).await?;
        let mut host = host.borrow_mut();
        let (mut input, mut output) = host.tcp.split(id)?;
        if input.peek().is_err() || output.buffers().is_err() {
            return Ok(host.tcp.release(id)?);
        }
        output.send_from(&mut input);
    }
}

/// Says something, reads until all of it came back, and closes.
async fn talk<D: Device>(host: &RefCell<Host<'_, D>>, server: SocketAddr, text: String) -> Result<(), Error> {
    let id = {
        let Host { stack, tcp, .. } = &mut *host.borrow_mut();
        tcp.connect(&stack.ip, Instant::ZERO, server, ConnectOptions::default())?
    };
    poll_fn(|cx| host.borrow_mut().tcp.poll_when(cx, id, When::Established)).await?;
    let mut rest = text.as_bytes();
    let (mut back, mut buffer) = (Vec::new(), [0; 100]);
    while back.len() < text.len() {
        // Both at once: a server that cannot send reads no more.
        let len = poll_fn(|cx| {
            let tcp = &mut host.borrow_mut().tcp;
            while let (false, Poll::Ready(sent)) = (rest.is_empty(), tcp.poll_send(cx, id, rest)) {
                rest = rest.get(sent?..).unwrap_or_default();
            }
            tcp.poll_recv(cx, id, &mut buffer).map_err(Error::from)
        })
        .await?;
        back.extend_from_slice(buffer.get(..len).unwrap_or_default());
    }
    host.borrow_mut().tcp.shutdown(id, Half::Send)?;
    poll_fn(|cx| host.borrow_mut().tcp.poll_when(cx, id, When::Ended)).await?;
    let outcome = host.borrow().tcp.outcome(id)?;
    println!("{} octets came back as they were: {}; {outcome:?}", back.len(), back == text.as_bytes());
    Ok(host.borrow_mut().tcp.release(id)?)
}

/// An executor: futures, and for each whether it was woken.
#[derive(Default)]
struct Tasks<'t>(Vec<Task<'t>>);

type Task<'t> = (Pin<Box<dyn Future<Output = Result<(), Error>> + 't>>, Arc<Flag>);

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl<'t> Tasks<'t> {
    fn spawn(&mut self, task: impl Future<Output = Result<(), Error>> + 't) {
        self.0.push((Box::pin(task), Arc::new(Flag(AtomicBool::new(true)))));
    }

    /// Runs those that were woken until none is, and says how many.
    fn run(&mut self) -> Result<usize, Error> {
        let mut count = 0;
        while let Some(at) = self.0.iter().position(|(_, flag)| flag.0.swap(false, Ordering::Acquire)) {
            count += 1;
            let (task, flag) = self.0.get_mut(at).ok_or("no such task")?;
            let waker = Waker::from(flag.clone());
            if let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
                drop(self.0.swap_remove(at));
                result?;
            }
        }
        Ok(count)
    }
}

fn main() -> Result<(), Error> {
    let mut storage = memory::Storage::<16, 1514>::new();
    let wire = memory::Wire::new(&mut storage, Medium::Ethernet, [1; 32]);
    let (left, right) = wire.ends();
    let mut ips = [const { ip::Storage::<1, 1, 0, 2>::new() }; 2];
    let [ip_left, ip_right] = &mut ips;
    let mut tcps = [const { Storage::<4, 512, 512>::new() }; 2];
    let [tcp_left, tcp_right] = &mut tcps;
    let mut wakers = [const { [const { Wakers::NONE }; 4] }; 2];
    let [wakers_left, wakers_right] = &mut wakers;
    let mut acceptors = [const { None }; 4];

    let mut client = Host {
        stack: Stack::new(Ip::new(ip_left, [2; 32], ip::Config::default())),
        ethernet: Ethernet::new(left, [2, 0, 0, 0, 0, 1]),
        tcp: Tcp::new(tcp_left, Config::new(), &Reno::DEFAULT, [3; 32]),
    };
    let mut server = Host {
        stack: Stack::new(Ip::new(ip_right, [4; 32], ip::Config::default())),
        ethernet: Ethernet::new(right, [2, 0, 0, 0, 0, 2]),
        tcp: Tcp::new(tcp_right, Config::new(), &Reno::DEFAULT, [5; 32]),
    };
    client.stack.ip.add_address(InterfaceId(0), "192.0.2.1/24".parse()?)?;
    server.stack.ip.add_address(InterfaceId(0), "192.0.2.2/24".parse()?)?;
    client.tcp.use_wakers(wakers_left, &mut []);
    server.tcp.use_wakers(wakers_right, &mut acceptors);
    client.poll(Instant::ZERO);

    let (client, server) = (RefCell::new(client), RefCell::new(server));
    let accepted = RefCell::new(Vec::new());
    let (mut servers, mut clients) = (Tasks::default(), Tasks::default());
    servers.spawn(serve(&server, &accepted));
    for number in 1..=3 {
        clients.spawn(talk(&client, "192.0.2.2:7".parse()?, format!("{number}: all at once. ").repeat(200)));
    }
    let mut now = Instant::ZERO;
    loop {
        while servers.run()? + clients.run()? > 0 {
            for id in accepted.take() {
                servers.spawn(echo(&server, id));
            }
            client.borrow_mut().poll(now);
            server.borrow_mut().poll(now);
        }
        if clients.0.is_empty() {
            println!("done after {now}");
            return Ok(());
        }
        let next = earliest(client.borrow().poll_at(), server.borrow().poll_at());
        now = next.ok_or("everybody waits for ever")?.max(now);
        client.borrow_mut().poll(now);
        server.borrow_mut().poll(now);
    }
}
