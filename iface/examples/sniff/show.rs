//! Frames on standard output, for people or for programs.

use serde_json::{json, Map, Value as Json};
use std::io::{self, BufWriter, Stdout, Write};
use tersus_wire::walk::{Layer, Medium, Value, Walk};

/// Largest IPv6 packet that is restored from compressed headers, in octets.
const PACKET_LEN_MAX: usize = 2048;

/// Octets of a frame that are shown in lines if its link type is not known.
const OCTETS_SHOWN_MAX: usize = 24;

/// Shows frames and counts them.
pub(crate) struct Show {
    json: bool,
    number: u64,
    /// When the first frame came, in microseconds.
    first_us: Option<u64>,
    out: BufWriter<Stdout>,
}

impl Show {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, number: 0, first_us: None, out: BufWriter::new(io::stdout()) }
    }

    /// Shows a frame; of a link type that is not known, its octets.
    pub(crate) fn frame(
        &mut self,
        time_us: Option<u64>,
        medium: Result<Medium, u32>,
        octets: &[u8],
    ) -> Result<(), String> {
        self.number += 1;
        let mut scratch = [0; PACKET_LEN_MAX];
        let layers: Vec<Layer<'_>> = match medium {
            Ok(medium) => Walk::new(medium, octets, &mut scratch).collect(),
            Err(_) => Vec::new(),
        };
        let shown = if self.json {
            self.as_json(time_us, medium.err(), octets, &layers)
        } else {
            self.as_lines(time_us, medium.err(), octets, &layers)
        };
        shown.map_err(told)
    }

    pub(crate) fn flush(&mut self) -> Result<(), String> {
        self.out.flush().map_err(told)
    }

    fn as_lines(
        &mut self,
        time_us: Option<u64>,
        unknown: Option<u32>,
        octets: &[u8],
        layers: &[Layer<'_>],
    ) -> io::Result<()> {
        write!(self.out, "{}", self.number)?;
        if let Some(time) = time_us {
            let first = *self.first_us.get_or_insert(time);
            let (sign, since) = (if time < first { "-" } else { "" }, time.abs_diff(first));
            write!(self.out, " {sign}{}.{:06} s,", since / 1_000_000, since % 1_000_000)?;
        }
        writeln!(self.out, " {} octets", octets.len())?;
        if let Some(link) = unknown {
            let shown = octets.iter().take(OCTETS_SHOWN_MAX).map(|octet| format!(" {octet:02x}"));
            let more = if octets.len() > OCTETS_SHOWN_MAX { " …" } else { "" };
            writeln!(self.out, "  link type {link} is not known here:{}{more}", shown.collect::<String>())?;
        }
        layers.iter().try_for_each(|layer| writeln!(self.out, "  {layer}"))
    }

    fn as_json(
        &mut self,
        time_us: Option<u64>,
        unknown: Option<u32>,
        octets: &[u8],
        layers: &[Layer<'_>],
    ) -> io::Result<()> {
        let layers: Vec<Json> = layers.iter().map(layer).collect();
        let link = unknown.map(|link| json!({ "type": link, "octets": hex(octets) }));
        let frame = json!({
            "number": self.number, "time_us": time_us, "length": octets.len(), "layers": layers, "unknown_link": link
        });
        writeln!(self.out, "{frame}")
    }
}

/// What is said of a failure. Who no longer reads, such as `head`, has seen enough: that is the end and no failure.
fn told(error: io::Error) -> String {
    if error.kind() == io::ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    error.to_string()
}

/// A layer as an object; a field that repeats is a list.
fn layer(layer: &Layer<'_>) -> Json {
    let mut fields = Map::new();
    layer.fields(&mut |name, value| {
        let value = match value {
            Value::Number(number) => json!(number),
            Value::Text(text) => json!(text.to_string()),
            Value::Octets(octets) => json!(hex(octets)),
        };
        match fields.get_mut(name) {
            None => {
                fields.insert(name.to_owned(), value);
            }
            Some(Json::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.take(), value]),
        }
    });
    json!({ "layer": layer.name(), "depth": layer.depth, "text": layer.to_string().trim(), "fields": fields })
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
