// tries = "Lets a macro double what it is given until there is no memory left."
// verdicts = ["CE"]
#![recursion_limit = "1000000"]

macro_rules! double {
    ($($all:tt)*) => { double!($($all)* $($all)*) };
}

fn main() {
    double!(x);
}
