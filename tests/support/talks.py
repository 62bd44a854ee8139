"""Interactive problems: interactors, participants that talk to them, and how a talk is judged."""

from contextlib import aclosing

from app.domain.checking import ProgramChecker, Protocol
from app.domain.runs import CompileResult, RunStatus
from app.services.interaction import Interactions, JudgedTalk, TalkCase
from tests.support.sandbox import Sandbox

INTERACTOR = """
import sys
secret = int(open(sys.argv[1]).read())
def wrong(why):
    print(why, file=open(sys.argv[3] + "judgemessage.txt", "w"))
    sys.exit(43)
for turn in range(10):
    line = sys.stdin.readline()
    if not line: wrong("end of file")
    if not line.strip().isdigit(): wrong("no number")
    guess = int(line)
    print("yes" if guess == secret else "lower" if guess > secret else "higher", flush=True)
    if guess == secret: sys.exit(42)
wrong("too many guesses")
"""
"""Knows a number from 1 to 1000, and answers a guess with "lower", "higher" or "yes"."""
BISECTING = {
    "c": r"""
#include <stdio.h>
#include <string.h>
int main(void) {
    int low = 1, high = 1000; char answer[16];
    while (low <= high) {
        int guess = (low + high) / 2;
        printf("%d\n", guess); fflush(stdout);
        if (scanf("%15s", answer) != 1 || !strcmp(answer, "yes")) return 0;
        if (!strcmp(answer, "lower")) high = guess - 1; else low = guess + 1;
    }
}
""",
    "cpp": r"""
#include <iostream>
#include <string>
int main() {
    int low = 1, high = 1000; std::string answer;
    while (low <= high) {
        int guess = (low + high) / 2;
        std::cout << guess << std::endl;
        if (!(std::cin >> answer) || answer == "yes") return 0;
        if (answer == "lower") high = guess - 1; else low = guess + 1;
    }
}
""",
    "csharp": """
using System;
class Program {
    static void Main() {
        int low = 1, high = 1000;
        while (low <= high) {
            int guess = (low + high) / 2;
            Console.WriteLine(guess);
            string answer = Console.ReadLine();
            if (answer == "yes") return;
            if (answer == "lower") high = guess - 1; else low = guess + 1;
        }
    }
}
""",
    "go": """
package main
import "fmt"
func main() {
    low, high := 1, 1000
    for low <= high {
        guess := (low + high) / 2
        fmt.Println(guess)
        var answer string
        fmt.Scan(&answer)
        if answer == "yes" { return }
        if answer == "lower" { high = guess - 1 } else { low = guess + 1 }
    }
}
""",
    "java": """
import java.util.Scanner;
public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int low = 1, high = 1000;
        while (low <= high) {
            int guess = (low + high) / 2;
            System.out.println(guess);
            String answer = in.next();
            if (answer.equals("yes")) return;
            if (answer.equals("lower")) high = guess - 1; else low = guess + 1;
        }
    }
}
""",
    "javascript": """
let low = 1, high = 1000, guess;
const ask = () => console.log(guess = Math.floor((low + high) / 2));
require("readline").createInterface({ input: process.stdin }).on("line", answer => {
    if (answer === "yes") process.exit(0);
    if (answer === "lower") high = guess - 1; else low = guess + 1;
    ask();
});
ask();
""",
    "python": """
low, high = 1, 1000
while low <= high:
    guess = (low + high) // 2
    print(guess, flush=True)
    answer = input()
    if answer == "yes": break
    if answer == "lower": high = guess - 1
    else: low = guess + 1
""",
    "rust": """
use std::io::{stdin, stdout, Write};
fn main() {
    let (mut low, mut high) = (1, 1000);
    while low <= high {
        let guess = (low + high) / 2;
        println!("{}", guess);
        stdout().flush().unwrap();
        let mut answer = String::new();
        stdin().read_line(&mut answer).unwrap();
        match answer.trim() {
            "yes" => return,
            "lower" => high = guess - 1,
            _ => low = guess + 1,
        }
    }
}
""",
}
"""The participant that finds the number, by language."""
ACCEPT_EVERYTHING = "import sys\nfor line in sys.stdin: pass\nsys.exit(42)"
TESTLIB_INTERACTOR = """
import sys
secret = open(sys.argv[1]).read().strip()
print("ask", flush=True)
guess = sys.stdin.readline()
if not guess:
    sys.exit(2)
open(sys.argv[2], "w").write(guess)
print("ok", file=sys.stderr)
sys.exit(0)
"""
TESTLIB_CHECKER = """
import sys
inp, out, ans = (open(name).read() for name in sys.argv[1:4])
print("checked", repr(out), file=sys.stderr)
sys.exit(0 if inp == out else 1)
"""


def interactor(
    sandbox: Sandbox,
    source: str,
    *,
    protocol: Protocol = Protocol.ICPC,
    language: str = "python",
    **limits: int,
) -> ProgramChecker:
    program = sandbox.program(language, source, **limits)
    return ProgramChecker(
        protocol=protocol,
        language=program.language,
        source=program.source,
        files=(),
        arguments=(),
        limits=program.limits,
    )


async def judge(
    sandbox: Sandbox,
    source: str,
    judging: ProgramChecker,
    *secrets: int,
    checker: ProgramChecker | None = None,
    language: str = "python",
    **limits: int,
) -> list[JudgedTalk]:
    cases = [TalkCase(problem_input=b"%d\n" % secret, answer=b"") for secret in secrets or (400,)]
    program = sandbox.program(language, source, **limits)
    talks = Interactions(sandbox.engine).judge(program, judging, cases, checker=checker)
    async with aclosing(talks):
        compiled = await anext(talks)
        assert isinstance(compiled, CompileResult)
        assert compiled.is_ok, compiled.message
        return [talk async for talk in talks if isinstance(talk, JudgedTalk)]


def times_to_meet(status: RunStatus) -> tuple[int, int]:
    """Choose CPU and wall time in ms so that the limit which shall be met is near, and only it."""
    return (
        300 if status is RunStatus.TIME_LIMIT else 10_000,
        2_000 if status is RunStatus.WALL_LIMIT else 30_000,
    )


def verdict(talk: JudgedTalk) -> tuple[RunStatus, bool, str]:
    return talk.run.status, talk.outcome.is_accepted, talk.outcome.message
