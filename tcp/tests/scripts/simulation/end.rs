//! One end of the wire: an engine, and its application, which writes, reads, and waits as tasks do.

use super::dice::Dice;
use crate::wakers::Task;
use core::net::IpAddr;
use tersus_ip::Instant;
use tersus_tcp::{ConnectionId, ListenerId, Outcome, RecvError, SendError as UserError, Stale, Tcp, When};

/// One end and its application.
pub(super) struct End<'m> {
    pub(super) tcp: Tcp<'m>,
    pub(super) address: IpAddr,
    pub(super) mtu: u16,
    pub(super) id: Option<ConnectionId>,
    pub(super) listener: Option<ListenerId>,
    /// What the application sends and has sent, expects and has got.
    pub(super) total_out: usize,
    pub(super) written: usize,
    pub(super) total_in: usize,
    pub(super) read: usize,
    pub(super) closed: bool,
    pub(super) finished: bool,
    pub(super) released: bool,
    /// It was told that the connection ended otherwise than by both FINs.
    pub(super) told: Option<Outcome>,
    /// The device is full until then.
    pub(super) full_until: Option<Instant>,
    pub(super) app_at: Instant,
    /// Who waits to accept, to read, to write, and for the handshake or the end.
    pub(super) tasks: [Task; 4],
    /// What the last of them waits for.
    pub(super) other: When,
}

impl End<'_> {
    /// Whether a task has nothing to wait for: in the order of `tasks`.
    fn is_so(&mut self, task: usize) -> bool {
        let Some(id) = self.id else {
            return self.listener.map_or(true, |listener| self.tcp.acceptable(listener).unwrap() > 0);
        };
        let over = self.tcp.outcome(id).map_or(true, |outcome| outcome.is_some());
        match (task, self.other) {
            (0, _) => true,
            (1, _) => self.tcp.is_readable(id),
            (2, _) => self.tcp.is_writable(id),
            (_, When::Established) => over || self.tcp.is_established(id),
            _ => over,
        }
    }

    /// Tasks are woken when what they wait for has become so, and at no other time.
    pub(super) fn look_at_tasks(&mut self, seed: u64) {
        for task in 0..4 {
            let is_so = self.is_so(task);
            let woken = self.tasks[task].is_woken();
            assert_eq!(woken, is_so && self.tasks[task].waits, "seed {seed}: task {task}");
            if self.tasks[task].waits && !woken {
                continue;
            }
            let waker = self.tasks[task].waker();
            let kinds = [When::Readable, When::Writable, self.other];
            let waits = match (self.id, self.listener, kinds.get(task.wrapping_sub(1))) {
                (Some(id), _, Some(&when)) if !is_so => self.tcp.wake_when(id, when, &waker),
                (None, Some(listener), None) if !is_so => self.tcp.wake_when_acceptable(listener, &waker),
                _ => Err(Stale),
            };
            self.tasks[task].waits = waits.is_ok();
        }
    }

    /// The application writes up to three times, in any of the ways there are, and closes when all is written. The
    /// outcome, if the connection has ended.
    pub(super) fn write(
        &mut self,
        id: ConnectionId,
        who: usize,
        seed: u64,
        dice: &mut Dice,
    ) -> Result<(), Outcome> {
        for _ in 0..dice.below(4) {
            if self.closed {
                break;
            }
            let len = (dice.of(&[1, 10, 1000, 30_000]) as usize).min(self.total_out - self.written);
            let data: Vec<u8> = (0..len).map(|i| stream(who, self.written + i)).collect();
            self.written += match self.send(id, &data, dice) {
                Ok(taken) => taken,
                Err(UserError::Ended(outcome)) => return Err(outcome),
                Err(e) => panic!("seed {seed}: end {who}: send: {e}"),
            };
            if self.written == self.total_out && self.tcp.is_established(id) && dice.chance(700) {
                self.tcp.close(id).unwrap();
                assert_eq!(self.tcp.send(id, &[1]), Err(UserError::Closing));
                self.closed = true;
            }
        }
        Ok(())
    }

    fn send(&mut self, id: ConnectionId, data: &[u8], dice: &mut Dice) -> Result<usize, UserError> {
        match dice.below(4) {
            0 => self.tcp.send(id, data),
            1 => self.tcp.send_with(id, |free| {
                let n = free.len().min(data.len());
                free[..n].copy_from_slice(&data[..n]);
                n
            }),
            2 => {
                let (head, body) = data.split_at(data.len() / 3);
                self.tcp.send_vectored(id, &[head, body])
            }
            _ => {
                let (_, mut output) = self.tcp.split(id).unwrap();
                let mut rest = data.iter();
                let written = output.buffers().map(|parts| {
                    for (to, from) in parts.into_iter().flatten().zip(&mut rest) {
                        *to = *from;
                    }
                });
                written.map(|()| output.commit(data.len()))
            }
        }
    }

    /// The application reads up to three times, in any of the ways there are, what the other end wrote. The outcome, if
    /// the connection has ended otherwise than by both FINs.
    pub(super) fn read(
        &mut self,
        id: ConnectionId,
        who: usize,
        seed: u64,
        dice: &mut Dice,
    ) -> Result<(), Outcome> {
        for _ in 0..dice.below(4) {
            let most = dice.of(&[1, 10, 1000, 30_000]) as usize;
            let mut got = vec![0; most];
            match self.recv(id, &mut got, dice) {
                Ok(n) => {
                    for (octet, place) in got[..n].iter().zip(self.read..) {
                        assert_eq!(*octet, stream(1 - who, place), "seed {seed}: octet {place}");
                    }
                    self.read += n;
                    assert!(self.read <= self.total_in, "seed {seed}: too much");
                }
                Err(RecvError::Finished) => {
                    assert_eq!(self.read, self.total_in, "seed {seed}: end {who} ends early");
                    self.finished = true;
                }
                Err(RecvError::Ended(outcome)) => return Err(outcome),
                Err(e) => panic!("seed {seed}: end {who}: recv: {e}"),
            }
        }
        Ok(())
    }

    fn recv(&mut self, id: ConnectionId, got: &mut [u8], dice: &mut Dice) -> Result<usize, RecvError> {
        let most = got.len();
        match dice.below(4) {
            0 => self.tcp.recv(id, got),
            1 => self.tcp.recv_with(id, |front| {
                let n = front.len().min(most);
                got[..n].copy_from_slice(&front[..n]);
                (n, n)
            }),
            2 => {
                let (front, back) = got.split_at_mut(most / 2);
                self.tcp.recv_vectored(id, &mut [front, back])
            }
            _ => {
                let (mut input, _) = self.tcp.split(id).unwrap();
                input.peek().map(|parts| parts.concat()).map(|all| {
                    let n = all.len().min(most);
                    got[..n].copy_from_slice(&all[..n]);
                    input.consume(n)
                })
            }
        }
    }
}

fn stream(from: usize, at: usize) -> u8 {
    ((at * 7 + from * 13) % 253) as u8
}
