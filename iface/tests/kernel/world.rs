//! A network namespace with a TAP and whatever runs in it; all of it is gone when the value is dropped.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// Addresses of the first TAP: the kernel's end and the stack's.
pub(crate) const KERNEL_V4: &str = "10.77.0.1";
pub(crate) const STACK_V4: &str = "10.77.0.2";
pub(crate) const KERNEL_V6: &str = "fd77::1";
pub(crate) const STACK_V6: &str = "fd77::2";

/// Both families: kernel's address, stack's address as in a URL, stack's address.
pub(crate) const FAMILIES: [(&str, &str, &str); 2] =
    [(KERNEL_V4, "10.77.0.2", STACK_V4), (KERNEL_V6, "[fd77::2]", STACK_V6)];

pub(crate) struct World {
    namespace: String,
    pub(crate) folder: PathBuf,
    running: Vec<Running>,
}

/// An example that was started.
pub(crate) struct Running {
    child: Child,
    name: String,
}

impl World {
    /// A namespace with the TAP `tap0`, the kernel's addresses on it; `None`, said aloud, where that is impossible.
    pub(crate) fn new() -> Option<Self> {
        let mut world = Self::empty()?;
        world.tap("tap0", &[&format!("{KERNEL_V4}/24"), &format!("{KERNEL_V6}/64")]);
        Some(world)
    }

    /// A namespace without devices but its loopback.
    pub(crate) fn empty() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if let Err(reason) = possible() {
            let required = std::env::var("TERSUS_KERNEL_TESTS").is_ok_and(|value| value == "required");
            assert!(!required, "{reason}");
            // Not eprintln: the harness would keep it to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: a test against the kernel: {reason}");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("tersus-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(&namespace);
        std::fs::create_dir_all(&folder).unwrap();
        let world = Self { namespace, folder, running: Vec::new() };
        command(&["ip", "netns", "add", &world.namespace]);
        world.sh("ip link set lo up");
        Some(world)
    }

    /// Creates a TAP that stays when nobody holds it, with these addresses of the kernel, and switches it on.
    pub(crate) fn tap(&mut self, name: &str, addresses: &[&str]) {
        self.sh(&format!("ip tuntap add mode tap {name}"));
        for address in addresses {
            let flag = if address.contains(':') { "nodad" } else { "" };
            self.sh(&format!("ip addr add {address} dev {name} {flag}"));
        }
        self.sh(&format!("ip link set {name} up"));
    }

    /// Starts an example in the namespace and waits for its line `ready`.
    pub(crate) fn start(&mut self, example: &str, arguments: &[&str]) -> usize {
        let mut child = self
            .command(&[&program(example)])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = said.send(line);
            }
        });
        let name = format!("{example} {}", arguments.join(" "));
        self.running.push(Running { child, name: name.clone() });
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            match heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if line == "ready" => return self.running.len() - 1,
                Ok(_) => {}
                Err(_) => panic!("{name}: never said `ready`"),
            }
        }
    }

    /// `serve` on the first TAP, with the stack's addresses of both families.
    pub(crate) fn serve(&mut self, more: &[&str]) -> usize {
        let (v4, v6) = (format!("{STACK_V4}/24"), format!("{STACK_V6}/64"));
        let mut arguments = vec!["--tap", "tap0", "--address", &v4, "--address", &v6];
        arguments.extend(more);
        self.start("serve", &arguments)
    }

    /// Sends SIGTERM and asserts that the example ends with status 0.
    pub(crate) fn stop(&mut self, which: usize) {
        let running = &mut self.running[which];
        command(&["kill", "-TERM", &running.child.id().to_string()]);
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = running.child.try_wait().unwrap() {
                assert!(status.success(), "{}: {status}", running.name);
                return;
            }
            assert!(Instant::now() < end, "{} does not end on SIGTERM", running.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the example ends by itself, with status 0.
    pub(crate) fn wait_for_end(&mut self, which: usize) {
        let running = &mut self.running[which];
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = running.child.try_wait().unwrap() {
                return assert!(status.success(), "{}: {status}", running.name);
            }
            assert!(Instant::now() < end, "{} does not end", running.name);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a shell script in the namespace; its standard output. Fails the test if it fails.
    pub(crate) fn sh(&self, script: &str) -> String {
        let output = self.try_sh(script);
        assert!(
            output.status.success(),
            "{script}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The same for a script that may fail. It ends with its first command that fails, or after five minutes.
    pub(crate) fn try_sh(&self, script: &str) -> Output {
        self.command(&["timeout", "300", "bash", "-e", "-c", script])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a script again and again until it succeeds.
    pub(crate) fn wait_for(&self, script: &str) {
        let end = Instant::now() + Duration::from_secs(30);
        while !self.try_sh(script).status.success() {
            assert!(Instant::now() < end, "never came true: {script}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs an example to its end.
    pub(crate) fn run(&self, example: &str, arguments: &[&str]) -> Output {
        self.command(&["timeout", "120", &program(example)])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs one of the clients of `clients.py`; its standard output.
    pub(crate) fn client(&self, arguments: &str) -> String {
        self.sh(&self.client_command(arguments))
    }

    /// The same as a command for use in a script.
    pub(crate) fn client_command(&self, arguments: &str) -> String {
        format!("python3 {} {arguments}", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernel/clients.py"))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace]).args(words);
        command
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for running in &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn possible() -> Result<(), String> {
    let id = Command::new("id").arg("-u").output().map_err(|error| error.to_string())?;
    if id.stdout.trim_ascii() != b"0" {
        return Err("needs root".to_owned());
    }
    if !Path::new("/dev/net/tun").exists() {
        return Err("/dev/net/tun is missing".to_owned());
    }
    for tool in ["ip", "ping", "curl", "python3", "timeout"] {
        let found = Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            return Err(format!("{tool} is not installed"));
        }
    }
    if !Path::new(&program("serve")).exists() {
        return Err("the examples are not built: cargo build --release --examples".to_owned());
    }
    Ok(())
}

/// Where cargo puts the examples of this build.
fn program(example: &str) -> String {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(example);
    path.to_string_lossy().into_owned()
}

fn command(words: &[&str]) {
    let status = Command::new(words[0]).args(&words[1..]).status().unwrap();
    assert!(status.success(), "{words:?}: {status}");
}
