// tries = "Prints the right answer, closes its output and hangs."
// verdicts = ["TLE"]
// answer = "42"
// limits = { wall_time_ms = 800 }
use std::os::unix::io::FromRawFd;

fn main() {
    println!("42");
    drop(unsafe { std::fs::File::from_raw_fd(1) });
    std::thread::sleep(std::time::Duration::from_secs(600));
}
