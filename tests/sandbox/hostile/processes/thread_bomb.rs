// tries = "Starts threads that spin until it is refused one, and panics holding all of them."
// verdicts = ["TLE", "RTE"]
// because = "the spinning threads may use the CPU limit up before the refusal comes"
fn main() {
    loop {
        std::thread::spawn(|| loop {
            std::hint::spin_loop();
        });
    }
}
