// tries = "Starts shells that hold its output open, and ends."
// verdicts = ["WA"]
// wall_factor = 0.5
use std::process::Command;

fn main() {
    for _ in 0..4 {
        let script = "trap '' TERM HUP PIPE; while :; do sleep 60; done";
        Command::new("/bin/sh").args(["-c", script]).spawn().unwrap();
    }
    println!("the parent ends");
}
