// tries = "Prints its own environment and that of every process it can see."
// verdicts = ["WA"]
use std::fs;

fn main() {
    for (name, value) in std::env::vars() {
        println!("{}={}", name, value);
        if name.contains("SECRET") || name.contains("DATABASE") {
            println!("ESCAPED: {}", name);
        }
    }
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path().join("environ");
        if let Ok(text) = fs::read(path) {
            println!("{}", String::from_utf8_lossy(&text).replace('\0', "\n"));
        }
    }
}
