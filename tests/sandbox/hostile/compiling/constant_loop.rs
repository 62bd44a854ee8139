// tries = "Lets the compiler run a loop that never ends."
// verdicts = ["CE"]
const ENDLESS: u64 = {
    let mut n = 1u64;
    while n != 0 {
        n = n.wrapping_add(2);
    }
    n
};

fn main() {
    println!("{}", ENDLESS);
}
