// tries = "Uses 300 ms of CPU time in each of four threads under a limit of 600, and ends well."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 600, wall_time_ms = 8000 }
use std::time::{Duration, Instant};

fn burn() {
    let mut used = Duration::ZERO;
    let mut last = Instant::now();
    while used < Duration::from_millis(300) {
        let now = Instant::now();
        used += (now - last).min(Duration::from_micros(5)); // a gap is time that another thread had
        last = now;
    }
}

fn main() {
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(burn)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
    println!("done");
}
