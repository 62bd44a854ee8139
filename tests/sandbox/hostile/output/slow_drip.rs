// tries = "Writes one byte at a time, flushing each, so that every one is an event."
// verdicts = ["OLE", "TLE"]
// because = "which limit is met first depends on the machine"
// limits = { cpu_time_ms = 800, wall_time_ms = 4000 }
use std::io::Write;

fn main() {
    let mut out = std::io::stdout();
    loop {
        out.write_all(b"x").unwrap();
        out.flush().unwrap();
    }
}
