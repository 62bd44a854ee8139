// tries = "Writes everywhere but in its own folder."
// verdicts = ["WA"]
use std::fs;

fn main() {
    let folders = [
        "/", "/box", "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/proc/sys", "/root", "/run", "/sys",
        "/sys/fs/cgroup", "/usr", "/usr/local", "/usr/bin", "/var", "/var/tmp", "/var/cache", "/mnt", "/opt", "/srv",
    ];
    for folder in folders {
        if fs::write(format!("{}/hostile-mark", folder), "x").is_ok() {
            println!("ESCAPED to {}", folder);
        }
    }
    println!("done");
}
