// tries = "Is a plug-in of the compiler, to run in its process."
// verdicts = ["CE", "RTE"]
// because = "a library is no program: the compiler may say so, or the start may fail"
#![crate_type = "proc-macro"]
extern crate proc_macro;

#[proc_macro]
pub fn hostile(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    println!("{}", std::fs::read_to_string("@secret_file@").unwrap());
    "".parse().unwrap()
}

fn main() {}
