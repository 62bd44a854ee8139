// tries = "Includes files of the host, and the compiler's environment."
// verdicts = ["CE"]
const TEXT: &str = include_str!("@secret_file@");
const BYTES: &[u8] = include_bytes!("@secret_memory@");
const SHADOW: &str = include_str!("/etc/shadow");
const SECRET: &str = env!("BACKEND_WEBHOOK_SECRET");

fn main() {
    println!("{} {:?} {} {}", TEXT, BYTES, SHADOW, SECRET);
}
