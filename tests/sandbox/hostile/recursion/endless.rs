// tries = "Recurses without end, in a thread with a stack of a gigabyte."
// verdicts = ["RTE", "MLE"]
// because = "the thread may be refused; else its stack is memory that counts"
fn deeper(n: usize) -> usize {
    let room = [n; 512];
    if std::env::args().count() > 5 {
        return room[n % 512];
    }
    deeper(n + 1) + room[n % 512]
}

fn main() {
    let thread = std::thread::Builder::new().stack_size(1 << 30);
    thread.spawn(|| println!("{}", deeper(0))).unwrap().join().unwrap();
}
