"""Programs that add two numbers, each in every language: right, and wrong in ways that are known.

They differ by one expression only, so that all languages fail the same tests.
"""

from enum import StrEnum

from tests.support.programs import BROKEN, ENDLESS, EXITING

SUMS = {
    "c": '#include <stdio.h>\nint main(void) { long a, b; scanf("%ld %ld", &a, &b);'
    ' printf("%ld\\n", EXPRESSION); }',
    "cpp": "#include <iostream>\nint main() { long a, b; std::cin >> a >> b;"
    " std::cout << EXPRESSION << std::endl; }",
    "csharp": """
using System;
class Program {
    static void Main() {
        string[] words = Console.ReadLine().Split();
        long a = long.Parse(words[0]), b = long.Parse(words[1]);
        Console.WriteLine(EXPRESSION);
    }
}
""",
    "go": 'package main\nimport "fmt"\n'
    "func main() { var a, b int; fmt.Scan(&a, &b); fmt.Println(EXPRESSION) }",
    "java": """
public class Main {
    public static void main(String[] arguments) throws java.io.IOException {
        var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        String[] words = lines.readLine().split(" ");
        long a = Long.parseLong(words[0]), b = Long.parseLong(words[1]);
        System.out.println(EXPRESSION);
    }
}
""",
    "javascript": 'const [a, b] = require("fs").readFileSync(0, "utf8").split(" ").map(Number);\n'
    "console.log(EXPRESSION);",
    "python": "a, b = map(int, input().split())\nprint(EXPRESSION)",
    "rust": """
fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let words: Vec<i64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let (a, b) = (words[0], words[1]);
    println!("{}", EXPRESSION);
}
""",
}
LANGUAGES = tuple(sorted(SUMS))
MODULUS = 1000


class Kind(StrEnum):
    """What a program does with its two numbers."""

    RIGHT = "right"
    MODULAR = "modular"
    ONE_OFF = "one off"
    SLOW = "slow"
    CRASHING = "crashing"
    BROKEN = "broken"


EXPRESSIONS = {
    Kind.RIGHT: "a + b",
    Kind.MODULAR: f"(a + b) % {MODULUS}",
    Kind.ONE_OFF: "a + b + 1",
}
OTHERS = {Kind.SLOW: ENDLESS, Kind.CRASHING: EXITING, Kind.BROKEN: BROKEN}
# What every test of such a program ends with.
FAILURES = {Kind.SLOW: "TLE", Kind.CRASHING: "RTE", Kind.BROKEN: "CE"}


def program(kind: Kind, language: str) -> str:
    """Give the source text."""
    if kind in OTHERS:
        return OTHERS[kind][language]
    return SUMS[language].replace("EXPRESSION", EXPRESSIONS[kind])


def output_of(kind: Kind, first: int, second: int) -> int | None:
    """Say what a program of the kind prints; `None` if it never gets there."""
    total = first + second
    return {
        Kind.RIGHT: total,
        Kind.MODULAR: total % MODULUS,
        Kind.ONE_OFF: total + 1,
    }.get(kind)
