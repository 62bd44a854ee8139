// tries = "Leaks boxes on purpose."
// verdicts = ["MLE"]
fn main() {
    loop {
        // Newer compilers leave out a box that nobody sees.
        let leaked = Box::leak(vec![1u8; 65536].into_boxed_slice());
        unsafe { std::ptr::read_volatile(&leaked[65535]) };
    }
}
