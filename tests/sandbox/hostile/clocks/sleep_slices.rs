// tries = "Dodges the CPU clock by sleeping in small slices, for ever."
// verdicts = ["TLE"]
// limits = { wall_time_ms = 800 }
use std::time::Duration;

fn main() {
    loop {
        std::thread::sleep(Duration::from_micros(100));
    }
}
