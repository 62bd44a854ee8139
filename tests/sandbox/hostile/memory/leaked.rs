// tries = "Leaks boxes on purpose."
// verdicts = ["MLE"]
fn main() {
    loop {
        Box::leak(Box::new([1u8; 65536]));
    }
}
